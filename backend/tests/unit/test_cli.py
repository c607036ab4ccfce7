import json
from dataclasses import dataclass, field
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from app.application.setup import AdminRequest, NewAdmin
from app.core.settings import Settings, SettingsError
from app.domain.errors import UnavailableError
from app.domain.members.member import EmailTakenError
from app.presentation.cli import Commands, create_cli
from app.presentation.http.dependencies import ShutdownState
from app.presentation.server import Application, BindAddress, Server
from app.presentation.workers import WorkersError

PASSWORD = "thirteen-Umbrellas-sing"
ENVIRONMENT = ("PAU2_ENVIRONMENT", "DATABASE_URL", "PAU2_TOKEN_KEYS", "PAU2_CURSOR_SECRET", "PAU2_SMTP_URL")


@dataclass
class Recorder:
    """Commands that record their arguments, and fail on request."""

    called: list[str] = field(default_factory=list)
    admins: list[tuple[str, NewAdmin]] = field(default_factory=list)
    member: bool = False
    """Return whether the address of the administrator is a member's."""
    failure: Exception | None = None

    def _note(self, name: str) -> None:
        self.called.append(name)
        if self.failure is not None:
            raise self.failure

    def migrate(self, _settings: Settings) -> None:
        self._note("migrate")

    def preflight(self, _settings: Settings) -> None:
        self._note("check")

    async def seed(self, _settings: Settings, members: int) -> bool:
        self.members = members
        self._note("seed")
        return self.called.count("seed") == 1

    async def create_admin(self, _settings: Settings, request: AdminRequest) -> bool:
        if self.member:
            request.confirm_promotion()
        else:
            self.admins.append((request.email.value, request.describe()))
        self._note("create_admin")
        return self.member

    async def run_worker(self, _settings: Settings) -> None:
        self._note("work")

    def openapi(self) -> dict[str, Any]:
        return {"b": "é", "a": 1}

    def application(self, _settings: Settings, *, shutdown_state: ShutdownState) -> Application:
        self.shutdown_state = shutdown_state
        return answer


async def answer(*_arguments: object) -> None:
    """An application of which only the identity matters."""


@pytest.fixture
def recorder() -> Recorder:
    return Recorder()


@pytest.fixture(autouse=True)
def _plain_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ENVIRONMENT:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr("app.presentation.cli.configure_logging", lambda *_: None)


def run(recorder: Recorder, *arguments: str, typed: str | None = None) -> Result:
    commands = Commands(
        migrate=recorder.migrate,
        preflight=recorder.preflight,
        seed=recorder.seed,
        create_admin=recorder.create_admin,
        run_worker=recorder.run_worker,
        openapi=recorder.openapi,
        application=recorder.application,
    )
    return CliRunner().invoke(create_cli(commands), arguments, input=typed)


@pytest.mark.parametrize(("command", "called"), [("migrate", ["migrate"]), ("worker", ["check", "work"])])
def test_calls_what_it_is_named_after_when_run(command: str, called: list[str], recorder: Recorder) -> None:
    assert run(recorder, command).exit_code == 0
    assert recorder.called == called


@pytest.mark.parametrize("command", ["serve", "worker"])
def test_starts_nothing_when_the_check_refuses(command: str, recorder: Recorder) -> None:
    recorder.failure = SettingsError("Name another role.")

    result = run(recorder, command)

    assert (result.exit_code, result.stderr) == (2, "Name another role.\n")
    assert recorder.called == ["check"]


def test_says_whether_data_is_new_when_seeding(recorder: Recorder) -> None:
    assert "stored" in run(recorder, "seed").stdout
    assert recorder.members == 50
    assert "already" in run(recorder, "seed", "--members", "1000000").stdout
    assert recorder.members == 1_000_000


def test_refuses_to_seed_when_not_in_development(monkeypatch: pytest.MonkeyPatch, recorder: Recorder) -> None:
    monkeypatch.setenv("PAU2_ENVIRONMENT", "test")

    result = run(recorder, "seed")

    assert result.exit_code == 2
    assert "only in development" in result.stderr
    assert recorder.called == []


@pytest.mark.parametrize("command", ["serve", "worker", "migrate", "seed"])
def test_refuses_in_one_sentence_when_production_has_no_secrets(
    command: str, monkeypatch: pytest.MonkeyPatch, recorder: Recorder
) -> None:
    monkeypatch.setenv("PAU2_ENVIRONMENT", "production")

    result = run(recorder, command)

    assert result.exit_code == 2
    assert result.stderr == "Settings: PAU2_CURSOR_SECRET must be set in production.\n"
    assert recorder.called == []


@pytest.mark.parametrize("command", ["migrate", "seed", "serve", "worker"])
def test_says_so_in_one_sentence_when_the_database_is_away(command: str, recorder: Recorder) -> None:
    recorder.failure = UnavailableError()

    result = run(recorder, command)

    assert result.exit_code == 2
    assert result.stderr == f"{UnavailableError.detail}\n"


def test_says_so_in_one_sentence_when_the_server_logs_too_much(recorder: Recorder) -> None:
    recorder.failure = SettingsError("Set log_error_verbosity = terse.")

    result = run(recorder, "migrate")

    assert (result.exit_code, result.stderr) == (2, "Set log_error_verbosity = terse.\n")


