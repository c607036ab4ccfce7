"""The user that runs the embedded server: PostgreSQL refuses to run as root."""

import os
import pwd
import shutil
import subprocess
from pathlib import Path

from devtools.errors import PostgresUnavailableError

SYSTEM_USER = "embedded_postgres"
"""The system user of root's server: PostgreSQL refuses to run as root."""
ROOT = 0

Owner = tuple[int, int]
"""User id and group id of the server's processes."""


def owner_of(data: Path) -> Owner:
    """Return the user that runs the server: this one, or for root the data's owner or a system user.

    Raises PostgresUnavailableError before it changes anything.
    """
    if os.geteuid() != ROOT:
        if not data.exists():
            _require_known_user(os.geteuid())
        return os.geteuid(), os.getegid()
    if data.exists() and data.stat().st_uid != ROOT:
        return data.stat().st_uid, data.stat().st_gid
    try:
        entry = pwd.getpwnam(SYSTEM_USER)
    except KeyError:
        entry = _create_user()
    return entry.pw_uid, entry.pw_gid


def _require_known_user(uid: int) -> None:
    try:
        pwd.getpwuid(uid)
    except KeyError:
        raise PostgresUnavailableError(
            f"The user id {uid} has no entry in the system's list of users (/etc/passwd), which PostgreSQL "
            "requires to create a data directory. Add one, or name a server in DATABASE_URL."
        ) from None


def _create_user() -> pwd.struct_passwd:
    useradd = shutil.which("useradd", path="/usr/sbin:/sbin:/usr/bin:/bin")
    if useradd:
        subprocess.run(
            [useradd, "--system", "--shell", "/bin/sh", SYSTEM_USER], capture_output=True, check=False
        )
    try:
        return pwd.getpwnam(SYSTEM_USER)
    except KeyError:
        raise PostgresUnavailableError(
            f"PostgreSQL refuses to run as root, and the user {SYSTEM_USER} could not be added. "
            "Add it, run as another user, or name a server in DATABASE_URL."
        ) from None
