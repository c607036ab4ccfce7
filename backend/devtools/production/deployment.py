"""The services of `compose.production.yaml`, operated with the commands of the documentation."""

import json
import re
import socket
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import httpx

from devtools.containers.engine import remove_project
from devtools.containers.errors import StepError
from devtools.containers.shell import Shell
from devtools.production.checks import Inspection
from devtools.production.website import PASSWORD, NewClient

COMPOSE = "compose.production.yaml"
PROJECT_NAME = "pau2-production-proof"
PAGE = "docs/operations.md"
FUNCTIONS = f'compose() {{ docker compose -f {COMPOSE} "$@"; }}\n'
"""What the page says that `compose` stands for."""
ANSWERS = "answers"
"""A file with what a person types: the administrator's name and password."""
CERTIFICATE, KEY = "fullchain.pem", "privkey.pem"
MAIL_SERVER = "mail.example"
REPLACEMENTS = {
    "…/fullchain.pem": f"../{CERTIFICATE}",
    "…/privkey.pem": f"../{KEY}",
    f"smtp+starttls://{MAIL_SERVER}:587": f"smtp://{MAIL_SERVER}:2525",
}
"""The page's examples, and their values here."""
SECTION = re.compile(r"^## (.+?)\n(.*?)(?=^## |\Z)", re.MULTILINE | re.DOTALL)
BLOCK = re.compile(r"^```sh\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def commands_of(page: str, section: str) -> list[str]:
    """Return the blocks of commands below a heading of a page. Raises StepError if there are none."""
    blocks = BLOCK.findall(dict(SECTION.findall(page)).get(section, ""))
    if not blocks:
        raise StepError(f"{PAGE} has no commands below {section!r}")
    return blocks


def free_port() -> int:
    """Return a port of 127.0.0.1 that is free now."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        port: int = server.getsockname()[1]
        return port


@dataclass(frozen=True, kw_only=True)
class Deployment:
    """The services in one Compose project, whose proxy listens on two ports of 127.0.0.1."""

    shell: Shell
    client: NewClient
    http_port: int = field(default_factory=free_port)
    https_port: int = field(default_factory=free_port)

    def website(self) -> httpx.Client:
        """Return a new client of the proxy."""
        return self.client(self.https_port, self.shell.folder / CERTIFICATE)

    def prepare(self) -> None:
        """Make the certificate, and store what a person will type. Raises StepError."""
        names = ("-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost")
        files = ("-keyout", KEY, "-out", CERTIFICATE)
        self.shell.run(
            "openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", *names, *files
        )
        answers = self.shell.folder / ANSWERS
        answers.write_text(f"Ana Prueba\n{PASSWORD}\n", encoding="utf-8")

    def follow(self, section: str, block: int) -> None:
        """Run a block of commands below a heading of the page. Raises StepError."""
        page = (self.shell.folder / PAGE).read_text(encoding="utf-8")
        commands = commands_of(page, section)[block]
        for example, value in REPLACEMENTS.items():
            commands = commands.replace(example, value)
        self.script(f"exec < {ANSWERS}\n{commands}")

    def script(self, commands: str) -> str:
        """Run commands with the function `compose`; return their output. Raises StepError."""
        return self.shell.run("bash", "-euo", "pipefail", "-c", FUNCTIONS + commands)

    def inspect(self) -> Mapping[str, Inspection]:
        """Return what the engine tells about the container of each service. Raises StepError."""
        label = "com.docker.compose"
        wanted = f"label={label}.project={PROJECT_NAME}"
        ids = self.shell.run("docker", "ps", "--all", "--quiet", "--filter", wanted).split()
        inspections: Sequence[Inspection] = json.loads(self.shell.run("docker", "inspect", *ids))
        labels = [(each["Config"]["Labels"].get(f"{label}.service"), each) for each in inspections]
        return {name: each for name, each in labels if name}

    def execute(self, service: str, script: str) -> str:
        """Run a script in the container of a service; return its output. Raises StepError."""
        return self.shell.run("docker", "compose", "-f", COMPOSE, "exec", "-T", service, "sh", "-c", script)

    def start_mail_server(self, image: str) -> str:
        """Start a mail server in the network of the worker; return its container's id. Raises StepError."""
        program = self.shell.folder / "backend/devtools/production/mail_server.py"
        options = (
            "--detach",
            f"--label=com.docker.compose.project={PROJECT_NAME}",
            f"--network={PROJECT_NAME}_mail",
            f"--network-alias={MAIL_SERVER}",
            f"--volume={program}:/mail_server.py:ro",
            "--entrypoint=python",
        )
        return self.shell.run("docker", "run", *options, image, "/mail_server.py").split()[-1]

    def remove(self) -> None:
        """Remove the containers, volumes and networks, also of a killed run. Raises StepError."""
        remove_project(self.shell, PROJECT_NAME)
