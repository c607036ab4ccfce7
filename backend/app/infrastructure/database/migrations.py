"""The schema's history, driven from code: the same folder and settings as the `alembic` command."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy import NullPool, create_engine, func, select

from app.core.database import sqlalchemy_url
from app.core.settings import SettingsError
from app.infrastructure.database.errors import translated_errors

PYPROJECT = Path(__file__).resolve().parents[3] / "pyproject.toml"
QUIET = {
    "log_error_verbosity": "terse",
    "log_parameter_max_length": "0",
    "log_parameter_max_length_on_error": "0",
}
"""What keeps rows and parameters out of the server's own log. Only the server's administrator can set it."""


def head_revision() -> str | None:
    """Return the newest revision; None while there is none."""
    return ScriptDirectory.from_config(Config(toml_file=PYPROJECT)).get_current_head()


def migrate(database_url: str, *, quiet: bool = False) -> None:
    """Bring the database to the newest revision; with `quiet`, only if the server keeps data out of its log.

    ASVS 5.0 16.2.5. Raises UnavailableError, and SettingsError for a server that logs too much.
    """
    config = Config(toml_file=PYPROJECT)
    config.attributes["database_url"] = database_url
    with translated_errors():
        if quiet:
            _refuse_loud_server(database_url)
        command.upgrade(config, "head")


def _refuse_loud_server(database_url: str) -> None:
    engine = create_engine(sqlalchemy_url(database_url), poolclass=NullPool)
    with engine.connect() as connection:
        found = {name: connection.scalar(select(func.current_setting(name))) for name in QUIET}
    loud = [f"{name} = {wanted}" for name, wanted in QUIET.items() if found[name] != wanted]
    if loud:
        raise SettingsError(f"PostgreSQL would log what its users store. Set {', '.join(loud)}.")
