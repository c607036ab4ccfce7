"""The steps of a newcomer's first day in the container, each of which must succeed."""

from collections.abc import Sequence

from devtools.containers.checkout import foreign_files
from devtools.containers.errors import StepError
from devtools.containers.session import Step
from devtools.devcontainer.container import DevContainer

GIT_OF_ANOTHER_USER = ("sudo", "--user=nobody", "git", "status", "--short")
DEV_RUN = ("sh", "-c", "cd backend && exec ../.venv/bin/python -m devtools.devcontainer.dev_run")
COMMIT_AND_PUSH = """set -eu
echo 'import os' > backend/devtools/unused.py
git add backend/devtools/unused.py
if git commit --quiet --message 'Import a module that nothing uses'; then
  echo 'the hook let an unused import pass' && exit 1
fi
git rm --quiet --force backend/devtools/unused.py
echo 'One more line.' >> docs/development.md
git commit --quiet --all --message 'Add a line'
git clone --quiet --bare . /tmp/remote.git
git push --quiet /tmp/remote.git HEAD:refs/heads/pushed
test "$(git -C /tmp/remote.git rev-parse pushed)" = "$(git rev-parse HEAD)"
"""
PUSH_HOOK = "gates at push"
"""A part of the hook's name, which pre-commit prints."""
INSTALLATIONS = ("preparing nox", "installing .venv")
"""Output of noxw and nox when they install packages."""


def steps(container: DevContainer, sessions: Sequence[str]) -> list[Step]:
    """Return the steps in order. Without sessions, all gates run."""
    gates = ("./noxw", "-s", *sessions) if sessions else ("./noxw",)
    return [
        ("prebuild: image, volumes, environments", lambda: _prebuild(container)),
        ("create the container", lambda: _create(container)),
        ("all files of the checkout belong to the developer", lambda: _check_owners(container)),
        ("git trusts the checkout of another uid", lambda: _run(container, *GIT_OF_ANOTHER_USER)),
        ("./noxw -s dev: ready, then stopped", lambda: _run(container, *DEV_RUN)),
        (" ".join(gates), lambda: _run(container, *gates)),
        ("a bad commit refused, a good one made and pushed", lambda: _commit_and_push(container)),
        ("rebuild the container with the volumes it has", lambda: _rebuild(container)),
    ]


def _prebuild(container: DevContainer) -> None:
    container.remove()
    container.up("--prebuild")


def _create(container: DevContainer) -> None:
    container.up()


def _run(container: DevContainer, *command: str) -> None:
    container.run(*command)


def _check_owners(container: DevContainer) -> None:
    if foreign := foreign_files(container.shell.folder, container.shell.user):
        raise StepError(f"these files belong to another user: {', '.join(foreign[:5])}")


def _commit_and_push(container: DevContainer) -> None:
    output = container.run("sh", "-c", COMMIT_AND_PUSH)
    if PUSH_HOOK not in output:
        raise StepError(f"git pushed without the hook:\n{output}")


def _rebuild(container: DevContainer) -> None:
    output = container.up("--remove-existing-container")
    if done := [words for words in INSTALLATIONS if words in output]:
        raise StepError(f"the volumes were not used again: {' and '.join(done)}")