def test_reads_password_from_stdin_when_creating_an_admin(recorder: Recorder) -> None:
    result = run(
        recorder, "create-admin", "--email", "Ada@PAU2.example", "--full-name", "Ada", typed=f"{PASSWORD}\n"
    )

    assert result.exit_code == 0, result.output
    [(email, admin)] = recorder.admins
    assert (email, admin.full_name) == ("ada@pau2.example", "Ada")
    assert admin.password.value == PASSWORD
    assert PASSWORD not in result.output


def test_asks_for_what_is_missing_when_an_admin_is_made(recorder: Recorder) -> None:
    result = run(recorder, "create-admin", typed=f"ada@FASS.example\nAda\n{PASSWORD}\n")

    assert result.exit_code == 0, result.output
    [(email, admin)] = recorder.admins
    assert (email, admin.full_name, admin.password.value) == ("ada@fass.example", "Ada", PASSWORD)


def test_promotes_a_member_when_told_so(recorder: Recorder) -> None:
    recorder.member = True
    refused = run(recorder, "create-admin", "--email", "ada@pau2.example", typed="y\n")
    assert (refused.exit_code, recorder.called) == (2, [])
    assert "Pass --yes" in refused.stderr

    result = run(recorder, "create-admin", "--email", "ada@pau2.example", "--yes")

    assert (result.exit_code, recorder.called) == (0, ["create_admin"])
    assert result.stdout == "The member is an administrator now.\n"


@pytest.mark.parametrize(("typed", "called"), [("y\n", ["create_admin"]), ("n\n", [])])
def test_asks_before_promoting_when_somebody_is_there(
    typed: str, called: list[str], monkeypatch: pytest.MonkeyPatch, recorder: Recorder
) -> None:
    recorder.member = True
    monkeypatch.setattr("app.presentation.cli._is_interactive", lambda: True)

    run(recorder, "create-admin", "--email", "ada@pau2.example", typed=typed)

    assert recorder.called == called


@pytest.mark.parametrize(("repeated", "code", "admins"), [(PASSWORD, 0, 1), ("other", 1, 0)])
def test_asks_twice_for_the_password_when_somebody_is_there(
    repeated: str, code: int, admins: int, monkeypatch: pytest.MonkeyPatch, recorder: Recorder
) -> None:
    monkeypatch.setattr("app.presentation.cli._is_interactive", lambda: True)
    options = ("--email", "ada@pau2.example", "--full-name", "Ada")

    result = run(recorder, "create-admin", *options, typed=f"{PASSWORD}\n{repeated}\n")

    assert (result.exit_code, len(recorder.admins)) == (code, admins)
    assert PASSWORD not in result.output


@pytest.mark.parametrize(
    ("email", "password", "failure", "sentence"),
    [
        ("ada@pau2.example", "short", None, "15 to 128 characters"),
        ("nonsense", PASSWORD, None, "not an e-mail address"),
        ("ada@pau2.example", PASSWORD, EmailTakenError(), "uses this e-mail address"),
    ],
)
def test_makes_no_admin_when_a_rule_is_broken(
    *, email: str, password: str, failure: Exception | None, sentence: str, recorder: Recorder
) -> None:
    recorder.failure = failure

    result = run(recorder, "create-admin", "--email", email, "--full-name", "Ada", typed=f"{password}\n")

    assert result.exit_code == 2
    assert sentence in result.stderr


def test_prints_identical_contract_when_run_again(recorder: Recorder) -> None:
    text = run(recorder, "openapi").stdout

    assert json.loads(text) == recorder.openapi()
    assert text == '{\n  "a": 1,\n  "b": "é"\n}\n'


@pytest.fixture
def servers(monkeypatch: pytest.MonkeyPatch) -> list[Server]:
    """The servers that would have started."""
    servers: list[Server] = []

    def note(server: Server, _sockets: object) -> None:
        servers.append(server)

    monkeypatch.setattr(Server, "run", note)
    return servers


def test_hands_over_to_the_server_when_serving(servers: list[Server], recorder: Recorder) -> None:
    assert run(recorder, "serve", "--port", "9000").exit_code == 0

    assert recorder.called == ["check"]
    [server] = servers
    assert server.config.app is answer
    assert (server.config.host, server.config.port) == ("127.0.0.1", 9000)
    assert server.config.access_log is False
    assert server.config.timeout_keep_alive == 75


def test_listens_where_it_is_told_when_serving(
    servers: list[Server], recorder: Recorder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PAU2_KEEP_ALIVE", "120")

    run(recorder, "serve", "--unix-socket", "/run/pau2.sock", "--root-path", "/pau/")

    [server] = servers
    assert (server.config.uds, server.config.root_path) == ("/run/pau2.sock", "/pau")
    assert server.config.timeout_keep_alive == 120


def test_reports_in_one_sentence_when_a_server_process_exits(
    monkeypatch: pytest.MonkeyPatch, recorder: Recorder
) -> None:
    def end(_count: int, _place: BindAddress) -> None:
        raise WorkersError("It has ended.")

    monkeypatch.setattr("app.presentation.cli.serve_with_workers", end)

    result = run(recorder, "serve", "--workers", "2")

    assert (result.exit_code, result.stderr) == (2, "It has ended.\n")
