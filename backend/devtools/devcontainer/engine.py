"""The development container, which the official CLI runs on a Docker engine."""

import json
import re
import shlex
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from devtools.devcontainer.errors import EngineMissingError, StepError
from devtools.devcontainer.users import User

CLI = "@devcontainers/cli@0.89.0"
INSTALL = "Debian: apt-get install docker.io docker-compose nodejs npm, then start dockerd"
SHOWN_LINES = 30
"""Lines of a failed command's output that the message repeats."""
OUTCOME = re.compile(r'^\{"outcome":.*\}$', re.MULTILINE)


@dataclass(frozen=True, kw_only=True)
class Shell:
    """Runs commands as a user in a folder, and appends their output to a log."""

    user: User
    folder: Path
    log: Path

    def run(self, *command: str) -> str:
        """Return the output of a command. Raises StepError if it fails, TimeoutExpired."""
        with self.log.open("a+b") as log:
            log.write(f"$ {shlex.join(command)}\n".encode())
            log.flush()
            start = log.tell()
            code = self.user.run(command, self.folder, log)
            log.seek(start)
            output = log.read().decode("utf-8", "replace")
        if code:
            end = "\n".join(output.splitlines()[-SHOWN_LINES:])
            raise StepError(f"`{shlex.join(command)}` ended with {code}:\n{end}")
        return output


@dataclass(frozen=True, kw_only=True)
class Access:
    """The additions for a machine behind a proxy to reach package registries: files, and variables that
    name them.
    """

    files: Sequence[str] = ()
    variables: Mapping[str, str] = field(default_factory=dict)

    def environment_options(self) -> list[str]:
        """Return the CLI's options for the variables."""
        return [f"--remote-env={name}={value}" for name, value in self.variables.items()]

    def options(self) -> list[str]:
        """Return the CLI's options for files and variables."""
        mounts = [f"--mount=type=bind,source={file},target={file}" for file in self.files]
        return [*mounts, *self.environment_options()]


@dataclass(frozen=True, kw_only=True)
class DevContainer:
    """The container of a checkout."""

    shell: Shell
    access: Access

    @property
    def project(self) -> str:
        """The name under which Compose keeps containers, volumes and networks."""
        return f"{self.shell.folder.name}_devcontainer"

    def up(self, *options: str) -> str:
        """Build and start the container with its lifecycle commands; return the output. Raises StepError."""
        output = self._cli("up", *self.access.options(), *options)
        found = OUTCOME.findall(output)
        if not found or json.loads(found[-1]).get("composeProjectName") != self.project:
            raise StepError(f"the CLI did not start the Compose project {self.project}:\n{output}")
        return output

    def run(self, *command: str) -> str:
        """Run a command in the container as its user; return the output. Raises StepError."""
        return self._cli("exec", *self.access.environment_options(), *command)

    def remove(self) -> None:
        """Remove the containers, volumes and networks, also of a killed run. Raises StepError."""
        label = f"label=com.docker.compose.project={self.project}"
        for listing, removal in (
            (("ps", "--all", "--quiet"), ("rm", "--force")),
            (("volume", "ls", "--quiet"), ("volume", "rm")),
            (("network", "ls", "--quiet"), ("network", "rm")),
        ):
            if found := self.shell.run("docker", *listing, "--filter", label).split():
                self.shell.run("docker", *removal, *found)

    def _cli(self, verb: str, *arguments: str) -> str:
        folder = ("--workspace-folder", str(self.shell.folder))
        return self.shell.run("npx", "--yes", CLI, verb, *folder, *arguments)


def require_engine(shell: Shell) -> None:
    """Raise EngineMissingError unless this machine has Node.js and a Docker engine with Compose."""
    if missing := [program for program in ("docker", "npx") if shutil.which(program) is None]:
        raise EngineMissingError(f"{' and '.join(missing)} cannot be found. Install both ({INSTALL}).")
    try:
        shell.run("docker", "info")
    except StepError as error:
        reason = str(error).splitlines()[-1]
        raise EngineMissingError(
            f"{shell.user.name} cannot use the Docker engine ({reason}). Start one, or add the user to the "
            f"group that may ({INSTALL})."
        ) from None
