"""`python -m devtools.production`: the command line of the proof."""

import argparse
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import httpx

from devtools.containers.checkout import new_checkout
from devtools.containers.engine import require_engine
from devtools.containers.errors import EngineMissingError, StepError
from devtools.containers.session import is_touched, new_log, run_session, run_steps
from devtools.containers.shell import Shell
from devtools.containers.stand_ins import make_stand_ins
from devtools.containers.users import current_user
from devtools.postgres import PROJECT
from devtools.production.deployment import COMPOSE, PROJECT_NAME, Deployment
from devtools.production.proof import Proof
from devtools.production.website import NewClient, new_client
from gates.repo import yaml12

INSTALL = "Docker with Compose 2, from Debian 13: apt-get install docker.io docker-compose openssl"
PARTS = (
    COMPOSE,
    "backend/app/main.py",
    "backend/app/core/settings.py",
    "backend/app/presentation/server.py",
    "backend/devtools/containers/",
    "backend/devtools/production/",
    "backend/requirements/runtime.txt",
    "deploy/",
    "docs/operations.md",
)
"""The files of the deployment. Other changes work in the image if they work outside."""


def main(arguments: Sequence[str], root: Path = PROJECT, client: NewClient = new_client) -> int:
    """Prove the deployment; return the exit code that `run_session` describes."""
    options = parse(arguments)
    return run_session("production", lambda: run(options, root, client))


def parse(arguments: Sequence[str]) -> argparse.Namespace:
    """Parse the command line."""
    parser = argparse.ArgumentParser(
        prog="./noxw -s production --",
        description="Clone HEAD, build the production image, and operate the service as docs/operations.md "
        "says, on free ports of 127.0.0.1. Needs a Docker engine with Compose 2.",
    )
    parser.add_argument("--changed", action="store_true", help="only if the change touches the deployment")
    parser.add_argument(
        "--stand-ins", action="store_true", help="make missing images of Debian's packages (as root)"
    )
    parser.add_argument(
        "--certificate",
        action="append",
        default=[],
        type=Path,
        metavar="FILE",
        help="a certificate that stand-ins trust, for a machine behind a proxy",
    )
    return parser.parse_args(arguments)


def run(options: argparse.Namespace, root: Path, client: NewClient) -> None:
    """Run the steps and print their times. Raises the errors that `run_session` reports."""
    if options.changed and not is_touched(root, PARTS):
        print(f"production: not built, since this change touches none of {', '.join(PARTS)}.")
        return
    shell = new_log(root, "production", current_user())
    require_compose(shell)
    if options.stand_ins:
        services = yaml12.load(COMPOSE, (root / COMPOSE).read_text(encoding="utf-8"))["services"]
        images = [services[name]["image"] for name in ("postgres", "proxy")]
        made = make_stand_ins(shell, images, options.certificate)
        print(f"production: made stand-ins of Debian's packages: {', '.join(made) or 'none were missing'}")
    with (
        new_checkout(root, PROJECT_NAME, shell.user) as checkout,
        removed_afterwards(new_deployment(replace(shell, folder=checkout), client)) as deployment,
    ):
        try:
            run_steps("production", Proof(deployment=deployment).steps())
        except httpx.HTTPError as error:
            raise StepError(f"a request failed: {error!r}") from error


def require_compose(shell: Shell) -> None:
    """Raise EngineMissingError unless this machine has an engine, and Compose 2."""
    require_engine(shell, programs=("docker", "openssl"), install=INSTALL)
    try:
        shell.run("docker", "compose", "version")
    except StepError:
        message = f"`docker compose` does not exist. Install Compose 2 ({INSTALL})."
        raise EngineMissingError(message) from None


def new_deployment(shell: Shell, client: NewClient) -> Deployment:
    """Return a deployment on free ports of 127.0.0.1."""
    deployment = Deployment(shell=shell, client=client)
    variables = {
        "COMPOSE_PROJECT_NAME": PROJECT_NAME,
        "PAU2_HTTP": f"127.0.0.1:{deployment.http_port}",
        "PAU2_HTTPS": f"127.0.0.1:{deployment.https_port}",
    }
    return replace(deployment, shell=replace(shell, variables=variables))


@contextmanager
def removed_afterwards(deployment: Deployment) -> Iterator[Deployment]:
    """Yield the deployment; then add the services' logs to the log, and remove it with its volumes."""
    try:
        yield deployment
    finally:
        deployment.script("compose logs --no-color || true")
        deployment.remove()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
