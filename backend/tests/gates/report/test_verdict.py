"""The page at the end of a run when it cannot be written."""

import os
import select
import signal
import threading
from fcntl import F_SETPIPE_SZ, fcntl

import pytest

from gates.report.verdict import write_page
from tests.gates.support.sample_project import SampleProject

PIPE_SIZE = 4096
"""Less than a page has, so that writing one into a pipe waits for the reader."""


def test_says_that_the_page_was_interrupted(
    change: SampleProject, capsys: pytest.CaptureFixture[str]
) -> None:
    change.write("reports/.keep")
    place = change.root / "reports/index.html"
    os.mkfifo(place)
    page = os.open(place, os.O_RDONLY | os.O_NONBLOCK)
    fcntl(page, F_SETPIPE_SZ, PIPE_SIZE)
    os.set_blocking(page, True)

    def interrupt_and_read() -> None:
        select.select([page], [], [])
        signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGINT)
        while os.read(page, PIPE_SIZE):
            pass

    reader = threading.Thread(target=interrupt_and_read, daemon=True)
    reader.start()

    written = write_page(change.project)
    reader.join(timeout=30)
    os.close(page)

    assert written == ""
    assert capsys.readouterr().out == "The page could not be written: it was interrupted.\n"


def test_says_why_when_the_page_cannot_be_written(
    change: SampleProject, capsys: pytest.CaptureFixture[str]
) -> None:
    (change.root / "reports/index.html").mkdir(parents=True)

    assert write_page(change.project) == ""
    assert capsys.readouterr().out.startswith("The page could not be written: IsADirectoryError: ")
