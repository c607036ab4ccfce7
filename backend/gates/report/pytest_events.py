"""Runs pytest and appends its events to a file: `python pytest_events.py FILE [arguments of pytest]`.

It is a script and not a plugin that pytest loads by name: the workers of xdist do not need it, and coverage
counts only modules that are imported after it has started. For the same reason it imports no other gate code.
"""

import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TextIO

import pytest

LAST_PHASES = ("teardown", "???")  # the second one reports a test whose worker crashed
MAX_TEXT_LENGTH = 10_000  # of a failure, counted from its end


class Reporter:
    """A pytest plugin for the process that reports, also when other processes run the tests."""

    def __init__(self, file: TextIO) -> None:
        self._file = file

    def pytest_sessionstart(self) -> None:
        """Report that the tests are collected, which takes a while."""
        self._write("collecting")

    def pytest_collection_finish(self, session: pytest.Session) -> None:
        """Report the number of tests of this process."""
        self._write("collected", tests=len(session.items))

    @pytest.hookimpl(optionalhook=True)
    def pytest_xdist_node_collection_finished(self, ids: Sequence[str]) -> None:
        """Report the number of tests of all workers: each one collects all tests."""
        self._write("collected", tests=len(ids))

    def pytest_runtest_logstart(self, nodeid: str) -> None:
        """Report the start of a test."""
        self._write("testing", test=nodeid)

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Report the failure and the end of a test."""
        if report.failed:
            file, line, _ = report.location
            text = str(report.longrepr)
            crash = getattr(report.longrepr, "reprcrash", None)
            message = crash.message if crash else text
            path, bracket, parameters = report.nodeid.partition("[")
            name = path.rpartition("::")[2] + bracket + parameters
            found = {"node": report.nodeid, "file": file, "line": line, "name": name, "message": message}
            self._write("failed", **found, text=text[-MAX_TEXT_LENGTH:])
        if report.when in LAST_PHASES:
            self._write("tested")

    def _write(self, event: str, **details: object) -> None:
        self._file.write(json.dumps({"event": event, **details}) + "\n")


def main(arguments: Sequence[str]) -> int:
    """Run pytest in the working directory; return its exit code."""
    events, *others = arguments
    sys.path[0] = str(Path.cwd())  # as `python -m pytest` has it
    with Path(events).open("a", encoding="utf-8", buffering=1) as file:
        return int(pytest.main(others, plugins=[Reporter(file)]))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
