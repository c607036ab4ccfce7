"""Handling of signals that end a command: it forwards them to its child processes and cleans up."""

import os
import signal
import subprocess
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from types import FrameType

TERMINATION_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
POLL_INTERVAL = 0.5


def run_command(command: Sequence[str], environment: Mapping[str, str]) -> int:
    """Run a command and pass these signals on to it; return its exit code, 128 + N when signal N ended it.

    When the parent of this process has ended, the command gets SIGTERM, since no other process would stop it.
    """
    parent = os.getppid()
    received: list[int] = []
    with signal_handler(received.append):
        child = subprocess.Popen(command, env=environment)
        with signal_handler(lambda number: _forward(number, child)):
            for number in received:
                child.send_signal(number)
            while (code := _poll(child)) is None:
                if os.getppid() != parent:
                    child.terminate()
    return 128 - code if code < 0 else code


def interrupt(_number: int) -> None:
    """Raise KeyboardInterrupt, because SIGTERM and SIGHUP would end Python without running `finally`."""
    raise KeyboardInterrupt


@contextmanager
def signal_handler(handle: Callable[[int], None]) -> Iterator[None]:
    """Call a function with the number of each signal that would end this process.

    An ignored SIGHUP stays ignored, for `nohup`. An ignored SIGINT does not: shells ignore it for background
    jobs.
    """

    def handler(number: int, _frame: FrameType | None) -> None:
        handle(number)

    previous = {number: signal.getsignal(number) for number in TERMINATION_SIGNALS}
    for number, was in previous.items():
        if number != signal.SIGHUP or was != signal.SIG_IGN:
            signal.signal(number, handler)
    try:
        yield
    finally:
        for number, was in previous.items():
            signal.signal(number, was)


def _poll(child: subprocess.Popen[bytes]) -> int | None:
    """Wait POLL_INTERVAL for the end of a child; return its exit code, or None if it still runs."""
    try:
        return child.wait(POLL_INTERVAL)
    except subprocess.TimeoutExpired:
        return None


def _forward(number: int, child: subprocess.Popen[bytes]) -> None:
    if number != signal.SIGINT or not _is_in_foreground():
        child.send_signal(number)


def _is_in_foreground() -> bool:
    """Return whether Ctrl-C in a terminal reaches both this process and its children."""
    try:
        terminal = os.open("/dev/tty", os.O_RDONLY)
    except OSError:
        return False
    try:
        return os.tcgetpgrp(terminal) == os.getpgrp()
    finally:
        os.close(terminal)
