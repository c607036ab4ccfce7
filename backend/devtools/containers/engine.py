"""The Docker engine of this machine."""

import shutil
from collections.abc import Sequence

from devtools.containers.errors import EngineMissingError, StepError
from devtools.containers.shell import Shell


def require_engine(shell: Shell, *, programs: Sequence[str], install: str) -> None:
    """Raise EngineMissingError unless this machine has the programs and a Docker engine that responds."""
    if missing := [program for program in programs if shutil.which(program) is None]:
        raise EngineMissingError(
            f"{' and '.join(missing)} cannot be found. Install what is missing ({install})."
        )
    try:
        shell.run("docker", "info")
    except StepError as error:
        reason = str(error).splitlines()[-1]
        raise EngineMissingError(
            f"{shell.user.name} cannot use the Docker engine ({reason}). Start one, or add the user to the "
            f"group that may ({install})."
        ) from None


def remove_project(shell: Shell, project: str) -> None:
    """Remove a Compose project's containers, volumes and networks, also of a killed run. Raises StepError."""
    label = f"label=com.docker.compose.project={project}"
    for listing, removal in (
        (("ps", "--all", "--quiet"), ("rm", "--force")),
        (("volume", "ls", "--quiet"), ("volume", "rm")),
        (("network", "ls", "--quiet"), ("network", "rm")),
    ):
        if found := shell.run("docker", *listing, "--filter", label).split():
            shell.run("docker", *removal, *found)
