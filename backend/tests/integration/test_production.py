"""`./noxw -s production`: its steps, with programs that record what the engine is told."""

import json
import os
import re
import shutil
import smtplib
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from socketserver import ThreadingTCPServer
from threading import Thread

import httpx
import pytest

from devtools.containers.errors import StepError
from devtools.postgres import PROJECT
from devtools.production import proof
from devtools.production.__main__ import main
from devtools.production.deployment import PROJECT_NAME, commands_of
from devtools.production.mail_server import Session
from tests.integration.edited_repository import commit, make_edited_repository

COPIED = (
    "backend/app/presentation/http/docs.py",
    "backend/devtools/production/mail_server.py",
    "compose.production.yaml",
    "docs/operations.md",
)
NEWS = "/pau/api/v1/news"
SERVICES = ("proxy", "api-1", "api-2", "worker", "migrate", "postgres")
DOCKER = """
[ ! -e .env ] || cp .env "$STATE/env"
case "$*" in *"${BROKEN:-nothing is broken}"*) echo 'it broke'; exit 1 ;; esac
case "$*" in
  "compose -f compose.production.yaml stop "*) touch "$STATE/stopped" ;;
  "compose -f compose.production.yaml up "*) rm -f "$STATE/stopped" ;;
  *pg_restore*) touch "$STATE/restored" ;;
  "image inspect "*) [ -z "${MISSING:-}" ] ;;
  *NoNewPrivs*) printf 'Uid:\\t%s\\nCapEff:\\t0\\nNoNewPrivs:\\t1\\n' "${UID_INSIDE:-10001}" ;;
  *find_spec*) echo "${TOOLS:-}" ;;
  inspect*) if [ -e "$STATE/stopped" ]; then cat "$STATE/ended.json"; else cat "$STATE/running.json"; fi ;;
  logs*) echo "${MAIL-RCPT TO:<marta@vecinos.example>}" ;;
  ps*|volume\\ ls*|run*) echo found ;;
esac
"""
OPENSSL = """case "$1" in req) touch fullchain.pem privkey.pem ;; rand) echo 00 ;; esac"""


def inspections(*, is_running: bool, exit_code: int) -> str:
    """Return what `docker inspect` prints about all services, and about a container without a service."""
    up = {"Status": "running", "ExitCode": 0, "Health": {"Status": "healthy"}}
    ended = {"Status": "exited", "ExitCode": exit_code}
    containers = [
        {
            "Config": {"Labels": {"com.docker.compose.service": name}},
            "NetworkSettings": {"Ports": {}},
            "State": {
                **(up if is_running and name != "migrate" else ended),
                "StartedAt": "2026-11-28T10:00:06.1Z",
                "FinishedAt": "2026-11-28T10:00:05.1Z",
            },
        }
        for name in SERVICES
    ]
    return json.dumps([*containers, {"Config": {"Labels": {}}}])


@dataclass
class Service:
    """What the proxy's clients see, according to the state that the engine's stand-in keeps."""

    state: Path
    titles: list[str] = field(default_factory=list)
    backed_up: int | None = None
    version_of_next: str = "1.0.1"
    loses_new_articles: bool = True

    def client(self, _port: int, _certificate: Path) -> httpx.Client:
        return httpx.Client(base_url="https://localhost", transport=httpx.MockTransport(self.respond))

    def respond(self, request: httpx.Request) -> httpx.Response:
        path = request.url.path
        if request.url.scheme == "http":
            return httpx.Response(308, headers={"Location": "https://localhost"})
        if request.method == "POST":
            return self.create(request)
        if path == NEWS:
            return httpx.Response(200, json={"items": [{"title": title} for title in self.stored()]})
        contract = {"servers": [{"url": "/pau"}], "info": {"version": self.version()}}
        pages = {
            f"{NEWS}/1": httpx.Response(200),
            "/pau/docs": httpx.Response(200, text="'/pau/openapi.json'"),
            "/pau/health/ready": httpx.Response(200, headers={"Strict-Transport-Security": "max-age=1"}),
            "/pau/openapi.json": httpx.Response(200, json=contract),
        }
        return pages.get(path, httpx.Response(404))

    def create(self, request: httpx.Request) -> httpx.Response:
        """Log in, invite a member or create an article."""
        if request.url.path == NEWS:
            self.titles.append(json.loads(request.content)["title"])
        return httpx.Response(201, json={"access_token": "token"}, headers={"Location": f"{NEWS}/1"})

    def stored(self) -> list[str]:
        """Return the titles, without the last one after a restore."""
        is_restored = (self.state / "restored").exists()
        return self.titles[:-1] if is_restored and self.loses_new_articles else self.titles

    def version(self) -> str:
        """Return the version of the release that `.env` names."""
        return self.version_of_next if "2026-12" in (self.state / "env").read_text() else "1.0.0"


