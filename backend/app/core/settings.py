"""Settings from the environment (`PAU2_…`, and the customary `DATABASE_URL`)."""

from enum import StrEnum
from pathlib import Path
from typing import Self
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, available_timezones

from pydantic import Field, IPvAnyNetwork, SecretStr, ValidationError, field_validator, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

SHORTEST_SECRET_BYTES = 32
"""RFC 7518 §3.2: a key for HS256 is at least as long as its hash."""

DEVELOPMENT_TOKEN_KEYS = {"development": SecretStr("development-only-token-key-not-a-secret")}
DEVELOPMENT_CURSOR_SECRET = SecretStr("development-only-cursor-key-not-a-secret")
DEVELOPMENT_DATABASE_URL = SecretStr("postgresql://localhost/pau2")


class SettingsError(Exception):
    """The environment does not make a usable configuration. The message is for the operator."""


class Environment(StrEnum):
    DEVELOPMENT = "development"
    TEST = "test"
    PRODUCTION = "production"


class LogFormat(StrEnum):
    """One JSON object a line for machines, or columns for a developer's terminal."""

    JSON = "json"
    CONSOLE = "console"


class SmtpScheme(StrEnum):
    """TLS if the server offers it, TLS or nothing by STARTTLS, TLS from the first byte."""

    OPPORTUNISTIC = "smtp"
    STARTTLS = "smtp+starttls"
    IMPLICIT = "smtps"


class Settings(BaseSettings):
    """Everything that differs between deployments. Durations are in seconds."""

    model_config = SettingsConfigDict(env_prefix="PAU2_", frozen=True, populate_by_name=True)

    environment: Environment = Environment.DEVELOPMENT
    public_url: str = "http://127.0.0.1:8000"
    log_level: str = "INFO"
    log_format: LogFormat = LogFormat.JSON
    trusted_proxies: tuple[IPvAnyNetwork, ...] = ()
    """Networks whose `X-Forwarded-For` is believed, as JSON: `["10.0.0.0/8"]`."""

    database_url: SecretStr = Field(DEVELOPMENT_DATABASE_URL, validation_alias="DATABASE_URL")
    migration_database_url: SecretStr | None = None
    """The same database as a role that may change the schema. Only `migrate` needs it."""
    database_pool_size: int = Field(10, ge=1, le=100)
    database_checkout_timeout: float = 3
    database_statement_timeout: float = Field(5, gt=0)
    database_lock_timeout: float = 2
    database_idle_in_transaction_timeout: float = 15

    shutdown_notice: float = 5
    """How long `/health/ready` fails before new connections are refused: some rounds of the load balancer."""
    shutdown_drain: int = 20
    """How long open requests may take after that."""

    token_keys: dict[str, SecretStr] = DEVELOPMENT_TOKEN_KEYS
    """Key id → secret. The first signs new access tokens, the others are still accepted."""
    cursor_secret: SecretStr = DEVELOPMENT_CURSOR_SECRET

    time_zone: str = "Europe/Madrid"
    """Where the association is: the zone of times in files for spreadsheets, which know none."""

    smtp_url: SecretStr | None = None
    """`smtp://user:password@host:587`. Without it, mail goes to `mail_folder` as .eml files."""
    mail_folder: Path = Path(__file__).resolve().parents[3] / ".mail"
    mail_sender: str = "PAU 2 <no-reply@pau2.example>"

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.time_zone)

    @field_validator("time_zone")
    @classmethod
    def _refuse_unknown_time_zone(cls, name: str) -> str:
        if name not in available_timezones():
            raise ValueError("Use a name of the IANA time zone database, such as Europe/Madrid")
        return name

    @property
    def proxy_networks(self) -> list[str]:
        return [str(network) for network in self.trusted_proxies]

    @property
    def token_secrets(self) -> dict[str, str]:
        return {kid: key.get_secret_value() for kid, key in self.token_keys.items()}

    @model_validator(mode="after")
    def _refuse_unknown_mail_server(self) -> Self:
        if self.smtp_url is not None:
            parts = urlsplit(self.smtp_url.get_secret_value())
            if parts.scheme not in set(SmtpScheme) or not parts.hostname:
                schemes = ", ".join(SmtpScheme)
                raise ValueError(
                    f"PAU2_SMTP_URL must be scheme://host:port, where scheme is one of {schemes}"
                )
        return self

    @property
    def is_production(self) -> bool:
        return self.environment is Environment.PRODUCTION

    @model_validator(mode="after")
    def _refuse_weak_production(self) -> Self:
        if not self.is_production:
            return self
        secrets = {"PAU2_CURSOR_SECRET": self.cursor_secret}
        secrets |= {f"PAU2_TOKEN_KEYS[{kid}]": key for kid, key in self.token_keys.items()}
        development = [*DEVELOPMENT_TOKEN_KEYS.values(), DEVELOPMENT_CURSOR_SECRET]
        for name, secret in secrets.items():
            if secret in development:
                raise ValueError(f"{name} must be set in production")
            if len(secret.get_secret_value().encode()) < SHORTEST_SECRET_BYTES:
                raise ValueError(f"{name} must have at least {SHORTEST_SECRET_BYTES} bytes")
        if not self.token_keys:
            raise ValueError("PAU2_TOKEN_KEYS must hold at least one key")
        if self.database_url == DEVELOPMENT_DATABASE_URL:
            raise ValueError("DATABASE_URL must be set in production")
        if self.smtp_url is None:
            raise ValueError("PAU2_SMTP_URL must be set in production")
        return self


def load_settings() -> Settings:
    """Read the environment. Raises SettingsError, whose message repeats no value."""
    try:
        return Settings()
    except ValidationError as error:
        found = error.errors(include_input=False, include_url=False, include_context=False)
        problems = [_sentence(problem["loc"], problem["msg"]) for problem in found]
        raise SettingsError("Settings: " + "; ".join(problems) + ".") from None


def _sentence(location: tuple[int | str, ...], message: str) -> str:
    where = ".".join(str(part) for part in location)
    return f"{where}: {message}" if where else message.removeprefix("Value error, ")
