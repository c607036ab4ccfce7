"""Poolers of connections, such as PgBouncer, between the application and PostgreSQL.

In transaction mode a session belongs to nobody: it takes no `options` at its start, and what one client
prepares or sets is another one's. So the parameters of our sessions are the role's, where there is a pooler.
"""

from sqlalchemy import Connection, make_url, text

from app.core.database import limits_of, open_connection, session_parameters
from app.core.settings import Settings, SettingsError
from app.infrastructure.database.errors import translated_errors

_STORE = text("""
    SELECT format('ALTER ROLE CURRENT_USER IN DATABASE %I SET %I = %L', current_database(), name, value)
    FROM unnest(CAST(:names AS text[]), CAST(:values AS text[])) AS parameters (name, value)
""")
_STORED = text("SELECT name, reset_val FROM pg_settings WHERE name = ANY(:names)")


def server_url(pooled_url: str, direct_url: str) -> str:
    """Return the server's own address as the role that runs: what the pooler has open stays as it is."""
    role, server = make_url(pooled_url), make_url(direct_url)
    direct = server.set(username=role.username, password=role.password)
    return direct.render_as_string(hide_password=False)


def store_session_parameters(url: str, settings: Settings) -> None:
    """Give the role of an address what our sessions have elsewhere by `options`. Each role may do that."""
    wanted = session_parameters(**limits_of(settings))
    with open_connection(url) as connection:
        lists = {"names": list(wanted), "values": list(wanted.values())}
        for statement in connection.scalars(_STORE, lists).all():
            connection.exec_driver_sql(statement)
        connection.commit()


def require_suitable_pooler(settings: Settings) -> None:
    """Raise SettingsError for a pooler that is not declared, or whose sessions lack our parameters.

    Raises UnavailableError.
    """
    with translated_errors(), open_connection(settings.database_url.get_secret_value()) as connection:
        if settings.database_pooled:
            _require_parameters(connection, session_parameters(**limits_of(settings)))
        elif _is_pooled(connection):
            raise SettingsError(
                "DATABASE_URL leads through a pooler such as PgBouncer. Set PAU2_DATABASE_POOLED=true and "
                "run `migrate`, or name the server itself."
            )


def _require_parameters(connection: Connection, wanted: dict[str, str]) -> None:
    stored = {tuple(row) for row in connection.execute(_STORED, {"names": list(wanted)})}
    missing = [name for name, value in wanted.items() if (name, value) not in stored]
    if missing:
        raise SettingsError(
            f"The sessions of the pooler lack our {', '.join(missing)}. Run `migrate` with these settings, "
            "then RECONNECT in the pooler's console."
        )


def _is_pooled(connection: Connection) -> bool:
    """The process that PostgreSQL names is the pooler's, and not the one that libpq was told of."""
    driver = connection.connection.driver_connection
    told = driver.info.backend_pid if driver else None
    return bool(connection.scalar(text("SELECT pg_backend_pid()")) != told)
