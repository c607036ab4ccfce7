from pathlib import Path

import pytest

from app.core import settings
from app.core.settings import Environment, LogLevel, SettingsError, SmtpScheme, load_settings
from app.infrastructure.mail.transports import TLS

STRONG = "k" * 32
PRODUCTION = {
    "PAU2_ENVIRONMENT": "production",
    "DATABASE_URL": "postgresql://app:canary-dbpw@db/pau2",
    "PAU2_TOKEN_KEYS": f'{{"2026-11": "{STRONG}"}}',
    "PAU2_CURSOR_SECRET": STRONG,
    "PAU2_SMTP_URL": "smtp://mail:587",
    "PAU2_PUBLIC_URL": "https://vecinos.example",
    "PAU2_MAIL_SENDER": "Asociación <info@vecinos.example>",
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


def test_reads_secret_files_when_environment_does_not_set_them(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    secrets = {"DATABASE_URL": "postgresql://from-a-file/pau2", "PAU2_TOKEN_KEYS": f'{{"file": "{STRONG}"}}'}
    for name, value in (secrets | {"PAU2_PUBLIC_URL": "https://file.example"}).items():
        (tmp_path / name.lower()).write_text(f"{value}\n", encoding="utf-8")
    monkeypatch.setattr(settings, "SECRETS_FOLDER", tmp_path)
    given(monkeypatch, {name: value for name, value in PRODUCTION.items() if name not in secrets})

    loaded = load_settings()

    assert loaded.database_url.get_secret_value() == secrets["DATABASE_URL"]
    assert loaded.token_secrets == {"file": STRONG}
    assert loaded.public_url == PRODUCTION["PAU2_PUBLIC_URL"]


@pytest.mark.parametrize("missing", PRODUCTION.keys() - {"PAU2_ENVIRONMENT"})
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
def test_explains_mail_server_url_in_a_sentence_when_invalid(
    monkeypatch: pytest.MonkeyPatch, url: str
) -> None:
    given(monkeypatch, {"PAU2_SMTP_URL": url})

    with pytest.raises(SettingsError) as raised:
        load_settings()

    assert str(raised.value) == (
        "Settings: PAU2_SMTP_URL must be scheme://host:port, where scheme is one of "
        "smtp, smtp+starttls, smtps."
    )


def test_supports_each_scheme_of_a_mail_server_when_sending() -> None:
    assert set(TLS) == set(SmtpScheme)


def test_trusts_the_proxies_that_are_declared_when_loaded(monkeypatch: pytest.MonkeyPatch) -> None:
    given(monkeypatch, {"PAU2_TRUSTED_PROXIES": '["10.0.0.0/8", "::1"]'})

    assert load_settings().proxy_networks == ["10.0.0.0/8", "::1/128"]


def test_reads_proxies_when_they_are_separated_by_commas(monkeypatch: pytest.MonkeyPatch) -> None:
    given(monkeypatch, {"PAU2_TRUSTED_PROXIES": "127.0.0.1, 10.0.0.0/8"})

    assert load_settings().proxy_networks == ["127.0.0.1/32", "10.0.0.0/8"]


@pytest.mark.parametrize(
    "url", ["https://vecinos.example", "https://vecinos.example/", "https://x.example/pau//"]
)
def test_has_no_slash_at_the_end_when_the_public_url_is_read(
    monkeypatch: pytest.MonkeyPatch, url: str
) -> None:
    given(monkeypatch, {"PAU2_PUBLIC_URL": url})

    assert load_settings().public_url == url.rstrip("/")


@pytest.mark.parametrize(
    "url", ["vecinos.example", "ftp://vecinos.example", "https://", "https://x.example/?a=1"]
)
def test_explains_public_url_when_it_is_invalid(monkeypatch: pytest.MonkeyPatch, url: str) -> None:
    given(monkeypatch, {"PAU2_PUBLIC_URL": url})

    with pytest.raises(SettingsError, match="PAU2_PUBLIC_URL must be an address such as https://"):
        load_settings()


@pytest.mark.parametrize(
    "sender", ["info@vecinos.example", "Marta <a@b.example>", '"Vecinos, Norte" <info@vecinos.example>']
)
def test_takes_a_sender_when_it_is_one_mailbox(monkeypatch: pytest.MonkeyPatch, sender: str) -> None:
    given(monkeypatch, {"PAU2_MAIL_SENDER": sender})

    assert load_settings().mail_sender == sender


@pytest.mark.parametrize(
    "sender",
    [
        "Vecinos, Norte <info@vecinos.example>",
        "info",
        "",
        "a@b.example, c@d.example",
        "a@b.example\nBcc: c@d",
    ],
)
def test_says_how_a_sender_is_written_when_it_is_not_one_mailbox(
    monkeypatch: pytest.MonkeyPatch, sender: str
) -> None:
    """RFC 5322 §3.4: a comma ends a mailbox, unless it is quoted."""
    given(monkeypatch, {"PAU2_MAIL_SENDER": sender})

    with pytest.raises(SettingsError, match=r"PAU2_MAIL_SENDER must be one address.*in double quotes"):
        load_settings()


@pytest.mark.parametrize("name", ["PAU2_TOKEN_KEYS", "PAU2_TRUSTED_PROXIES"])
def test_refuses_in_one_sentence_when_json_is_broken(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    given(monkeypatch, {name: "[canary"})

    with pytest.raises(SettingsError) as raised:
        load_settings()

    assert name.removeprefix("PAU2_") in str(raised.value).upper()
    assert "canary" not in str(raised.value)


@pytest.mark.parametrize(("given_level", "level"), [("info", LogLevel.INFO), ("ERROR", LogLevel.ERROR)])
def test_reads_the_level_of_the_log_when_it_is_in_any_case(
    monkeypatch: pytest.MonkeyPatch, given_level: str, level: LogLevel
) -> None:
    given(monkeypatch, {"PAU2_LOG_LEVEL": given_level})

    assert load_settings().log_level is level


def test_refuses_log_level_when_it_is_unknown(monkeypatch: pytest.MonkeyPatch) -> None:
    given(monkeypatch, {"PAU2_LOG_LEVEL": "loud"})

    with pytest.raises(SettingsError, match="PAU2_LOG_LEVEL"):
        load_settings()


def test_refuses_proxies_when_they_are_no_networks(monkeypatch: pytest.MonkeyPatch) -> None:
    given(monkeypatch, {"PAU2_TRUSTED_PROXIES": '["*"]'})

    with pytest.raises(SettingsError, match="PAU2_TRUSTED_PROXIES"):
        load_settings()


def test_refuses_a_time_zone_when_nobody_knows_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PAU2_TIME_ZONE", "Europe/Madird")

    with pytest.raises(SettingsError, match=r"PAU2_TIME_ZONE: Use a name of the IANA time zone database"):
        load_settings()


def test_reads_origins_when_they_are_as_browsers_send_them(monkeypatch: pytest.MonkeyPatch) -> None:
    given(monkeypatch, {"PAU2_ALLOWED_ORIGINS": "https://Vecinos.example/, http://localhost:3000"})

    assert load_settings().allowed_origins == ("https://vecinos.example", "http://localhost:3000")


@pytest.mark.parametrize("origin", ["*", "vecinos.example", "https://vecinos.example/app", "null"])
def test_refuses_an_origin_when_no_browser_sends_it(monkeypatch: pytest.MonkeyPatch, origin: str) -> None:
    """RFC 6454 §6.2."""
    given(monkeypatch, {"PAU2_ALLOWED_ORIGINS": origin})

    with pytest.raises(SettingsError, match="PAU2_ALLOWED_ORIGINS"):
        load_settings()
