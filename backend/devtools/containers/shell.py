"""Commands that are run for a session, with a log of their output."""

import shlex
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from devtools.containers.errors import StepError
from devtools.containers.users import User

SHOWN_LINES = 30
"""Lines of a failed command's output that the message repeats."""


@dataclass(frozen=True, kw_only=True)
class Shell:
    """Runs commands as a user in a folder, and appends their output to a log."""

    user: User
    folder: Path
    log: Path
    variables: Mapping[str, str] = field(default_factory=dict)
    """Variables of the commands besides those of this process."""

    def run(self, *command: str) -> str:
        """Return the output of a command. Raises StepError if it fails, TimeoutExpired."""
        with self.log.open("a+b") as log:
            log.write(f"$ {shlex.join(command)}\n".encode())
            log.flush()
            start = log.tell()
            code = self.user.run(command, self.folder, log, self.variables)
            log.seek(start)
            output = log.read().decode("utf-8", "replace")
        if code:
            end = "\n".join(output.splitlines()[-SHOWN_LINES:])
            raise StepError(f"`{shlex.join(command)}` ended with {code}:\n{end}")
        return output
