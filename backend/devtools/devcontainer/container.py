"""The development container, which the official CLI runs on a Docker engine."""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from devtools.containers.engine import remove_project
from devtools.containers.errors import StepError
from devtools.containers.shell import Shell

CLI = "@devcontainers/cli@0.89.0"
OUTCOME = re.compile(r'^\{"outcome":.*\}$', re.MULTILINE)


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
        remove_project(self.shell, self.project)

    def _cli(self, verb: str, *arguments: str) -> str:
        folder = ("--workspace-folder", str(self.shell.folder))
        return self.shell.run("npx", "--yes", CLI, verb, *folder, *arguments)
