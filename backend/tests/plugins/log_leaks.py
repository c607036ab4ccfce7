"""Logs contain no secret and no personal data of the tests (ASVS 5.0 16.2.5).

Each process, for example an xdist worker, records its logs in production format. At its end it searches them
and the lines that the embedded PostgreSQL wrote meanwhile.
"""

import logging
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from app.application.demo import DEMO_CREDENTIAL
from app.core.logging import configure_logging
from app.core.settings import DEVELOPMENT_CURSOR_SECRET, DEVELOPMENT_TOKEN_KEYS
from devtools.postgres import embedded_log
from tests.factories import PASSWORD

SECRETS = [PASSWORD, DEMO_CREDENTIAL, *(key.get_secret_value() for key in DEVELOPMENT_TOKEN_KEYS.values())]
FORBIDDEN = re.compile(
    "|".join(
        (
            *(re.escape(secret) for secret in [*SECRETS, DEVELOPMENT_CURSOR_SECRET.get_secret_value()]),
            r"[\w.+-]+@(pau2|test)\.example",
            r"\$argon2id\$",
            r"eyJ[\w-]{10,}\.[\w-]{10,}\.[\w-]{10,}",
            r"Idempotency-Key: \S+|Bearer [\w.-]{10,}",
            r"calendars/[\w-]{20,}",
            r"\+34 ?6\d{2}",
            r"Neighbour \d+|Marta\b|canary-",
        )
    )
)
"""Secrets by value; addresses, hashes, tokens, phone numbers and names by their form in tests."""


class LeakError(AssertionError):
    """A log contains secret or personal data. The message shows the lines."""


class LogWatch:
    """Records log lines in production format, and reads the lines appended to a log file."""

    def __init__(self, file: Path | None) -> None:
        self._lines: list[str] = []
        self._file = file
        self._start = file.stat().st_size if file and file.exists() else 0

    @contextmanager
    def watching(self, formatter: logging.Formatter) -> Iterator[None]:
        """Record every line, independently of handlers, which tests replace."""
        handle = logging.Logger.handle

        def record_line(logger: logging.Logger, record: logging.LogRecord) -> None:
            self._lines.append(formatter.format(record))
            handle(logger, record)

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(logging.Logger, "handle", record_line)
            yield

    def check(self) -> None:
        """Raises LeakError if a line is forbidden."""
        lines = list(self._lines)
        if self._file and os.access(self._file, os.R_OK):
            with self._file.open(encoding="utf-8", errors="replace") as log:
                log.seek(self._start)
                lines += log.read().splitlines()
        leaks = [line for line in lines if FORBIDDEN.search(line)]
        if leaks:
            raise LeakError(
                "\n".join([f"{len(leaks)} lines of logs contain secret or personal data:", *leaks[:10]])
            )


def production_formatter() -> logging.Formatter:
    root = logging.getLogger()
    before = root.handlers, root.level
    configure_logging("INFO")
    formatter = root.handlers[0].formatter
    root.handlers, root.level = before
    if formatter is None:
        raise LookupError("the handler of production has no formatter")
    return formatter


@pytest.fixture(scope="session")
def no_leaks() -> Iterator[LogWatch]:
    watch = LogWatch(embedded_log())
    with watch.watching(production_formatter()):
        yield watch
    watch.check()
