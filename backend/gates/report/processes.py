"""Processes of a run, which end together."""

import os
import signal
import subprocess
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path

import psutil

POLL_INTERVAL = 0.05  # seconds
AFTER_KILL = 5.0  # seconds; a process that the system does not let go is not waited for any longer


def start_group(
    command: Sequence[str], folder: Path, log: Path, environment: Mapping[str, str]
) -> subprocess.Popen[bytes]:
    """Start a program that a terminal's Ctrl-C does not reach, without input, with its output in a file."""
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("wb") as output:
        return subprocess.Popen(
            command,
            cwd=folder,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            creationflags=getattr(subprocess, "CREATE_NEW_PROCESS_GROUP", 0),
        )


def end_group(leader: int, timeout: float) -> None:
    """Interrupt a process and its descendants; kill those that are alive after `timeout` seconds.

    A process that starts meanwhile is found while its parent lives.
    """
    known = _family(leader)
    _interrupt(leader)
    deadline = time.monotonic() + timeout
    while (alive := _alive(known)) and time.monotonic() < deadline:
        known |= {child for process in alive for child in _children(process)}
        psutil.wait_procs(alive, timeout=POLL_INTERVAL)
    while (alive := _alive(known)) and time.monotonic() < deadline + AFTER_KILL:
        known |= {child for process in alive for child in _killed(process)}
        psutil.wait_procs(alive, timeout=POLL_INTERVAL)


def _interrupt(leader: int) -> None:
    with suppress(ProcessLookupError, PermissionError):  # the second one on macOS, when only zombies are left
        if os.name == "posix":
            os.killpg(leader, signal.SIGINT)
        else:
            os.kill(leader, signal.Signals["CTRL_BREAK_EVENT"])


def _family(leader: int) -> set[psutil.Process]:
    with suppress(psutil.NoSuchProcess):
        process = psutil.Process(leader)
        return {process, *_children(process)}
    return set()


def _killed(process: psutil.Process) -> list[psutil.Process]:
    """Kill a process and return its children, to which a suspended process cannot add."""
    children: list[psutil.Process] = []
    with suppress(psutil.NoSuchProcess):
        process.suspend()
        children = _children(process)
        process.kill()
    return children


def _children(process: psutil.Process) -> list[psutil.Process]:
    with suppress(psutil.NoSuchProcess):
        return process.children(recursive=True)
    return []


def _alive(processes: set[psutil.Process]) -> list[psutil.Process]:
    return [process for process in processes if is_alive(process)]


def is_alive(process: psutil.Process) -> bool:
    """Return whether a process runs: one that ended is in the system's list until its parent asks for it."""
    with suppress(psutil.NoSuchProcess):
        return process.status() != psutil.STATUS_ZOMBIE and process.is_running()
    return False
