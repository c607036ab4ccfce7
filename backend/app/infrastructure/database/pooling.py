"""Connection poolers, such as PgBouncer, between the application and PostgreSQL.

In transaction mode clients share sessions: a pooler ignores `options`, and settings of one client reach
another. So with a pooler, the parameters of our sessions are settings of the role.
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
    """Return the address of the server itself, as the role of the pooled address."""
    pooled = make_url(pooled_url)
    direct = make_url(direct_url).set(username=pooled.username, password=pooled.password)
    return direct.render_as_string(hide_password=False)


def store_session_parameters(url: str, settings: Settings) -> None:
    """Store the parameters of our sessions as settings of the address's role. Every role may do so."""
    wanted = session_parameters(**limits_of(settings))
    with open_connection(url) as connection:
        lists = {"names": list(wanted), "values": list(wanted.values())}
        for statement in connection.scalars(_STORE, lists).all():
            connection.exec_driver_sql(statement)
        connection.commit()


def require_suitable_pooler(settings: Settings) -> None:
    """Raise SettingsError if a pooler is not declared, or if its sessions lack our parameters.

    Raises UnavailableError.
    """
    with translated_errors(), open_connection(settings.database_url.get_secret_value()) as connection:
        if settings.database_pooled:
            _require_parameters(connection, session_parameters(**limits_of(settings)))
        elif _is_pooled(connection):
            raise SettingsError(
                "DATABASE_URL leads through a connection pooler such as PgBouncer. Run `migrate` with "
                "PAU2_DATABASE_POOLED=true, or use the address of the server itself."
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
    """Return whether the process id in libpq's greeting is not that of the server process."""
    driver = connection.connection.driver_connection
    greeted = driver.info.backend_pid if driver else None
    return bool(connection.scalar(text("SELECT pg_backend_pid()")) != greeted)
