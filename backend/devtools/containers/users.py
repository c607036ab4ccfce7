"""The developer to whom the checkout belongs, and whose uid the container takes over."""

import os
import pwd
import signal
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from devtools.containers.errors import EngineMissingError

COMMAND_TIMEOUT = 3600.0
"""Seconds: the longest command builds everything, or runs all gates."""


@dataclass(frozen=True, kw_only=True)
class User:
    """A user of this machine."""

    name: str
    uid: int
    gid: int
    home: str

    def run(
        self, command: Sequence[str], folder: Path, output: BinaryIO, variables: Mapping[str, str]
    ) -> int:
        """Run a command as this user, which only root can do for another one; return its exit code.

        An interrupt ends the command's children too. Raises TimeoutExpired.
        """
        switch = os.geteuid() == 0
        process = subprocess.Popen(
            command,
            cwd=folder,
            env={**os.environ, "HOME": self.home, **variables},
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            user=self.uid if switch else None,
            group=self.gid if switch else None,
            extra_groups=os.getgrouplist(self.name, self.gid) if switch else None,
        )
        try:
            return process.wait(COMMAND_TIMEOUT)
        finally:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()


def find_user(name: str, euid: int) -> User:
    """Return the user of that name, by default the one with `euid`. Raises EngineMissingError for root.

    The container cannot take over root's uid, so a proof by root would prove nothing about file ownership.
    """
    try:
        entry = pwd.getpwnam(name) if name else pwd.getpwuid(euid)
    except KeyError:
        raise EngineMissingError(f"There is no user {name or euid}. Name one with --user.") from None
    if entry.pw_uid == 0:
        raise EngineMissingError(
            "The container cannot take over root's uid. Run this as a developer, or name one who may use the "
            "engine: ./noxw -s devcontainer -- --user NAME"
        )
    return _user_of(entry)


def current_user() -> User:
    """Return the user who runs this."""
    return _user_of(pwd.getpwuid(os.geteuid()))


def _user_of(entry: pwd.struct_passwd) -> User:
    return User(name=entry.pw_name, uid=entry.pw_uid, gid=entry.pw_gid, home=entry.pw_dir)
