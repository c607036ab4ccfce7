"""Alembic's connection to the database. Revisions import nothing from the application."""

import os
import time
from pathlib import Path

from alembic import context
from sqlalchemy import Connection, MetaData, create_engine, event, pool
from sqlalchemy.exc import OperationalError

from app.core.database import sqlalchemy_url, with_session
from app.infrastructure.database.tables import metadata

FUNCTIONS = Path(__file__).parent / "versions/2026-11-28_spanish_order_and_search.sql"
"""The functions that indexes of the models use."""
LOCK_TIMEOUT_SECONDS = 4
LOCK_NOT_AVAILABLE = "55P03"


def _url() -> str:
    return str(context.config.attributes.get("database_url") or os.environ["DATABASE_URL"])


def _run_offline() -> None:
    context.configure(dialect_name="postgresql", literal_binds=True, target_metadata=metadata)
    with context.begin_transaction():
        context.execute(f"SET lock_timeout = '{LOCK_TIMEOUT_SECONDS}s'")
        context.run_migrations()


def _run_online() -> None:
    """Wait 4 s at most for a lock that running requests hold, then give way and try again."""
    engine = create_engine(
        with_session(sqlalchemy_url(_url()), lock_timeout=LOCK_TIMEOUT_SECONDS),
        poolclass=pool.NullPool,
        hide_parameters=True,
        connect_args={"connect_timeout": 5},
    )
    for pause in (1, 2, 0):
        try:
            with engine.connect() as connection:
                _run_on(connection)
                break
        except OperationalError as error:
            if getattr(error.orig, "sqlstate", None) != LOCK_NOT_AVAILABLE or not pause:
                raise
            time.sleep(pause)


def _run_on(connection: Connection) -> None:
    context.configure(
        connection=connection,
        target_metadata=metadata,
        include_object=_is_ours,
        compare_server_default=True,
        transaction_per_migration=True,
    )
    with context.begin_transaction():
        context.run_migrations()


@event.listens_for(metadata, "before_create")
def _create_functions(_metadata: MetaData, connection: Connection, **_: object) -> None:
    """Let the gate that makes the tables from the models make what their indexes call."""
    connection.exec_driver_sql(FUNCTIONS.read_text(encoding="utf-8"))


def _is_ours(_object: object, name: str | None, type_: str, *_: object) -> bool:
    """Ignore the job queue's tables: a revision creates them from the library's SQL, and no model
    describes them.
    """
    return not (type_ == "table" and (name or "").startswith("procrastinate_"))


if context.is_offline_mode():
    _run_offline()
else:
    _run_online()
