"""`python -m devtools.devcontainer`: the command line of the proof."""

import argparse
import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from devtools.devcontainer.checkout import new_checkout
from devtools.devcontainer.engine import Access, DevContainer, Shell, require_engine
from devtools.devcontainer.errors import EngineMissingError, StepError
from devtools.devcontainer.proof import prove, steps
from devtools.devcontainer.stand_ins import make_stand_ins
from devtools.devcontainer.users import current_user, find_user
from devtools.postgres import PROJECT
from devtools.signals import interrupt, signal_handler
from gates.model import GateError, Project
from gates.repo import yaml12
from gates.repo.git import changed_paths, merge_base

COMPOSE = ".devcontainer/compose.yaml"
PARTS = (
    ".devcontainer/",
    ".pre-commit-config.yaml",
    "backend/devtools/devcontainer/",
    "backend/requirements/",
    "noxfile.py",
    "noxw",
)
"""The files of the container. Other changes work in the container if they work outside."""


def main(arguments: Sequence[str], root: Path = PROJECT) -> int:
    """Prove the container; return 0, 1 if a step failed, or 2 if nothing can be proven on this machine."""
    options = parse(arguments)
    try:
        if options.changed and not is_touched(root):
            print(f"devcontainer: not built, since this change touches none of {', '.join(PARTS)}.")
            return 0
        with signal_handler(interrupt):
            run(options, root)
    except (EngineMissingError, GateError) as error:
        print(f"devcontainer: nothing is proven. {error}", file=sys.stderr)
        return 2
    except (StepError, subprocess.TimeoutExpired) as error:
        print(f"devcontainer: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("devcontainer: stopped.", file=sys.stderr)
        return 130
    print("devcontainer: every step succeeded.")
    return 0


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


def is_touched(root: Path) -> bool:
    """Return whether the change touches a part of the container. Raises GateError."""
    project = Project(root=root)
    return any(path.startswith(PARTS) for path in changed_paths(project, merge_base(project)))


def run(options: argparse.Namespace, root: Path) -> None:
    """Run the steps and print their times. Raises the errors that `main` reports."""
    user = find_user(options.user, os.geteuid())
    log = root / "reports" / "devcontainer.log"
    log.parent.mkdir(exist_ok=True)
    log.unlink(missing_ok=True)
    require_engine(Shell(user=user, folder=root, log=log))
    if options.stand_ins:
        services = yaml12.load(COMPOSE, (root / COMPOSE).read_text(encoding="utf-8"))["services"]
        made = make_stand_ins(Shell(user=current_user(), folder=root, log=log), services["postgres"]["image"])
        print(f"devcontainer: made stand-ins of Debian's packages: {', '.join(made) or 'none were missing'}")
    variables = {name: os.environ[name] for name in options.variable}
    access = Access(files=options.file, variables=variables)
    with (
        new_checkout(root, user) as checkout,
        removed_afterwards(
            DevContainer(shell=Shell(user=user, folder=checkout, log=log), access=access)
        ) as container,
    ):
        for name, seconds in prove(steps(container, options.sessions)):
            print(f"{seconds:7.1f} s  {name}", flush=True)


@contextmanager
def removed_afterwards(container: DevContainer) -> Iterator[DevContainer]:
    """Yield the container, and remove it with its volumes."""
    try:
        yield container
    finally:
        container.remove()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
