"""The command line `python -m app …`. The composition root passes the functions behind it as `Commands`."""

import asyncio
import json
import sys
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import Annotated, Any, Protocol, TypeVar

import typer

from app.application.setup import AdminRequest, NewAdmin
from app.core.logging import configure_logging
from app.core.settings import Environment, Settings, SettingsError, load_settings
from app.domain.auth import Password
from app.domain.errors import DomainError
from app.presentation import server
from app.presentation.addresses import email_address
from app.presentation.http.dependencies import ShutdownState
from app.presentation.server import Application, BindAddress
from app.presentation.workers import WorkersError, serve_with_workers

Result = TypeVar("Result")


class ApplicationFactory(Protocol):
    """Creates the application that a server process serves."""

    def __call__(self, settings: Settings, /, *, shutdown_state: ShutdownState) -> Application:
        """The server sets `shutdown_state.draining` when it receives a signal to end."""
        ...


@dataclass(frozen=True, kw_only=True)
class Commands:
    """The functions behind the commands.

    `preflight` raises a domain error when the process must not start. `openapi` needs neither settings nor a
    database.
    """

    migrate: Callable[[Settings], None]
    preflight: Callable[[Settings], None]
    seed: Callable[[Settings, int], Awaitable[bool]]
    create_admin: Callable[[Settings, AdminRequest], Awaitable[bool]]
    run_worker: Callable[[Settings], Awaitable[None]]
    openapi: Callable[[], dict[str, Any]]
    application: ApplicationFactory


def create_cli(commands: Commands) -> typer.Typer:
    cli = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False)
    _add_server(cli, commands)
    _add_worker(cli, commands)
    _add_tasks(cli, commands)
    _add_accounts(cli, commands)
    return cli


def _add_server(cli: typer.Typer, commands: Commands) -> None:
    """Add `serve`, which runs until a signal ends it."""

    @cli.command()
    def serve(
        *,
        host: str = "127.0.0.1",
        port: int = 8000,
        unix_socket: Annotated[
            str | None, typer.Option(help="Path of a Unix socket, instead of host and port.")
        ] = None,
        root_path: Annotated[
            str, typer.Option(help="The path prefix that a proxy removes, such as /pau.")
        ] = "",
        workers: Annotated[int, typer.Option(min=1, help="The number of server processes.")] = 1,
        descriptor: Annotated[int | None, typer.Option(hidden=True)] = None,
    ) -> None:
        """Serve the API."""
        settings = _settings()
        shutdown_state = ShutdownState()
        with _domain_errors():
            commands.preflight(settings)
        address = BindAddress(
            host=host, port=port, unix_socket=unix_socket, descriptor=descriptor, root_path=root_path
        )
        if workers == 1:
            server.serve(
                commands.application(settings, shutdown_state=shutdown_state),
                settings,
                shutdown_state,
                address,
            )
            return
        try:
            serve_with_workers(workers, address)
        except WorkersError as error:
            raise _exit_with(str(error)) from None


def _add_worker(cli: typer.Typer, commands: Commands) -> None:
    """Add `worker`, which runs until a signal ends it."""

    @cli.command()
    def worker() -> None:
        """Run queued jobs, such as mail."""
        settings = _settings()
        with _domain_errors():
            commands.preflight(settings)
            asyncio.run(_as_coroutine(commands.run_worker(settings)))


def _add_tasks(cli: typer.Typer, commands: Commands) -> None:
    """Add the commands that do one thing and end."""

    @cli.command()
    def migrate() -> None:
        """Migrate the database to the newest schema."""
        with _domain_errors():
            commands.migrate(_settings())

    @cli.command()
    def seed(
        members: Annotated[
            int, typer.Option(min=0, max=1_000_000, help="The number of additional members.")
        ] = 50,
    ) -> None:
        """Store demo data unless it exists. Only in development."""
        settings = _settings()
        if settings.environment is not Environment.DEVELOPMENT:
            raise _exit_with("Demo data has a known password. Store it only in development.")
        with _domain_errors():
            fresh = asyncio.run(_as_coroutine(commands.seed(settings, members)))
        typer.echo("Demo data stored." if fresh else "The demo data exists already.")

    @cli.command()
    def openapi() -> None:
        """Print the OpenAPI document."""
        typer.echo(json.dumps(commands.openapi(), indent=2, sort_keys=True, ensure_ascii=False))


def _add_accounts(cli: typer.Typer, commands: Commands) -> None:
    """Add the commands that manage accounts."""

    @cli.command()
    def create_admin(
        email: Annotated[str, typer.Option(prompt=True)],
        full_name: Annotated[str, typer.Option(help="The full name for a new account.")] = "",
        yes: Annotated[
            bool, typer.Option("--yes", help="Promote an existing member without confirmation.")
        ] = False,
    ) -> None:
        """Create an administrator, or promote the member who uses this address.

        The command prompts for the password of a new account, or reads it from standard input.
        """

        def describe() -> NewAdmin:
            name = full_name or str(typer.prompt("Full name"))
            return NewAdmin(name, Password.chosen(_read_password(), personal=(email, name)))

        with _domain_errors():
            request = AdminRequest(email_address(email), partial(_confirm_promotion, yes=yes), describe)
            promoted = asyncio.run(_as_coroutine(commands.create_admin(_settings(), request)))
        typer.echo("The member is an administrator now." if promoted else "Administrator created.")


def _settings() -> Settings:
    try:
        settings = load_settings()
    except SettingsError as error:
        raise _exit_with(str(error)) from None
    configure_logging(settings.log_level, settings.log_format)
    return settings


def _exit_with(sentence: str) -> typer.Exit:
    typer.echo(sentence, err=True)
    return typer.Exit(2)


@contextmanager
def _domain_errors() -> Iterator[None]:
    try:
        yield
    except DomainError as error:
        raise _exit_with(error.detail) from None
    except SettingsError as error:
        raise _exit_with(str(error)) from None


def _is_interactive() -> bool:
    return sys.stdin.isatty()


def _confirm_promotion(*, yes: bool) -> None:
    if yes:
        return
    if not _is_interactive():
        raise _exit_with("A member uses this e-mail address. Pass --yes to make them an administrator.")
    typer.confirm("A member uses this e-mail address. Make them an administrator?", abort=True)


def _read_password() -> str:
    """Read the password. Never an argument: other users see those, and shells store them."""
    if not _is_interactive():
        return sys.stdin.readline().rstrip("\r\n")
    return str(typer.prompt("Password", hide_input=True, confirmation_prompt=True))


async def _as_coroutine(work: Awaitable[Result]) -> Result:
    return await work
