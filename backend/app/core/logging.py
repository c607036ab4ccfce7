"""Structured logs without personal data: only keys of the allow-list are written.

OWASP ASVS 5.0 16.2.5 (no credentials, tokens or personal data), 16.4.1 (encoded, so CR and LF in a
value cannot forge a line).
"""

import logging
import sys
import traceback

import structlog
from structlog.types import EventDict, Processor

from app.core.settings import LogFormat

ALLOWED_KEYS = frozenset(
    {
        "action",
        "attempt",
        "code",
        "duration_ms",
        "error_type",
        "event",
        "format",
        "job",
        "job_id",
        "level",
        "logger",
        "member_id",
        "method",
        "outcome",
        "request_id",
        "role",
        "route",
        "rows",
        "session_id",
        "sqlstate",
        "status",
        "subject_id",
        "timestamp",
        "trace",
    }
)
"""Identifiers, names from our own code, and numbers. Never bodies, query strings, addresses or tokens."""

VERBATIM_LOGGERS = frozenset({"uvicorn.error", "alembic.runtime.migration"})
"""Libraries' loggers whose messages concern only the process: addresses that it serves, revisions."""


def _drop_unlisted(_: object, __: str, event: EventDict) -> EventDict:
    return {key: value for key, value in event.items() if key in ALLOWED_KEYS}


def _exception_without_message(_: object, __: str, event: EventDict) -> EventDict:
    """Keep the type and place of the first error, not its text: a database error quotes the row (DETAIL)."""
    given = event.pop("exc_info", None)
    error = given[1] if isinstance(given, tuple) else given
    if error is True:
        error = sys.exc_info()[1]
    if isinstance(error, BaseException):
        while error.__cause__ is not None:
            error = error.__cause__
        frames = traceback.extract_tb(error.__traceback__)
        event["error_type"] = type(error).__qualname__
        event["trace"] = [f"{frame.filename}:{frame.lineno} {frame.name}" for frame in frames]
    return event


def _library_message(_: object, __: str, event: EventDict) -> EventDict:
    """Reduce a library's message to its template, since its values may be personal data."""
    record = event["_record"]
    if record.name not in VERBATIM_LOGGERS:
        event["event"] = str(record.msg)
    return event


class _LineFormatter(structlog.stdlib.ProcessorFormatter):
    """Renders our own events without the copies that the library makes for several formatters."""

    def __init__(self, render: Processor, foreign_pre_chain: list[Processor]) -> None:
        super().__init__(foreign_pre_chain=foreign_pre_chain, processors=[_drop_unlisted, render])
        self._render = render

    def format(self, record: logging.LogRecord) -> str:
        is_our_own = hasattr(record, "_logger")  # set by `wrap_for_formatter`
        if is_our_own and isinstance(record.msg, dict):
            return str(self._render(None, record.levelname, record.msg.copy()))
        return super().format(record)


def configure_logging(level: str, form: LogFormat = LogFormat.JSON) -> None:
    """Write all records to standard error, one line each, including those of libraries."""
    render: Processor = structlog.processors.JSONRenderer()
    if form is LogFormat.CONSOLE:
        render = structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty(), repr_native_str=True)
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        _exception_without_message,
    ]
    structlog.configure(
        processors=[*shared, _drop_unlisted, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=False,
    )
    handler = logging.StreamHandler()
    handler.setFormatter(
        _LineFormatter(render, [*shared, structlog.stdlib.add_logger_name, _library_message])
    )
    logging.logThreads = False  # no line shows them
    logging.logProcesses = False
    logging.logMultiprocessing = False
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(level)


def get_logger() -> structlog.stdlib.BoundLogger:
    logger: structlog.stdlib.BoundLogger = structlog.get_logger()
    return logger
