"""Settings from environment variables (`PAU2_…`, and `DATABASE_URL`)."""

import json
from collections.abc import Mapping
from email.policy import SMTP as EMAIL
from enum import StrEnum
from pathlib import Path
from types import MappingProxyType
from typing import Annotated, Self
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, available_timezones

from pydantic import (
    AfterValidator,
    BeforeValidator,
    Field,
    IPvAnyNetwork,
    SecretStr,
    ValidationError,
    field_validator,
    model_validator,
)
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict
from pydantic_settings import SettingsError as UnreadableError

SECRETS_FOLDER = Path("/run/secrets")
"""The folder of secrets of Docker, Podman and Compose: one file for each variable, named in lower case."""
MIN_SECRET_BYTES = 32
"""RFC 7518 §3.2: a key for HS256 is at least as long as its hash."""

DEVELOPMENT_TOKEN_KEYS = {"development": SecretStr("development-only-token-key-not-a-secret")}
DEVELOPMENT_CURSOR_SECRET = SecretStr("development-only-cursor-key-not-a-secret")
DEVELOPMENT_DATABASE_URL = SecretStr("postgresql://localhost/pau2")
DEVELOPMENT_PUBLIC_URL = "http://127.0.0.1:8000"
DEVELOPMENT_SENDER = "PAU 2 <no-reply@pau2.example>"
DEVELOPMENT_MAIL_FOLDER = Path(__file__).resolve().parents[3] / ".mail"

PRODUCTION_NEEDS: Mapping[str, object] = MappingProxyType(
    {
        "cursor_secret": DEVELOPMENT_CURSOR_SECRET,
        "token_keys": DEVELOPMENT_TOKEN_KEYS,
        "database_url": DEVELOPMENT_DATABASE_URL,
        "smtp_url": None,
        "public_url": DEVELOPMENT_PUBLIC_URL,
        "mail_sender": DEVELOPMENT_SENDER,
    }
)
"""Field that production must set → its default in other environments."""


class SettingsError(Exception):
    """The configuration cannot be used. The message addresses the operator."""


class Environment(StrEnum):
    DEVELOPMENT = "development"
    TEST = "test"
    PRODUCTION = "production"


class LogFormat(StrEnum):
    """JSON, one object for each line, or columns for a terminal."""

    JSON = "json"
    CONSOLE = "console"


class SmtpScheme(StrEnum):
    """TLS if the server offers it; TLS required with STARTTLS; TLS from the first byte."""

    OPPORTUNISTIC = "smtp"
    STARTTLS = "smtp+starttls"
    IMPLICIT = "smtps"


class LogLevel(StrEnum):
    DEBUG = "DEBUG"
    INFO = "INFO"
    WARNING = "WARNING"
    ERROR = "ERROR"
    CRITICAL = "CRITICAL"


def _split(value: object) -> object:
    """Parse a list that is separated by commas or spaces, or written as JSON."""
    if not isinstance(value, str) or value.lstrip().startswith("["):
        return json.loads(value) if isinstance(value, str) else value
    return [part for part in value.replace(",", " ").split() if part]


def _web_address(value: str) -> str:
    parts = urlsplit(value)
    if parts.scheme not in {"http", "https"} or not parts.hostname or parts.query or parts.fragment:
        raise ValueError("must be an address such as https://vecinos.example, without a query")
    return value.rstrip("/")


def _origin(value: str) -> str:
    """Accept an Origin as browsers send it (RFC 6454 §6.2): scheme, host, and an unusual port."""
    address = _web_address(value).lower()
    if urlsplit(address).path:
        raise ValueError("must be an origin such as https://vecinos.example, without a path")
    return address


def _sender(value: str) -> str:
    """Accept one mailbox (RFC 5322 §3.4). A display name with a comma must be quoted."""
    header = EMAIL.header_factory("From", value)
    addresses = [(each.username, each.domain) for each in header.addresses]
    if header.defects or len(addresses) != 1 or not all(addresses[0]):
        raise ValueError(
            'must be one address, such as "Asociación de Vecinos, Norte" <info@vecinos.example>; '
            "put a name with a comma in double quotes"
        )
    return value


Networks = Annotated[tuple[IPvAnyNetwork, ...], NoDecode, BeforeValidator(_split)]
Origins = Annotated[tuple[Annotated[str, AfterValidator(_origin)], ...], NoDecode, BeforeValidator(_split)]
WebAddress = Annotated[str, AfterValidator(_web_address)]
Sender = Annotated[str, AfterValidator(_sender)]


