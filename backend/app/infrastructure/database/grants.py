"""Two roles: one changes the schema, the other can only use it (ASVS 5.0 13.2.2).

So an injected statement in the running application can neither drop a table nor change an audit entry.
"""

from collections.abc import Iterator, Mapping
from types import MappingProxyType

from sqlalchemy import Connection, Table, text

from app.core.database import open_connection
from app.core.settings import Settings, SettingsError
from app.infrastructure.database.audit import audit_entries
from app.infrastructure.database.errors import translated_errors
from app.infrastructure.database.members import members
from app.infrastructure.database.news import news
from app.infrastructure.database.responses import (
    ballots,
    erased_respondents,
    participations,
    responses,
)
from app.infrastructure.database.tables import metadata

FULL_ACCESS = "SELECT, INSERT, UPDATE, DELETE"
RESTRICTED_TABLES: Mapping[Table, str] = MappingProxyType(
    {
        audit_entries: "SELECT, INSERT",  # entries are permanent (ASVS 5.0 16.4.2)
        responses: "SELECT, INSERT",  # answers are never edited
        ballots: "SELECT, INSERT, DELETE",  # shuffled, never edited
        participations: "SELECT, INSERT, DELETE",
        erased_respondents: "SELECT, INSERT, DELETE",
        members: "SELECT, INSERT, UPDATE",  # erasure leaves a tombstone
        news: "SELECT, INSERT, UPDATE",  # deletion only hides a row
    }
)
"""Table → privileges, for tables on which the running application needs less than FULL_ACCESS."""

JOB_QUEUE_PRIVILEGES = {"TABLE": FULL_ACCESS, "SEQUENCE": "USAGE", "FUNCTION": "EXECUTE"}
"""Privileges on the tables, functions and sequences of the job queue's library."""

_CURRENT_ROLE = text("SELECT quote_ident(current_user)")
_QUEUE_OBJECTS = text("""
    SELECT kind, name FROM (
        SELECT CASE relkind WHEN 'S' THEN 'SEQUENCE' ELSE 'TABLE' END, oid::regclass::text, relname,
            relnamespace
        FROM pg_class WHERE relkind IN ('r', 'S')
        UNION ALL SELECT 'FUNCTION', oid::regprocedure::text, proname, pronamespace FROM pg_proc
    ) AS things (kind, name, plain, schema)
    WHERE schema = quote_ident(current_schema())::regnamespace AND starts_with(plain, 'procrastinate_')
""")
_ROLE_POWERS = text("""
    SELECT power FROM pg_roles AS role, current_schema() AS here, LATERAL (VALUES
        (1, 'is a superuser', role.rolsuper),
        (2, 'makes roles', role.rolcreaterole),
        (3, 'owns tables', EXISTS (
            SELECT FROM pg_class WHERE relowner = role.oid AND relnamespace = quote_ident(here)::regnamespace
        )),
        (4, 'may create in the schema', has_schema_privilege(role.oid, here, 'CREATE')),
        (5, 'may create schemas', has_database_privilege(role.oid, current_database(), 'CREATE'))
    ) AS powers (place, power, held)
    WHERE held AND pg_has_role(session_user, role.oid, 'MEMBER')
    GROUP BY place, power ORDER BY place
""")
"""Privileges on the schema of the session's role and of every role that it can switch to."""


def require_unprivileged_role(settings: Settings) -> None:
    """Raise SettingsError in production if the role may change the schema. Raises UnavailableError."""
    if not settings.is_production:
        return
    with translated_errors(), open_connection(settings.database_url.get_secret_value()) as connection:
        powers = connection.scalars(_ROLE_POWERS).all()
    if powers:
        raise SettingsError(
            f"The role in DATABASE_URL could change the schema: it {', '.join(powers)}. "
            "Name one there that cannot, and for `migrate` the strong one in PAU2_MIGRATION_DATABASE_URL."
        )


def role_of(url: str) -> str:
    """Return the role of an address. The server resolves addresses without a user or with `options`."""
    with open_connection(url) as connection:
        return str(connection.scalar(_CURRENT_ROLE))


def grant_use(migration_url: str, role: str) -> None:
    """Grant the role what the application needs and revoke the rest. Do nothing when one role does both."""
    with open_connection(migration_url) as connection:
        if role == connection.scalar(_CURRENT_ROLE):
            return
        # Concurrent grants would fail on the same rows of the catalogue.
        connection.execute(text("LOCK TABLE alembic_version IN SHARE ROW EXCLUSIVE MODE"))
        connection.exec_driver_sql("; ".join(_grants(connection, role)))
        connection.commit()


def _grants(connection: Connection, role: str) -> Iterator[str]:
    schema = connection.scalar(text("SELECT quote_ident(current_schema())"))
    yield f"REVOKE CREATE ON SCHEMA {schema} FROM PUBLIC, {role}"
    yield f"GRANT USAGE ON SCHEMA {schema} TO {role}"
    for relation, privileges in _needed(connection).items():
        yield f"REVOKE ALL ON {relation} FROM PUBLIC, {role}"
        yield f"GRANT {privileges} ON {relation} TO {role}"


def _needed(connection: Connection) -> dict[str, str]:
    """Return relation, function or schema → the privileges that the application needs on it."""
    ours = {
        f"TABLE {table.name}": RESTRICTED_TABLES.get(table, FULL_ACCESS) for table in metadata.tables.values()
    }
    queue = {
        f"{kind} {name}": JOB_QUEUE_PRIVILEGES[kind] for kind, name in connection.execute(_QUEUE_OBJECTS)
    }
    return {"TABLE alembic_version": "SELECT"} | ours | queue
