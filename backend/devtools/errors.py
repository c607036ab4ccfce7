"""Errors that a developer can solve. The message says what is wrong, then what to do."""


class PostgresUnavailableError(Exception):
    """There is no usable PostgreSQL server."""
