"""Checks for leftovers of killed runs: records of `./noxw -s dev`, sockets, temporary folders."""

import os
import re
import shutil
import socket
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator
from contextlib import redirect_stdout
from pathlib import Path

from devtools import dev
from devtools.doctor.checks import FIX, Result
from devtools.server_folders import SOCKET_FILES

ABANDONED_AFTER_SECONDS = 24 * 3600.0
"""The age after which no run uses its folder any more."""
SOCKET_FOLDER = re.compile(r"pau2-\d+-[0-9a-f]{12}")
SHARED_TEMPORARY = Path("/", "tmp")
"""The folder of sockets if the path of the data is too long for a socket."""


def runs(states: Path) -> Result:
    """Check that no killed development run has left a record or a process."""
    found = {state: dev.running_processes(state) for state in sorted(states.glob("dev-*.json"))}
    left = {state: alive for state, alive in found.items() if not (alive and all(alive[:2]))}
    if not left:
        running = ", ".join(state.name for state in found)
        return Result(summary=f"alive: {running}" if found else "nothing runs, and killed runs left nothing")
    names = ", ".join(f".postgres/{state.name}" for state in left)
    count = sum(bool(process) for alive in left.values() for process in alive[1:])

    def end() -> str:
        with redirect_stdout(sys.stderr):
            for state in left:
                dev.terminate_leftovers(state)
                state.unlink(missing_ok=True)
        return f"removed {names}; terminated processes: {count}"

    return Result(summary=f"a killed run left {names}; running processes: {count}", remedy=FIX, repair=end)


def sockets(data: Path, shared: Path = SHARED_TEMPORARY) -> Result:
    """Check that no killed server has left a socket."""
    left = [
        folder / SOCKET_FILES[0] for folder in _folders(data, shared) if _is_dead(folder / SOCKET_FILES[0])
    ]
    if not left:
        return Result(summary="killed servers left no sockets")

    def remove() -> str:
        for path in left:
            for name in SOCKET_FILES:
                path.with_name(name).unlink(missing_ok=True)
        return f"removed {_all_of(left)}"

    return Result(summary=f"no server uses {_all_of(left)}", remedy=FIX, repair=remove)


def folders(candidates: Iterable[Path]) -> Result:
    """Check that no killed run has left a temporary folder."""
    left = sorted(path for path in candidates if _is_old(path))
    if not left:
        return Result(summary="killed runs left no folders")

    def remove() -> str:
        for path in left:
            shutil.rmtree(path)
        return f"removed {_all_of(left)}"

    return Result(summary=f"more than a day old: {_all_of(left)}", remedy=FIX, repair=remove)


def temporary_folders() -> set[Path]:
    """Return the temporary folders of all runs, without those of sockets."""
    places = {Path(tempfile.gettempdir()), SHARED_TEMPORARY, Path("/", "var", "tmp")}
    found = {path.resolve() for place in places for path in place.glob("pau2-*")}
    return {path for path in found if not SOCKET_FOLDER.fullmatch(path.name)}


def _folders(data: Path, shared: Path) -> Iterator[Path]:
    yield data
    yield from (
        path for path in shared.glob("pau2-*") if SOCKET_FOLDER.fullmatch(path.name) and _is_ours(path)
    )


def _is_ours(path: Path) -> bool:
    return os.geteuid() in {0, path.lstat().st_uid}


def _is_dead(path: Path) -> bool:
    """Return whether the path is a socket on which no process listens."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
        try:
            probe.connect(os.fsencode(path))
        except ConnectionRefusedError:
            return True
        except OSError:
            return False
    return False


def _is_old(path: Path) -> bool:
    try:
        found = path.lstat()
    except FileNotFoundError:
        return False
    return (
        path.is_dir()
        and found.st_uid == os.geteuid()
        and time.time() - found.st_mtime > ABANDONED_AFTER_SECONDS
    )


def _all_of(paths: list[Path]) -> str:
    return f"{paths[0]} and {len(paths) - 1} more" if paths[1:] else str(paths[0])
