"""The folders of an embedded server: its files, and its socket."""

import hashlib
import os
import re
from pathlib import Path

from devtools import programs
from devtools.errors import PostgresUnavailableError
from devtools.server_owner import ROOT

PLAIN_PATH = re.compile(r"[A-Za-z0-9/._-]{1,85}", re.ASCII)
"""libpq splits socket folders at commas, and a path with the socket's name has at most 103 bytes."""
SOCKET_FILES = (".s.PGSQL.5432", ".s.PGSQL.5432.lock")


def home(project: Path) -> Path:
    """Return the folder of a checkout's server.

    Root's server runs as another user, who could not enter a folder inside a private one. The files are in
    /var/lib in that case, so that no permission of an existing folder changes.
    """
    inside = project / ".postgres"
    if os.geteuid() != ROOT or programs.is_open(inside):
        return inside
    return Path("/var/lib") / f"pau2-{digest(project)}"


def digest(path: Path) -> str:
    """Return twelve characters that identify a path."""
    return hashlib.sha256(os.fsencode(path)).hexdigest()[:12]


def socket_folder(data: Path, uid: int) -> Path:
    """Return a private folder of the server's owner: the data directory, if a socket can have that path.

    Raises PostgresUnavailableError.
    """
    if PLAIN_PATH.fullmatch(str(data)):
        return data
    folder = Path("/", "tmp", f"pau2-{uid}-{digest(data)}")
    try:
        folder.mkdir(mode=0o700)
        os.chown(folder, uid, -1)
    except FileExistsError:
        pass
    found = folder.lstat()
    if found.st_uid != uid or found.st_mode & 0o077:
        raise PostgresUnavailableError(f"{folder} belongs to another user. Remove it.")
    return folder
