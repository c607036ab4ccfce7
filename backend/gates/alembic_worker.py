"""Alembic for the migration gates, in a process of its own: env.py imports the application, gates do not."""

import io
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from functools import partial
from importlib import import_module
from multiprocessing import get_context
from operator import attrgetter
from pathlib import Path
from typing import ParamSpec, Protocol, TypeVar

from alembic.config import Config
from alembic.runtime.environment import EnvironmentContext
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from alembic.util import CommandError
from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError

from alembic import command
from gates.model import Project

P = ParamSpec("P")
T = TypeVar("T")


class AlembicError(Exception):
    """Alembic, env.py, a revision or PostgreSQL said no. The message is the first line of why."""


class Run(Protocol):
    """Calls a function of this module in the worker process. Raises AlembicError."""

    def __call__(self, function: Callable[P, T], *arguments: P.args, **options: P.kwargs) -> T: ...


@contextmanager
def alembic_of(project: Project) -> Iterator[Run]:
    """Yield what runs the functions below on the project's revisions and models."""
    with ProcessPoolExecutor(1, get_context("spawn"), _enter, (str(project.backend),)) as pool:

        def run(function: Callable[P, T], *arguments: P.args, **options: P.kwargs) -> T:
            return pool.submit(_call, partial(function, *arguments, **options)).result()

        yield run


def upgrade(url: str, revision: str) -> None:
    command.upgrade(_config(url), revision)


def downgrade(url: str, revision: str) -> None:
    command.downgrade(_config(url), revision)


def check(url: str) -> None:
    """Refuses with the operations that autogenerate would write."""
    command.check(_config(url))


def offline_sql(revisions: str) -> str:
    """Return the SQL of the revisions `older:newer`, made without a database."""
    config = _config("postgresql://offline/offline")
    config.output_buffer = io.StringIO()
    command.upgrade(config, revisions, sql=True)
    return config.output_buffer.getvalue()


def create_models(url: str, library_schemas: Sequence[str]) -> None:
    """Make the tables of env.py's own metadata, and what the named functions `module:name` return as SQL."""

    def create(context: MigrationContext, connection: Connection) -> None:
        with connection.engine.begin() as own:  # apart from the transaction that env.py may roll back
            for maker in library_schemas:
                module, _, name = maker.partition(":")
                own.connection.cursor().execute(attrgetter(name)(import_module(module))())
            context.opts["target_metadata"].create_all(own)

    _in_environment(url, create)


def lock_timeout(url: str) -> int:
    """Return the lock_timeout under which env.py runs revisions, in milliseconds; 0 waits for ever."""
    seen: list[int] = []

    def ask(_context: MigrationContext, connection: Connection) -> None:
        query = text("SELECT setting::int FROM pg_settings WHERE name = 'lock_timeout'")
        seen.append(connection.execute(query).scalar_one())

    _in_environment(url, ask)
    return seen[0]


def _config(url: str) -> Config:
    """Return the configuration for one database; env.py finds its address where the application does."""
    os.environ["DATABASE_URL"] = url
    config = Config(toml_file="pyproject.toml", stdout=io.StringIO(), attributes={"database_url": url})
    config.set_main_option("script_location", str(Path("alembic").resolve()))
    return config


def _in_environment(url: str, work: Callable[[MigrationContext, Connection], None]) -> None:
    """Run env.py with our work in the place of the revisions."""
    config = _config(url)
    script = ScriptDirectory.from_config(config)

    def steps(_revision: object, context: MigrationContext) -> list[object]:
        if context.connection is None:
            raise CommandError("env.py gave Alembic no connection")
        work(context, context.connection)
        return []

    with EnvironmentContext(config, script, fn=steps):
        script.run_env()


def _enter(backend: str) -> None:
    """Make the process like one that was started in backend/; what env.py prints is not the gates' output."""
    os.chdir(backend)
    os.environ["PAU2_ENVIRONMENT"] = "test"
    sys.path.insert(0, backend)
    os.dup2(2, 1)


def _call(work: Callable[[], T]) -> T:
    """Work, and turn every error into one that any process can read."""
    try:
        return work()
    except Exception as error:
        reason = str(error.orig if isinstance(error, DBAPIError) else error).strip()
        first = reason.splitlines()[0] if reason else "no reason given"
        raise AlembicError(
            first if isinstance(error, CommandError | DBAPIError) else f"{type(error).__name__}: {first}"
        ) from error
