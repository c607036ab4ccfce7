"""The commands that the worker process runs with Alembic and env.py. Nothing else imports this module."""

import io
import os
from collections.abc import Callable, Sequence
from importlib import import_module
from operator import attrgetter
from pathlib import Path
from typing import Any

from alembic import command
from alembic.config import Config
from alembic.operations import Operations
from alembic.runtime.environment import EnvironmentContext
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Column, Connection, Dialect, text


def upgrade(url: str, revision: str) -> None:
    command.upgrade(_config(url), revision)


def downgrade(url: str, revision: str) -> None:
    command.downgrade(_config(url), revision)


def check(url: str) -> None:
    """Raise CommandError with the operations that autogenerate would write."""
    command.check(_config(url))


def offline_sql(revisions: str) -> str:
    """Return the SQL of the revisions `older:newer`, made without a database."""
    config = _config("postgresql://offline/offline")
    config.output_buffer = io.StringIO()
    command.upgrade(config, revisions, sql=True)
    return config.output_buffer.getvalue()


class _Statements(io.StringIO):
    """A buffer that keeps apart what Alembic writes, which is one statement at a time."""

    def __init__(self) -> None:
        super().__init__()
        self.written: list[str] = []

    def write(self, text: str) -> int:
        self.written.append(text.strip())
        return len(text)


def offline_statements(revisions: str) -> list[str]:
    """Return the statements of the revisions `older:newer`, made without a database."""
    config = _config("postgresql://offline/offline")
    statements = _Statements()
    config.output_buffer = statements
    command.upgrade(config, revisions, sql=True)
    return [statement for statement in statements.written if statement]


def tables(url: str) -> list[dict[str, Any]]:
    """Return the tables of env.py's own metadata, each after those that it refers to."""
    found: list[dict[str, Any]] = []

    def read(context: MigrationContext, _connection: Connection) -> None:
        for table in context.opts["target_metadata"].sorted_tables:
            columns = [_column(column, context.dialect) for column in table.columns]
            found.append({"name": table.name, "columns": columns})

    _in_environment(url, read)
    return found


def create_models(url: str, library_schemas: Sequence[str]) -> None:
    """Create the tables of env.py's metadata, and run the SQL that the functions `module:name` return."""

    def create(context: MigrationContext, connection: Connection) -> None:
        with connection.engine.begin() as own:  # apart from the transaction that env.py may roll back
            for maker in library_schemas:
                module, _, name = maker.partition(":")
                own.connection.cursor().execute(attrgetter(name)(import_module(module))())
            context.opts["target_metadata"].create_all(own)

    _in_environment(url, create)


def lock_timeout(url: str) -> int:
    """Return the lock_timeout under which env.py runs revisions, in milliseconds; 0 waits for ever."""
    timeouts: list[int] = []

    def query(_context: MigrationContext, connection: Connection) -> None:
        setting = text("SELECT setting::int FROM pg_settings WHERE name = 'lock_timeout'")
        timeouts.append(connection.execute(setting).scalar_one())

    _in_environment(url, query)
    return timeouts[0]


def _config(url: str) -> Config:
    """Return the configuration for one database; env.py finds its address where the application does."""
    os.environ["DATABASE_URL"] = url
    config = Config(toml_file="pyproject.toml", stdout=io.StringIO(), attributes={"database_url": url})
    config.set_main_option("script_location", str(Path("alembic").resolve()))
    return config


def _column(column: Column[Any], dialect: Dialect) -> dict[str, Any]:
    return {
        "name": column.name,
        "type": column.type.compile(dialect=dialect),
        "primary": column.primary_key,
        "nullable": column.nullable,
        "refers_to": next((key.column.table.name for key in column.foreign_keys), ""),
    }


def _in_environment(url: str, work: Callable[[MigrationContext, Connection], None]) -> None:
    """Run env.py with our own work instead of the revisions."""
    config = _config(url)
    script = ScriptDirectory.from_config(config)

    def steps(_revision: object, context: MigrationContext) -> list[object]:
        work(context, Operations(context).get_bind())
        return []

    with EnvironmentContext(config, script, fn=steps):
        script.run_env()
