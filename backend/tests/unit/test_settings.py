import pytest

from app.core.settings import Environment, SettingsError, load_settings

STRONG = "k" * 32
PRODUCTION = {
    "PAU2_ENVIRONMENT": "production",
    "DATABASE_URL": "postgresql://app:canary-dbpw@db/pau2",
    "PAU2_TOKEN_KEYS": f'{{"2026-11": "{STRONG}"}}',
    "PAU2_CURSOR_SECRET": STRONG,
    "PAU2_SMTP_URL": "smtp://mail:587",
}


def given(monkeypatch: pytest.MonkeyPatch, environment: dict[str, str]) -> None:
    for name in PRODUCTION:
        monkeypatch.delenv(name, raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)


def test_needs_nothing_when_in_development(monkeypatch: pytest.MonkeyPatch) -> None:
    given(monkeypatch, {})

    assert load_settings().environment is Environment.DEVELOPMENT


def test_loads_when_production_is_complete(monkeypatch: pytest.MonkeyPatch) -> None:
    given(monkeypatch, PRODUCTION)

    assert load_settings().token_secrets == {"2026-11": STRONG}


@pytest.mark.parametrize(
    "missing", ["DATABASE_URL", "PAU2_TOKEN_KEYS", "PAU2_CURSOR_SECRET", "PAU2_SMTP_URL"]
)
def test_refuses_production_when_a_setting_is_missing(monkeypatch: pytest.MonkeyPatch, missing: str) -> None:
    given(monkeypatch, {name: value for name, value in PRODUCTION.items() if name != missing})

    with pytest.raises(SettingsError, match=missing):
        load_settings()


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("PAU2_CURSOR_SECRET", "k" * 31),
        ("PAU2_CURSOR_SECRET", "development-only-cursor-key-not-a-secret"),
        ("PAU2_TOKEN_KEYS", '{"a": "short"}'),
        ("PAU2_TOKEN_KEYS", '{"a": "development-only-token-key-not-a-secret"}'),
        ("PAU2_TOKEN_KEYS", "{}"),
    ],
)
def test_refuses_production_when_a_secret_is_weak(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    given(monkeypatch, PRODUCTION | {name: value})

    with pytest.raises(SettingsError, match=name):
        load_settings()


def test_repeats_no_value_when_it_refuses(monkeypatch: pytest.MonkeyPatch) -> None:
    given(monkeypatch, PRODUCTION | {"PAU2_CURSOR_SECRET": "canary-short", "PAU2_LOG_LEVEL": "INFO"})

    with pytest.raises(SettingsError) as raised:
        load_settings()

    assert "canary" not in str(raised.value)
    assert raised.value.__cause__ is None
