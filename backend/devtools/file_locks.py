"""Locks on files. The kernel drops them when a process ends, however it ends."""

import fcntl
import os
from pathlib import Path


def open_lock_file(path: Path) -> int:
    """Open a file to lock it; create it if necessary. Return its descriptor."""
    return os.open(path, os.O_RDWR | os.O_CREAT, 0o600)


def try_lock(descriptor: int) -> bool:
    """Take an exclusive lock. Return False if another process holds a lock on the file."""
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def wait_for_lock(descriptor: int) -> None:
    """Take an exclusive lock as soon as no other process or thread holds one through another descriptor."""
    fcntl.flock(descriptor, fcntl.LOCK_EX)
