"""In production, `migrate` runs only on a server that keeps data out of its own log."""

from urllib.parse import quote

import pytest

from app.core.settings import Environment, SettingsError
from app.infrastructure.database.migrations import REQUIRED_LOG_SETTINGS, migrate
from tests.factories import make_settings


def with_settings(url: str, settings: dict[str, str]) -> str:
    """Return the address of the database with server settings for the session."""
    options = " ".join(f"-c {name}={value}" for name, value in settings.items())
    return f"{url}{'&' if '?' in url else '?'}options={quote(options)}"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("log_error_verbosity", "default"),
        ("log_error_verbosity", "verbose"),
        ("log_parameter_max_length", "-1"),
        ("log_parameter_max_length_on_error", "10"),
    ],
)
def test_refuses_server_when_it_would_log_what_is_stored(
    fresh_migration_url: str, name: str, value: str
) -> None:
    loud = with_settings(fresh_migration_url, REQUIRED_LOG_SETTINGS | {name: value})

    with pytest.raises(SettingsError) as refusal:
        migrate(make_settings(loud))

    assert (
        str(refusal.value)
        == f"PostgreSQL would log what its users store. Set {name} = {REQUIRED_LOG_SETTINGS[name]}."
    )


def test_migrates_when_server_is_quiet_or_nobody_asks(fresh_migration_url: str) -> None:
    loud = with_settings(fresh_migration_url, {"log_error_verbosity": "verbose"})

    migrate(make_settings(with_settings(fresh_migration_url, REQUIRED_LOG_SETTINGS)))
    migrate(make_settings(loud, environment=Environment.DEVELOPMENT))
