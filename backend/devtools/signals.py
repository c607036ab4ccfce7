"""Signals that end a command: they reach the programs that it runs, and it cleans up."""

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

    The command is asked to end when the process that started this one is gone: nobody else would stop it.
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
    """Raise KeyboardInterrupt: SIGTERM and SIGHUP would end Python without a `finally`."""
    raise KeyboardInterrupt


@contextmanager
def signal_handler(handle: Callable[[int], None]) -> Iterator[None]:
    """Call a function with the number of each signal that would end this process.

    SIGHUP stays ignored for `nohup`. SIGINT does not: a shell makes its background jobs ignore it.
    """

    def handler(number: int, _frame: FrameType | None) -> None:
        handle(number)

    before = {number: signal.getsignal(number) for number in TERMINATION_SIGNALS}
    for number, was in before.items():
        if number != signal.SIGHUP or was != signal.SIG_IGN:
            signal.signal(number, handler)
    try:
        yield
    finally:
        for number, was in before.items():
            signal.signal(number, was)


def _poll(child: subprocess.Popen[bytes]) -> int | None:
    """Wait a moment for the end of a child; return its exit code if it came."""
    try:
        return child.wait(POLL_INTERVAL)
    except subprocess.TimeoutExpired:
        return None


def _forward(number: int, child: subprocess.Popen[bytes]) -> None:
    if number != signal.SIGINT or not _is_in_foreground():
        child.send_signal(number)


def _is_in_foreground() -> bool:
    """Whether Ctrl-C at a terminal reaches this process and its children alike."""
    try:
        terminal = os.open("/dev/tty", os.O_RDONLY)
    except OSError:
        return False
    try:
        return os.tcgetpgrp(terminal) == os.getpgrp()
    finally:
        os.close(terminal)
