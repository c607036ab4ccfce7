"""The schema's history, driven from code: the same folder and settings as the `alembic` command."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory

from app.infrastructure.database.errors import translated_errors

PYPROJECT = Path(__file__).resolve().parents[3] / "pyproject.toml"


def head_revision() -> str | None:
    """Return the newest revision; None while there is none."""
    return ScriptDirectory.from_config(Config(toml_file=PYPROJECT)).get_current_head()


def migrate(database_url: str) -> None:
    """Bring the database to the newest revision. Raises UnavailableError."""
    config = Config(toml_file=PYPROJECT)
    config.attributes["database_url"] = database_url
    with translated_errors():
        command.upgrade(config, "head")
