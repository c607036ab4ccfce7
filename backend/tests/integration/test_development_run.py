"""`./noxw -s dev`: start, stop, and restart after a kill."""

import io
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import psutil
import pytest

from devtools import dev, prepare
from devtools.signals import TERMINATION_SIGNALS
from tests.plugins.dev_server import Start, state_of

WITHIN = 60.0
CHILDREN = 2  # the API and the worker


@pytest.fixture(autouse=True)
def _own_signal_handlers() -> Iterator[None]:
    """Restore the signal handlers: `dev.main` replaces them for the whole process."""
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)}
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


def answers(port: int) -> bool:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/health/live", timeout=5) as response:
            return bool(response.status == 200)
    except OSError:
        return False


def gone(pids: list[int]) -> bool:
    deadline = time.monotonic() + WITHIN
    while time.monotonic() < deadline:
        if not any(psutil.pid_exists(pid) and psutil.Process(pid).status() != "zombie" for pid in pids):
            return True
        time.sleep(0.05)
    return False


def recorded(port: int) -> list[int]:
    """Return the recorded children; the file lists the starter and the run before them."""
    return [pid for pid, _ in json.loads(state_of(port).read_text())][2:]


def recorded_so_far(port: int) -> list[int]:
    """Return the recorded children, or none while the record is missing or incomplete."""
    with suppress(FileNotFoundError, ValueError):
        return recorded(port)
    return []


def test_leaves_nothing_behind_when_it_is_interrupted(start: Start, port: int) -> None:
    run = start()
    children = recorded(port)
    assert answers(port)

    run.send_signal(signal.SIGINT)

    assert run.wait(WITHIN) == 0
    assert gone(children)
    assert not state_of(port).exists()


def test_leaves_no_process_when_interrupted_in_the_background(launch: Start, port: int) -> None:
    """The signal arrives during the start."""
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)  # as a shell does for background jobs
    try:
        run = launch()
    finally:
        signal.signal(signal.SIGINT, before)
    deadline = time.monotonic() + WITHIN
    while len(recorded_so_far(port)) < CHILDREN and time.monotonic() < deadline:
        time.sleep(0.05)
    children = recorded(port)

    run.send_signal(signal.SIGINT)

    assert run.wait(WITHIN) == 0
    assert gone(children)
    assert not state_of(port).exists()


def test_starts_again_when_it_was_killed(start: Start, port: int) -> None:
    run = start()
    children = recorded(port)
    run.kill()
    run.wait()

    start()

    assert gone(children)
    assert answers(port)


def test_says_what_to_do_when_the_port_is_taken(capsys: pytest.CaptureFixture[str]) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]

        code = dev.main(["--port", str(port)])

    assert code == 2
    assert capsys.readouterr().err == (
        f"dev: port {port} cannot be used (Address already in use). Stop the program that uses it, "
        f"or choose another port: ./noxw -s dev -- --port {port + 1}\n"
    )