class Settings(BaseSettings):
    """Values that differ between deployments. Durations are in seconds.

    `./noxw -s fix` writes `docs/settings.md` from the fields and their docstrings.
    """

    model_config = SettingsConfigDict(
        env_prefix="PAU2_", frozen=True, populate_by_name=True, use_attribute_docstrings=True
    )

    environment: Environment = Environment.DEVELOPMENT
    """`development`, `test` or `production`, which does not start with the defaults of development."""
    public_url: WebAddress = DEVELOPMENT_PUBLIC_URL
    """The address of the website, such as `https://vecinos.example`. Mails link to its pages."""
    log_level: Annotated[LogLevel, BeforeValidator(str.upper)] = LogLevel.INFO
    """The lowest level that is logged: `DEBUG`, `INFO`, `WARNING`, `ERROR` or `CRITICAL`."""
    log_format: LogFormat = LogFormat.JSON
    """`json`, one object for each line, or `console`, columns for a terminal."""
    trusted_proxies: Networks = ()
    """Networks of proxies whose `X-Forwarded-…` headers are trusted, such as `127.0.0.1, 10.0.0.0/8`.
    Otherwise all clients of a proxy count as one, so that one that guesses passwords locks out everybody."""
    allowed_origins: Origins = ()
    """Origins of websites whose scripts may use the API in a browser (CORS), such as
    `https://vecinos.example, https://www.vecinos.example`."""
    keep_alive: int = Field(75, ge=1)
    """The time that a connection stays open after a response. It must be longer than at the proxy (nginx:
    60), or some requests use a connection that is closing."""

    database_url: SecretStr = Field(DEVELOPMENT_DATABASE_URL, validation_alias="DATABASE_URL")
    """The database, `postgresql://role@host:5432/name`, with a role that cannot change the schema."""
    migration_database_url: SecretStr | None = None
    """The same database with a role that may change the schema. Only `migrate` uses it."""
    database_replica_url: SecretStr | None = None
    """A streaming replica of the database. Public news and events are read from it while it keeps up,
    everything else from `DATABASE_URL`."""
    database_replica_max_lag: float = Field(5, ge=2)
    """The lag of the replica above which its reads go to `DATABASE_URL`."""
    database_pooled: bool = False
    """True if `DATABASE_URL` leads through PgBouncer or another pooler, in any mode. `migrate` then needs a
    direct address in `PAU2_MIGRATION_DATABASE_URL`, and stores the timeouts below as settings of the role."""
    database_pool_size: int = Field(10, ge=1, le=100)
    """The maximum number of connections of each process."""
    database_checkout_timeout: float = Field(3, gt=0)
    """The time that a request waits for a free connection."""
    database_statement_timeout: float = Field(5, gt=0)
    """The time limit for a statement."""
    database_lock_timeout: float = Field(2, gt=0)
    """The time that a statement may wait for a lock."""
    database_idle_in_transaction_timeout: float = Field(15, gt=0)
    """The time that a transaction may wait for its next statement."""

    worker_reconnect_timeout: float = Field(300, ge=0)
    """The time that the worker waits for an unavailable database before it ends with an error."""

    shutdown_delay: float = Field(5, ge=0)
    """The time that `/health/ready` fails before connections are refused: several checks of the balancer."""
    shutdown_timeout: int = Field(20, ge=0)
    """The time limit for open requests after that."""

    token_keys: dict[str, SecretStr] = DEVELOPMENT_TOKEN_KEYS
    """Key id → secret of 32 bytes or more, as JSON: `{"2026-11": "…"}`. The first signs new access tokens;
    the others are still accepted."""
    cursor_secret: SecretStr = DEVELOPMENT_CURSOR_SECRET
    """The secret of 32 bytes or more that signs the cursors of lists."""

    time_zone: str = "Europe/Madrid"
    """The association's time zone. Files for spreadsheets have local times, since cells have no zone."""

    smtp_url: SecretStr | None = None
    """The mail server, `smtp://host:587`, with `user:password@` before the host if it requires them.
    `smtp+starttls` requires TLS, `smtps` begins with it. Without a server, mails go to `PAU2_MAIL_FOLDER`."""
    mail_folder: Path = DEVELOPMENT_MAIL_FOLDER
    """The folder for mails, as .eml files, if there is no mail server."""
    mail_sender: Sender = DEVELOPMENT_SENDER
    """The sender of mails, such as `Asociación <info@vecinos.example>`. Quote a name with a comma."""

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
        for name, development in PRODUCTION_NEEDS.items():
            if getattr(self, name) == development:
                raise ValueError(f"{variable(name)} must be set in production")
        secrets = {"PAU2_CURSOR_SECRET": self.cursor_secret}
        secrets |= {f"PAU2_TOKEN_KEYS[{kid}]": key for kid, key in self.token_keys.items()}
        for name, secret in secrets.items():
            if secret in {*DEVELOPMENT_TOKEN_KEYS.values(), DEVELOPMENT_CURSOR_SECRET}:
                raise ValueError(f"{name} must be set in production")
            if len(secret.get_secret_value().encode()) < MIN_SECRET_BYTES:
                raise ValueError(f"{name} must have at least {MIN_SECRET_BYTES} bytes")
        if not self.token_keys:
            raise ValueError("PAU2_TOKEN_KEYS must hold at least one key")
        return self


def variable(name: str) -> str:
    """Return the environment variable of a field."""
    alias = Settings.model_fields[name].validation_alias
    return alias if isinstance(alias, str) else f"PAU2_{name.upper()}"


def load_settings() -> Settings:
    """Read environment variables, and files of SECRETS_FOLDER for those that are not set.

    Raises SettingsError, whose message contains no value.
    """
    try:
        return Settings(_secrets_dir=SECRETS_FOLDER if SECRETS_FOLDER.is_dir() else None)
    except ValidationError as error:
        found = error.errors(include_input=False, include_url=False, include_context=False)
        problems = [_sentence(problem["loc"], problem["msg"]) for problem in found]
        raise SettingsError("Settings: " + "; ".join(problems) + ".") from None
    except UnreadableError as error:  # a value that is not JSON; the message names only the field
        raise SettingsError(f"Settings: {error}. Write it as JSON.") from None


def _sentence(location: tuple[int | str, ...], message: str) -> str:
    """Return a message that names the environment variable."""
    plain = message.removeprefix("Value error, ")
    if not location:
        return plain
    name, *rest = map(str, location)
    where = ".".join([variable(name) if name in Settings.model_fields else name, *rest])
    return f"{where} {plain}" if plain.startswith("must ") else f"{where}: {plain}"