@pytest.fixture
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder in which stand-ins for programs keep their state, and `calls`, how they were called."""
    programs, state = tmp_path / "bin", tmp_path / "state"
    for folder in (programs, state):
        folder.mkdir()
    bodies = {"docker": DOCKER, "openssl": OPENSSL, "debootstrap": 'mkdir "$3"', "tar": "true"}
    for name, body in bodies.items():
        program = programs / name
        program.write_text(f'#!/bin/sh\necho "{name} $*" >> "$STATE/calls"\n{body}\n')
        program.chmod(0o755)
    (state / "running.json").write_text(inspections(is_running=True, exit_code=0))
    (state / "ended.json").write_text(inspections(is_running=False, exit_code=0))
    monkeypatch.setenv("PATH", f"{programs}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setenv("STATE", str(state))
    monkeypatch.delenv("PAU2_BASE", raising=False)
    return state


@pytest.fixture
def service(state: Path) -> Service:
    return Service(state)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A repository with the files of the deployment, whose last commit, on a branch, changes a page."""
    root = tmp_path / "repository"
    for path in COPIED:
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(PROJECT / path, root / path)
    return make_edited_repository(root)


def test_proves_every_step_and_removes_the_project(
    root: Path, state: Path, service: Service, capsys: pytest.CaptureFixture[str]
) -> None:
    code = main([], root, service.client)

    output = capsys.readouterr().out.splitlines()
    told = (state / "calls").read_text()
    assert (code, output[-1]) == (0, "production: every step succeeded.")
    assert len(output) == 11
    assert (
        told.index(" build\n")
        < told.index("create-admin --email ana@vecinos.example")
        < told.index("--force-recreate worker")
        < told.index(" run --rm migrate\n")
        < told.index("pg_dump")
        < told.index("pg_restore")
        < told.rindex("volume rm found")
    )
    assert f"label=com.docker.compose.project={PROJECT_NAME}" in told


@pytest.mark.parametrize(
    ("variable", "value", "message"),
    [
        ("BROKEN", "--email", "ended with 1:"),
        ("BROKEN", "pg_dump", "ended with 1:"),
        ("UID_INSIDE", "0", "proxy runs as root"),
        ("TOOLS", "pip", "the image has pip"),
        ("MAIL", "", "the mail to a new member did not come"),
    ],
)
def test_returns_1_when_a_step_fails(
    *,
    variable: str,
    value: str,
    message: str,
    root: Path,
    state: Path,
    service: Service,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv(variable, value)
    monkeypatch.setattr(proof, "MAIL_TIMEOUT", 0.0)

    assert main([], root, service.client) == 1
    assert message in capsys.readouterr().err
    assert (state / "calls").read_text().splitlines()[-1].startswith("docker network ls")


@pytest.mark.parametrize(
    ("name", "is_running", "message"),
    [
        ("running.json", False, "proxy is not healthy"),
        ("ended.json", False, "proxy is exited with exit code 137"),
    ],
)
def test_returns_1_when_a_container_is_not_as_it_must_be(
    *,
    name: str,
    is_running: bool,
    message: str,
    root: Path,
    service: Service,
    capsys: pytest.CaptureFixture[str],
) -> None:
    (service.state / name).write_text(inspections(is_running=is_running, exit_code=137))

    assert main([], root, service.client) == 1
    assert message in capsys.readouterr().err


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"version_of_next": "1.0.0"}, 'the API tells that it is 1.0.0, and not version="1.0.1"'),
        ({"loses_new_articles": False}, "does not have the articles of the backup"),
    ],
)
def test_returns_1_when_the_service_is_not_the_expected_one(
    changes: dict[str, object],
    message: str,
    root: Path,
    service: Service,
    capsys: pytest.CaptureFixture[str],
) -> None:
    for name, value in changes.items():
        setattr(service, name, value)

    assert main([], root, service.client) == 1
    assert message in capsys.readouterr().err


