"""`python -m devtools.devcontainer`: the command line of the proof."""

import argparse
import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from devtools.containers.checkout import new_checkout
from devtools.containers.engine import require_engine
from devtools.containers.session import is_touched, new_log, run_session, run_steps
from devtools.containers.stand_ins import make_stand_ins
from devtools.containers.users import current_user, find_user
from devtools.devcontainer.container import Access, DevContainer
from devtools.devcontainer.proof import steps
from devtools.postgres import PROJECT
from gates.repo import yaml12

CHECKOUT = "pau2-devcontainer-proof"
COMPOSE = ".devcontainer/compose.yaml"
INSTALL = "Debian: apt-get install docker.io docker-compose nodejs npm, then start dockerd"
PARTS = (
    ".devcontainer/",
    ".pre-commit-config.yaml",
    "backend/devtools/containers/",
    "backend/devtools/devcontainer/",
    "backend/requirements/",
    "noxfile.py",
    "noxw",
)
"""The files of the container. Other changes work in the container if they work outside."""


def main(arguments: Sequence[str], root: Path = PROJECT) -> int:
    """Prove the container; return the exit code that `run_session` describes."""
    options = parse(arguments)
    return run_session("devcontainer", lambda: run(options, root))


def parse(arguments: Sequence[str]) -> argparse.Namespace:
    """Parse the command line."""
    parser = argparse.ArgumentParser(
        prog="./noxw -s devcontainer --",
        description="Clone HEAD, build its development container, and work in it. Needs a Docker engine.",
    )
    parser.add_argument("--changed", action="store_true", help="only if the change touches the container")
    parser.add_argument("--sessions", nargs="+", default=[], metavar="NAME", help="instead of all gates")
    parser.add_argument("--user", default="", metavar="NAME", help="who develops, if root runs this")
    parser.add_argument(
        "--stand-ins", action="store_true", help="make missing images of Debian's packages (as root)"
    )
    parser.add_argument(
        "--file", action="append", default=[], help="mount a file of this machine at the same path"
    )
    parser.add_argument(
        "--variable", action="append", default=[], metavar="NAME", help="pass a variable of this machine on"
    )
    return parser.parse_args(arguments)


def run(options: argparse.Namespace, root: Path) -> None:
    """Run the steps and print their times. Raises the errors that `run_session` reports."""
    if options.changed and not is_touched(root, PARTS):
        print(f"devcontainer: not built, since this change touches none of {', '.join(PARTS)}.")
        return
    user = find_user(options.user, os.geteuid())
    shell = new_log(root, "devcontainer", user)
    require_engine(shell, programs=("docker", "npx"), install=INSTALL)
    if options.stand_ins:
        services = yaml12.load(COMPOSE, (root / COMPOSE).read_text(encoding="utf-8"))["services"]
        made = make_stand_ins(replace(shell, user=current_user()), [services["postgres"]["image"]])
        print(f"devcontainer: made stand-ins of Debian's packages: {', '.join(made) or 'none were missing'}")
    variables = {name: os.environ[name] for name in options.variable}
    access = Access(files=options.file, variables=variables)
    with (
        new_checkout(root, CHECKOUT, user) as checkout,
        removed_afterwards(DevContainer(shell=replace(shell, folder=checkout), access=access)) as container,
    ):
        run_steps("devcontainer", steps(container, options.sessions))


@contextmanager
def removed_afterwards(container: DevContainer) -> Iterator[DevContainer]:
    """Yield the container, and remove it with its volumes."""
    try:
        yield container
    finally:
        container.remove()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