def test_ends_with_a_reason_when_the_api_ends_by_itself(
    fresh_database_url: str, port: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATABASE_URL", fresh_database_url)
    monkeypatch.setenv("PAU2_MAIL_FOLDER", str(tmp_path))
    monkeypatch.setenv("PAU2_ENVIRONMENT", "test")
    monkeypatch.setenv("PAU2_PUBLIC_URL", "http://127.0.0.1")  # `run` sets both for the whole process
    monkeypatch.setenv("PAU2_LOG_FORMAT", "console")
    printed = io.StringIO()
    monkeypatch.setattr(sys, "stdout", printed)
    raised: list[BaseException] = []

    def run() -> None:
        try:
            dev.run(port)
        except dev.DevError as error:
            raised.append(error)

    thread = threading.Thread(target=run)
    thread.start()
    deadline = time.monotonic() + WITHIN
    while "PAU 2 runs" not in printed.getvalue() and time.monotonic() < deadline:
        time.sleep(0.1)
    children = recorded(port)
    os.kill(children[0], signal.SIGTERM)
    thread.join(WITHIN)

    assert [str(error) for error in raised] == [
        "the API or the worker ended unexpectedly. See the lines above."
    ]
    assert f"  Documentation  http://127.0.0.1:{port}/docs\n" in printed.getvalue()
    assert gone(children)


def test_prepares_the_database_and_says_how_to_log_in(
    fresh_database_url: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("DATABASE_URL", fresh_database_url)
    monkeypatch.setenv("PAU2_ENVIRONMENT", "development")
    monkeypatch.setattr("app.presentation.cli.configure_logging", lambda *_: None)

    assert (prepare.main(), prepare.main()) == (0, 0)

    first, *_, again, accounts, password = capsys.readouterr().out.splitlines()
    assert (first, again) == ("Demo data stored.", "The demo data exists already.")
    assert "admin@pau2.example board@pau2.example member@pau2.example supporter@pau2.example" in accounts
    assert "demo-quiet-river-42" in password


def test_says_so_when_the_database_cannot_be_prepared(
    fresh_database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATABASE_URL", fresh_database_url)
    monkeypatch.setenv("PAU2_ENVIRONMENT", "production")

    assert (prepare.main(), prepare.run_worker()) == (2, 2)
    worker = dev.start_worker()
    with pytest.raises(dev.DevError, match="could not be migrated and seeded"):
        dev.wait_for_log_in_hint(worker)
    assert worker.wait(WITHIN) == 2


def test_says_so_when_a_child_ends_before_it_is_ready(port: int) -> None:
    child = psutil.Popen([sys.executable, "-c", ""])
    child.wait()

    with pytest.raises(dev.DevError, match="ended before it was ready"):
        dev.wait_until_ready(port, [child])


def test_gives_up_when_it_is_never_ready(port: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dev, "READY_TIMEOUT", 0.2)

    with pytest.raises(dev.DevError, match="not ready within 0 s"):
        dev.wait_until_ready(port, [])


def test_kills_a_process_that_does_not_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dev, "STOP_TIMEOUT", 0.2)
    ignore = "signal.signal(signal.SIGTERM, signal.SIG_IGN); print(flush=True)"
    deaf = f"import signal, time; {ignore}; time.sleep(60)"
    child = psutil.Popen([sys.executable, "-c", deaf], stdout=subprocess.PIPE)
    child.stdout.readline()

    dev.terminate([child])

    assert child.wait(WITHIN) == -signal.SIGKILL
    child.stdout.close()


def test_forgets_a_record_that_is_half_written(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    state = tmp_path / "dev-1.json"
    state.write_text("[[12")

    dev.terminate_leftovers(state)

    assert capsys.readouterr().out == ""


@pytest.mark.parametrize("number", TERMINATION_SIGNALS)
def test_stops_quietly_when_it_is_told_to(
    number: signal.Signals, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(dev, "run", lambda _port: os.kill(os.getpid(), number))

    assert dev.main(["--port", "1"]) == 0
    assert capsys.readouterr().out == "dev: stopped.\n"


def test_ends_when_its_parent_process_is_gone(monkeypatch: pytest.MonkeyPatch) -> None:
    parents = iter([100, 1])
    monkeypatch.setattr(os, "getppid", lambda: next(parents))

    assert dev.watch([], 100) == 0


@pytest.mark.parametrize("prepared", [True, False])
def test_leaves_nothing_behind_when_its_parent_is_killed(
    prepared: bool, port: int, fresh_database_url: str, fresh_migration_url: str, tmp_path: Path
) -> None:
    log = tmp_path / "product.log"
    run = [sys.executable, "-m", "devtools.dev", "--port", str(port)]
    with log.open("wb") as output:
        starter = subprocess.Popen(
            [sys.executable, "-c", f"import subprocess; subprocess.run({run!r})"],
            cwd=dev.BACKEND,
            env=os.environ
            | {
                "DATABASE_URL": fresh_database_url,
                "PAU2_MIGRATION_DATABASE_URL": fresh_migration_url,
                "PAU2_MAIL_FOLDER": str(tmp_path / "mail"),
            },
            stdout=output,
            stderr=subprocess.STDOUT,
        )
    deadline = time.monotonic() + WITHIN
    while time.monotonic() < deadline:
        if b"PAU 2 runs" in log.read_bytes() if prepared else state_of(port).exists():
            break
        time.sleep(0.01)
    [product] = psutil.Process(starter.pid).children()

    starter.kill()
    starter.wait()

    psutil.wait_procs([product], timeout=WITHIN)
    assert not answers(port)
    assert not state_of(port).exists()


@pytest.fixture
def others() -> Iterator[list[psutil.Popen]]:
    """Two processes that run until they are terminated."""
    found = [psutil.Popen([sys.executable, "-c", "import time; time.sleep(60)"]) for _ in range(2)]
    yield found
    dev.terminate(found)
    assert None not in [process.poll() for process in found]


def record(state: Path, *processes: psutil.Process) -> None:
    state.write_text(json.dumps([[process.pid, process.create_time()] for process in processes]))


def test_leaves_a_run_alone_when_it_lives(tmp_path: Path, others: list[psutil.Popen]) -> None:
    state = tmp_path / "dev-1.json"
    record(state, psutil.Process(), *others)

    with pytest.raises(dev.DevError, match=f"already runs on this port, as process {others[0].pid}"):
        dev.terminate_leftovers(state)

    assert [process.poll() for process in others] == [None, None]


def test_ends_a_run_when_its_parent_was_killed(
    tmp_path: Path, others: list[psutil.Popen], capsys: pytest.CaptureFixture[str]
) -> None:
    state = tmp_path / "dev-1.json"
    starter = psutil.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
    record(state, starter, *others)
    starter.kill()
    starter.wait()

    dev.terminate_leftovers(state)

    assert None not in [process.poll() for process in others]
    assert capsys.readouterr().out == "dev: terminating 2 processes of a killed run.\n"


@pytest.mark.parametrize("text", ["abc", "", "-1", "0", "65536", "80.0", "٣"])
def test_says_what_a_port_is_when_it_is_given_something_else(
    text: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PORT", text)

    with pytest.raises(SystemExit):
        dev.main([])

    assert f"{text!r} is not a port. Use a number from 1 to 65535" in capsys.readouterr().err


def test_spares_a_process_when_only_its_number_is_recorded(tmp_path: Path) -> None:
    state = tmp_path / "dev-1.json"
    state.write_text(json.dumps([[os.getpid(), 1.0], [os.getpid(), 1.0], [2**22 + 1, 1.0]]))

    dev.terminate_leftovers(state)

    assert psutil.Process().is_running()
