"""`python -m app …`. What a command needs from outside comes in as `Commands`."""

import asyncio
import json
import sys
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import partial
from typing import Annotated, Any, Protocol, TypeVar

import typer
import uvicorn

from app.application.setup import AdminRequest, NewAdmin
from app.core.logging import configure_logging
from app.core.settings import Environment, Settings, SettingsError, load_settings
from app.domain.auth import Password
from app.domain.errors import DomainError
from app.presentation.addresses import email_address
from app.presentation.http.dependencies import Departure
from app.presentation.server import ImpatientProtocol, Server

Result = TypeVar("Result")
Application = Callable[..., Awaitable[None]]


class MakeApplication(Protocol):
    """Makes the application that a server process serves."""

    def __call__(self, settings: Settings, /, *, departure: Departure) -> Application:
        """`departure` is announced when the server has been told to end."""
        ...


@dataclass(frozen=True, kw_only=True)
class Commands:
    """What the commands do. `check` refuses what must not start; `contract` needs neither settings nor a
    database."""

    migrate: Callable[[Settings], None]
    check: Callable[[Settings], None]
    seed: Callable[[Settings, int], Awaitable[bool]]
    create_admin: Callable[[Settings, AdminRequest], Awaitable[bool]]
    work: Callable[[Settings], Awaitable[None]]
    contract: Callable[[], dict[str, Any]]
    application: MakeApplication


def create_cli(commands: Commands) -> typer.Typer:
    cli = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False)
    _add_processes(cli, commands)
    _add_tasks(cli, commands)
    _add_accounts(cli, commands)
    return cli


def _add_processes(cli: typer.Typer, commands: Commands) -> None:
    """The commands that run until they are told to stop."""

    @cli.command()
    def serve(host: str = "127.0.0.1", port: int = 8000) -> None:
        """Serve the API."""
        settings, departure = _settings(), Departure()
        with _domain_errors():
            commands.check(settings)
        config = uvicorn.Config(
            commands.application(settings, departure=departure),
            host=host,
            port=port,
            log_config=None,
            access_log=False,
            http=ImpatientProtocol,
            proxy_headers=False,
            server_header=False,
            timeout_graceful_shutdown=settings.shutdown_drain,
        )
        with suppress(KeyboardInterrupt):
            Server(config, departure=departure, notice=settings.shutdown_notice).run()

    @cli.command()
    def worker() -> None:
        """Run the jobs that requests have left, such as mail."""
        settings = _settings()
        with _domain_errors():
            commands.check(settings)
            asyncio.run(_awaited(commands.work(settings)))


def _add_tasks(cli: typer.Typer, commands: Commands) -> None:
    """The commands that do one thing and end."""

    @cli.command()
    def migrate() -> None:
        """Bring the database to the newest schema."""
        with _domain_errors():
            commands.migrate(_settings())

    @cli.command()
    def seed(
        members: Annotated[int, typer.Option(min=0, max=1_000_000, help="Further members.")] = 50,
    ) -> None:
        """Store demo data, unless it is there. Only in development."""
        settings = _settings()
        if settings.environment is not Environment.DEVELOPMENT:
            raise _refusal("Demo data has a known password: only in development.")
        with _domain_errors():
            fresh = asyncio.run(_awaited(commands.seed(settings, members)))
        typer.echo("Demo data stored." if fresh else "The demo data is there already.")

    @cli.command()
    def openapi() -> None:
        """Print the contract."""
        typer.echo(json.dumps(commands.contract(), indent=2, sort_keys=True, ensure_ascii=False))


def _add_accounts(cli: typer.Typer, commands: Commands) -> None:
    """The commands about people, before there is anybody to log in."""

    @cli.command()
    def create_admin(
        email: Annotated[str, typer.Option(prompt=True)],
        full_name: Annotated[str, typer.Option(help="Of a new account.")] = "",
        yes: Annotated[bool, typer.Option("--yes", help="Promote a member without asking.")] = False,
    ) -> None:
        """Make an administrator, or promote the member who uses this address.

        The password of a new account is asked for, or read from standard input.
        """

        def describe() -> NewAdmin:
            name = full_name or str(typer.prompt("Full name"))
            return NewAdmin(name, Password.chosen(_read_password(), personal=(email, name)))

        with _domain_errors():
            request = AdminRequest(email_address(email), partial(_confirm_promotion, yes=yes), describe)
            promoted = asyncio.run(_awaited(commands.create_admin(_settings(), request)))
        typer.echo("The member is an administrator now." if promoted else "Administrator created.")


def _settings() -> Settings:
    try:
        settings = load_settings()
    except SettingsError as error:
        raise _refusal(str(error)) from None
    configure_logging(settings.log_level, settings.log_format)
    return settings


def _refusal(sentence: str) -> typer.Exit:
    typer.echo(sentence, err=True)
    return typer.Exit(2)


@contextmanager
def _domain_errors() -> Iterator[None]:
    try:
        yield
    except DomainError as error:
        raise _refusal(error.detail) from None
    except SettingsError as error:
        raise _refusal(str(error)) from None


def _is_interactive() -> bool:
    return sys.stdin.isatty()


def _confirm_promotion(*, yes: bool) -> None:
    if yes:
        return
    if not _is_interactive():
        raise _refusal("A member uses this e-mail address. Pass --yes to make them an administrator.")
    typer.confirm("A member uses this e-mail address. Make them an administrator?", abort=True)


def _read_password() -> str:
    """Never an argument: those are seen by other users and kept in histories."""
    if not _is_interactive():
        return sys.stdin.readline().rstrip("\r\n")
    return str(typer.prompt("Password", hide_input=True, confirmation_prompt=True))


async def _awaited(work: Awaitable[Result]) -> Result:
    return await work
