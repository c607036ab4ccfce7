import pytest

from app.core.settings import Environment, SettingsError, SmtpScheme, load_settings
from app.infrastructure.mail.transports import TLS

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


@pytest.mark.parametrize("url", ["http://canary@mail:25", "mail:587", "smtp://", "canary"])
def test_says_in_one_sentence_what_a_mail_server_looks_like_when_it_is_no_such_address(
    monkeypatch: pytest.MonkeyPatch, url: str
) -> None:
    given(monkeypatch, {"PAU2_SMTP_URL": url})

    with pytest.raises(SettingsError) as raised:
        load_settings()

    assert str(raised.value) == (
        "Settings: PAU2_SMTP_URL must be scheme://host:port, where scheme is one of "
        "smtp, smtp+starttls, smtps."
    )


def test_knows_how_to_use_each_scheme_of_a_mail_server_when_sending() -> None:
    assert set(TLS) == set(SmtpScheme)


def test_trusts_the_proxies_that_are_declared_when_loaded(monkeypatch: pytest.MonkeyPatch) -> None:
    given(monkeypatch, {"PAU2_TRUSTED_PROXIES": '["10.0.0.0/8", "::1"]'})

    assert load_settings().proxy_networks == ["10.0.0.0/8", "::1/128"]


def test_refuses_proxies_when_they_are_no_networks(monkeypatch: pytest.MonkeyPatch) -> None:
    given(monkeypatch, {"PAU2_TRUSTED_PROXIES": '["*"]'})

    with pytest.raises(SettingsError, match="trusted_proxies"):
        load_settings()


def test_refuses_a_time_zone_when_nobody_knows_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PAU2_TIME_ZONE", "Europe/Madird")

    with pytest.raises(SettingsError, match=r"time_zone: .*Use a name of the IANA time zone database"):
        load_settings()
