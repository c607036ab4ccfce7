"""Migrations from code, with the folder and settings of the `alembic` command."""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from alembic.script.revision import MultipleHeads
from alembic.util import CommandError
from sqlalchemy import func, select
from sqlalchemy.exc import ProgrammingError

from app.core.database import open_connection
from app.core.settings import Settings, SettingsError
from app.infrastructure.database.errors import translated_errors
from app.infrastructure.database.grants import grant_use, role_of
from app.infrastructure.database.pooling import server_url, store_session_parameters

PYPROJECT = Path(__file__).resolve().parents[3] / "pyproject.toml"
REQUIRED_LOG_SETTINGS = {
    "log_error_verbosity": "terse",
    "log_parameter_max_length": "0",
    "log_parameter_max_length_on_error": "0",
}
"""Settings that keep rows and parameters out of the server's log. Only an administrator can set them."""
INSUFFICIENT_PRIVILEGE = "42501"


@cache
def head_revision() -> str | None:
    """Return the newest revision of this release; None if there is none."""
    return ScriptDirectory.from_config(Config(toml_file=PYPROJECT)).get_current_head()


def migrate(settings: Settings) -> None:
    """Upgrade the database to the newest revision, and grant the running role its privileges.

    In production, the server must keep data out of its log (ASVS 5.0 16.2.5). Raises UnavailableError, and
    SettingsError for a server that logs too much, a role that may not change the schema, or a database that
    is not in UTF-8 or has an unknown revision.
    """
    runtime_url = settings.database_url.get_secret_value()
    given = settings.migration_database_url
    database_url = given.get_secret_value() if given else runtime_url
    if settings.database_pooled:
        if not given:
            raise SettingsError("`migrate` needs the server itself: name it in PAU2_MIGRATION_DATABASE_URL.")
        runtime_url = server_url(runtime_url, database_url)
    config = Config(toml_file=PYPROJECT)
    config.attributes["database_url"] = database_url
    with translated_errors(), _explain_errors():
        _refuse_other_encoding(database_url)
        if settings.is_production:
            _require_log_settings(database_url)
        runtime_role = role_of(runtime_url) if given else None
        command.upgrade(config, "head")
        if runtime_role:
            grant_use(database_url, runtime_role)
        if settings.database_pooled:
            store_session_parameters(runtime_url, settings)


@contextmanager
def _explain_errors() -> Iterator[None]:
    try:
        yield
    except CommandError as error:
        if isinstance(error.__cause__, MultipleHeads):
            heads = ", ".join(error.__cause__.heads)
            raise SettingsError(
                f"There are several heads: {heads}. Let one of them follow the other one: "
                "./noxw -s migrations names the file and the line."
            ) from None
        raise SettingsError(
            f"Alembic: {error}. Another branch or a newer release has migrated this database: "
            "go back to that one, or in development drop and remake the database: ./noxw -s app -- reset."
        ) from None
    except ProgrammingError as error:
        if getattr(error.orig, "sqlstate", None) != INSUFFICIENT_PRIVILEGE:
            raise
        raise SettingsError(
            "The role that migrates may not change the schema. Name its owner in PAU2_MIGRATION_DATABASE_URL."
        ) from None


def _refuse_other_encoding(database_url: str) -> None:
    """Raise SettingsError unless the database is in UTF-8, which names and Unicode normalisation need."""
    with open_connection(database_url) as connection:
        encoding = connection.scalar(select(func.current_setting("server_encoding")))
    if encoding != "UTF8":
        raise SettingsError(
            f"The database is in {encoding} and cannot hold every name. "
            "Recreate it with ENCODING 'UTF8' TEMPLATE template0."
        )


def _require_log_settings(database_url: str) -> None:
    with open_connection(database_url) as connection:
        found = {
            name: connection.scalar(select(func.current_setting(name))) for name in REQUIRED_LOG_SETTINGS
        }
    loud = [f"{name} = {wanted}" for name, wanted in REQUIRED_LOG_SETTINGS.items() if found[name] != wanted]
    if loud:
        raise SettingsError(f"PostgreSQL would log what its users store. Set {', '.join(loud)}.")