def test_returns_1_when_a_request_fails(
    root: Path, service: Service, capsys: pytest.CaptureFixture[str]
) -> None:
    def refuse(request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("refused", request=request)

    client = httpx.Client(base_url="https://localhost", transport=httpx.MockTransport(refuse))

    assert main([], root, lambda _port, _certificate: client) == 1
    assert "a request failed: ConnectError('refused')" in capsys.readouterr().err
    assert (service.state / "calls").read_text().splitlines()[-1].startswith("docker network ls")


@pytest.mark.parametrize(
    ("broken", "message"),
    [("info", "cannot use the Docker engine (it broke)"), ("compose version", "Install Compose 2")],
)
def test_returns_2_when_the_engine_cannot_prove_it(
    *,
    broken: str,
    message: str,
    root: Path,
    service: Service,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("BROKEN", broken)

    assert main([], root, service.client) == 2
    error = capsys.readouterr().err
    assert error.startswith("production: nothing is proven.")
    assert message in error


def test_does_nothing_when_no_part_of_the_deployment_changed(
    root: Path, service: Service, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["--changed"], root, service.client) == 0
    assert capsys.readouterr().out.startswith("production: not built, since this change touches none of")


def test_proves_when_the_change_touches_the_deployment(root: Path, service: Service) -> None:
    commit(root, "deploy/nginx.conf", "events {}\n")

    assert main(["--changed"], root, service.client) == 0
    assert "pg_restore" in (service.state / "calls").read_text()


def test_makes_images_when_the_engine_lacks_them(
    root: Path, service: Service, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MISSING", "yes")
    certificate = tmp_path / "proxy.crt"
    certificate.touch()

    assert main(["--stand-ins", "--certificate", str(certificate)], root, service.client) == 0
    told = (service.state / "calls").read_text()
    positions = [told.index(f"docker build --tag {image}") for image in ("postgres:18", "nginx:")]
    assert told.index("docker import") < min(positions)


def test_refuses_page_without_commands() -> None:
    with pytest.raises(StepError, match=r"no commands below 'First start'"):
        commands_of("## First start\n\nNothing.\n\n## Second start\n\n```sh\ntrue\n```\n", "First start")


def test_refuses_release_without_a_version() -> None:
    with pytest.raises(StepError, match=re.escape('does not have version="1.0.0"')):
        proof.new_version("version = 2")


@pytest.fixture
def mail_server() -> Iterator[int]:
    """The port of the mail server for containers."""
    with ThreadingTCPServer(("127.0.0.1", 0), Session) as server:
        thread = Thread(target=server.serve_forever)
        thread.start()
        yield server.server_address[1]
        server.shutdown()
        thread.join()


def test_mail_server_prints_recipients(mail_server: int, capsys: pytest.CaptureFixture[str]) -> None:
    with smtplib.SMTP("127.0.0.1", mail_server) as client:
        client.sendmail("info@vecinos.example", ["marta@vecinos.example"], "Subject: Hello\n\nRCPT\n.\n")

    assert capsys.readouterr().out.upper() == "RCPT TO:<MARTA@VECINOS.EXAMPLE>\n"
