"""`./noxw -s app` and similar commands forward signals, and release the server."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import pytest

from devtools import revision, signals
from devtools.embedded import EmbeddedServer
from tests.integration.temporary_checkouts import new_checkout, place, start_in

WITHIN = 60.0
SEND = "import os, signal, sys, time; [os.kill(os.getppid(), int(number)) for number in sys.argv[1:]]; "
WAIT = "time.sleep(600)"


@pytest.fixture(autouse=True)
def _handlers() -> Iterator[None]:
    before = [signal.getsignal(number) for number in signals.TERMINATION_SIGNALS]
    yield
    assert [signal.getsignal(number) for number in signals.TERMINATION_SIGNALS] == before


def run(*sent: signal.Signals) -> int:
    """Run a command that sends the signals to this process, and then waits."""
    command = [sys.executable, "-c", SEND + WAIT, *(str(int(number)) for number in sent)]
    return signals.run_command(command, os.environ)


@pytest.mark.parametrize("number", signals.TERMINATION_SIGNALS)
def test_passes_a_signal_on_to_the_command(number: signal.Signals) -> None:
    assert run(number) == 128 + number


def test_forwards_no_interrupt_when_terminal_sends_it_to_both(monkeypatch: pytest.MonkeyPatch) -> None:
    opened = os.open
    monkeypatch.setattr(os, "open", lambda _path, flags: opened(os.devnull, flags))
    monkeypatch.setattr(os, "tcgetpgrp", lambda _terminal: os.getpgrp())

    assert run(signal.SIGINT, signal.SIGTERM) == 128 + signal.SIGTERM


def test_passes_an_interrupt_on_when_there_is_no_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    def no_terminal(path: str, _flags: int) -> int:
        raise FileNotFoundError(path)

    monkeypatch.setattr(os, "open", no_terminal)

    assert run(signal.SIGINT) == 128 + signal.SIGINT


def test_passes_a_signal_on_when_it_came_before_the_command_ran(monkeypatch: pytest.MonkeyPatch) -> None:
    start = subprocess.Popen

    def start_after_signal(*arguments: Any, **options: Any) -> subprocess.Popen[bytes]:
        os.kill(os.getpid(), signal.SIGTERM)
        return start(*arguments, **options)

    monkeypatch.setattr(subprocess, "Popen", start_after_signal)

    assert signals.run_command([sys.executable, "-c", f"import time; {WAIT}"], os.environ) == 143


def test_survives_the_end_of_the_terminal_when_nohup_started_it() -> None:
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        assert run(signal.SIGHUP, signal.SIGTERM) == 128 + signal.SIGTERM
    finally:
        signal.signal(signal.SIGHUP, before)


def test_ends_the_command_when_its_parent_is_gone(monkeypatch: pytest.MonkeyPatch) -> None:
    parents = iter([100, 100])
    monkeypatch.setattr(signals, "POLL_INTERVAL", 0.01)
    monkeypatch.setattr(os, "getppid", lambda: next(parents, 1))

    assert signals.run_command([sys.executable, "-c", f"import time; {WAIT}"], os.environ) == 143


@pytest.mark.parametrize("number", signals.TERMINATION_SIGNALS)
def test_raises_in_a_program_that_cleans_up_itself(number: signal.Signals) -> None:
    with pytest.raises(KeyboardInterrupt), signals.signal_handler(signals.interrupt):
        os.kill(os.getpid(), number)


def test_ends_revision_when_it_is_terminated(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(revision, "write", lambda *_, **_options: os.kill(os.getpid(), signal.SIGTERM))

    assert revision.main(["slug"]) == 130
    assert capsys.readouterr().err == "revision: stopped.\n"


def test_leaves_neither_command_nor_server_when_it_is_terminated() -> None:
    with new_checkout(".") as project:
        program = f"import time; print('ready', flush=True); {WAIT}"
        with start_in(project, sys.executable, "-c", program, stdout=subprocess.PIPE) as run:
            assert run.stdout
            assert run.stdout.readline() == b"ready\n"
            server = EmbeddedServer(place(project))
            assert server.is_running()

            run.terminate()
            rest, _ = run.communicate(timeout=WITHIN)  # the output ends when the command does

        assert (run.returncode, rest, server.is_running()) == (143, b"", False)
