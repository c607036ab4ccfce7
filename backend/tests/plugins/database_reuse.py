"""Migrated databases that tests reuse.

Creating and dropping a database costs more than most tests: 420 files and two waits for the disk. The rows of
a test are deleted instead. A database is discarded if a test changed its schema, grants, settings or
statistics.
"""

from contextlib import suppress
from dataclasses import dataclass

import psycopg
from psycopg import sql
from psycopg.errors import ForeignKeyViolation

CATALOGS = (
    "pg_attrdef",
    "pg_attribute",
    "pg_class",
    "pg_constraint",
    "pg_default_acl",
    "pg_depend",
    "pg_extension",
    "pg_largeobject_metadata",
    "pg_namespace",
    "pg_policy",
    "pg_proc",
    "pg_rewrite",
    "pg_statistic",
    "pg_trigger",
    "pg_type",
)
VERSION = "alembic_version"
"""The one table that `migrate` fills."""
COUNTED = "SELECT {}, count(*), max(xmin::text::bigint) FROM {}"
OID = "(SELECT oid FROM pg_database WHERE datname = current_database())"
OF_THIS_DATABASE = {
    "pg_database": f" WHERE oid = {OID}",
    "pg_db_role_setting": f" WHERE setdatabase = {OID}",
}
"""Catalogs of the whole server, and the rows that count."""
END_OTHER_CLIENTS = (
    "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity"
    " WHERE datname = current_database() AND backend_type = 'client backend' AND pid <> pg_backend_pid()"
)
WRITTEN = (
    "SELECT relname FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace"
    " AND relname <> %s AND pg_relation_size(oid) > 0"
)
RESTART_SEQUENCES = (
    "SELECT setval(format('%I.%I', schemaname, sequencename), start_value, false)"
    " FROM pg_sequences WHERE last_value IS NOT NULL"
)

State = list[tuple[object, ...]]


@dataclass(frozen=True)
class ReusableDatabase:
    """The address of a database as its owner, and the state in which it was made."""

    url: str
    made: State

    def is_emptied(self) -> bool:
        """Delete all rows, and return whether the database is then in its initial state."""
        with suppress(psycopg.Error), psycopg.connect(self.url, autocommit=True) as connection:
            connection.execute(END_OTHER_CLIENTS)
            return state_of(connection) == self.made and _delete_rows(connection)
        return False


def state_of(connection: psycopg.Connection) -> State:
    """Return numbers that change whenever anything but the rows of the application's tables changes: for
    each catalog, the number of rows and the last transaction that wrote one.
    """
    names = [*CATALOGS, VERSION, *OF_THIS_DATABASE]
    parts = [
        sql.SQL(COUNTED + OF_THIS_DATABASE.get(name, "")).format(name, sql.Identifier(name)) for name in names
    ]
    return connection.execute(sql.SQL("{} ORDER BY 1").format(sql.SQL(" UNION ALL ").join(parts))).fetchall()


def _delete_rows(connection: psycopg.Connection) -> bool:
    """Empty the tables and free their space. Return False if rows refer to each other in a cycle."""
    written = [sql.Identifier(name) for [name] in connection.execute(WRITTEN, [VERSION]).fetchall()]
    left = written
    for _ in written:
        left = [table for table in left if not _is_deleted(connection, table)]
    connection.execute(RESTART_SEQUENCES)
    if written:
        connection.execute(sql.SQL("VACUUM {}").format(sql.SQL(", ").join(written)))
    return not left


def _is_deleted(connection: psycopg.Connection, table: sql.Identifier) -> bool:
    """Delete the rows of a table, unless rows of another table refer to them."""
    try:
        connection.execute(sql.SQL("DELETE FROM {}").format(table))
    except ForeignKeyViolation:
        return False
    return True
