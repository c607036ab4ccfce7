"""Errors that a developer can do something about. The message is one sentence and the next step."""


class PostgresUnavailableError(Exception):
    """No usable server."""
