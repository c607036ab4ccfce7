"""`./noxw -s devcontainer`: its steps, with programs that record what the engine and the CLI are told."""

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from threading import Thread, main_thread
from traceback import walk_stack

import pytest

from devtools.containers.checkout import foreign_files
from devtools.containers.errors import EngineMissingError, StepError
from devtools.containers.shell import Shell
from devtools.containers.users import User, find_user
from devtools.devcontainer.__main__ import main
from devtools.devcontainer.container import Access, DevContainer
from devtools.devcontainer.proof import steps
from tests.integration.edited_repository import commit, make_edited_repository
from tests.integration.temporary_checkouts import new_folder

DEVELOPER = ["--user", "nobody"] if os.geteuid() == 0 else []
"""Root has to name another user; any other user is the developer."""
PROJECT_NAME = "pau2-devcontainer-proof_devcontainer"
NPX = """case "$*" in *"${BROKEN:-nothing is broken}"*) echo 'it broke' && exit 1 ;; esac
[ "$3" != up ] || echo '{"outcome":"success","composeProjectName":"'"${NAME:-PROJECT_NAME}"'"}'
echo "${PRINTED-gates at push}"
""".replace("PROJECT_NAME", PROJECT_NAME)
DOCKER = """case "$*" in
  info) [ -z "${STOPPED:-}" ] || { echo 'Cannot connect to the daemon'; exit 1; } ;;
  "image inspect "*) [ -z "${MISSING:-}" ] ;;
  ps*|volume\\ ls*) echo found ;;
esac
"""


@pytest.fixture
def folder() -> Iterator[Path]:
    with new_folder() as path:
        yield path


@pytest.fixture
def calls(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The file in which stand-ins for the engine's programs write how they were called."""
    programs, record = folder / "bin", folder / "calls"
    programs.mkdir()
    record.touch()
    record.chmod(0o666)
    bodies = {"npx": NPX, "docker": DOCKER, "debootstrap": 'mkdir "$3"', "tar": "true"}
    for name, body in bodies.items():
        program = programs / name
        program.write_text(f'#!/bin/sh\necho "{name} $*" >> {record}\n{body}\n')
        program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{programs}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.delenv("PAU2_BASE", raising=False)
    return record


@pytest.fixture
def root(folder: Path) -> Path:
    """A repository whose last commit, on a branch, changes a page."""
    root = folder / "repository"
    (root / ".devcontainer").mkdir(parents=True)
    (root / ".devcontainer/compose.yaml").write_text("services: {postgres: {image: 'postgres:18'}}\n")
    return make_edited_repository(root)


def test_proves_every_step_and_removes_the_container(
    root: Path, calls: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code = main([*DEVELOPER, "--sessions", "lint", "typecheck"], root)

    output = capsys.readouterr().out.splitlines()
    told = calls.read_text()
    assert code == 0
    assert [line.split(" s  ")[1] for line in output[:-1]] == [
        "prebuild: image, volumes, environments",
        "create the container",
        "all files of the checkout belong to the developer",
        "git trusts the checkout of another uid",
        "./noxw -s dev: ready, then stopped",
        "./noxw -s lint typecheck",
        "a bad commit refused, a good one made and pushed",
        "rebuild the container with the volumes it has",
    ]
    assert output[-1] == "devcontainer: every step succeeded."
    assert (
        told.index("--prebuild") < told.index("--remove-existing-container") < told.rindex("volume rm found")
    )
    assert f"label=com.docker.compose.project={PROJECT_NAME}" in told
    assert not [path for path in re.findall(r"--workspace-folder (\S+)", told) if Path(path).exists()]


def test_runs_all_gates_when_no_session_is_chosen(root: Path, calls: Path) -> None:
    assert main(DEVELOPER, root) == 0
    assert "./noxw\n" in calls.read_text()


def test_passes_files_and_variables_on(root: Path, calls: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PIP_CERT", "/certificates")

    main([*DEVELOPER, "--file", "/certificates", "--variable", "PIP_CERT"], root)

    lines = calls.read_text().splitlines()
    created = [line for line in lines if " up " in line]
    entered = [line for line in lines if " exec " in line]
    mount = "--mount=type=bind,source=/certificates,target=/certificates"
    assert all(f"{mount} --remote-env=PIP_CERT=/certificates" in line for line in created)
    assert all("--remote-env=PIP_CERT=/certificates" in line and "--mount" not in line for line in entered)


@pytest.mark.parametrize("step", ["--prebuild", "dev_run", "./noxw -s lint", "git commit", "--user=nobody"])
def test_returns_1_when_a_step_fails(
    step: str,
    root: Path,
    calls: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("BROKEN", step)

    code = main([*DEVELOPER, "--sessions", "lint"], root)

    assert code == 1
    assert capsys.readouterr().err.endswith("ended with 1:\nit broke\n")
    assert calls.read_text().splitlines()[-1].startswith("docker network ls")


@pytest.mark.parametrize(
    ("printed", "message"),
    [
        ("PRINTED=", "git pushed without the hook"),
        ("PRINTED=gates at push: installing .venv", "the volumes were not used again: installing .venv"),
        ("NAME=another", f"the CLI did not start the Compose project {PROJECT_NAME}"),
    ],
)
@pytest.mark.usefixtures("calls")
def test_returns_1_when_the_output_is_not_as_expected(
    printed: str,
    message: str,
    root: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    variable, _, value = printed.partition("=")
    monkeypatch.setenv(variable, value)

    assert main(DEVELOPER, root) == 1
    assert message in capsys.readouterr().err


def test_refuses_files_of_another_user(folder: Path) -> None:
    (folder / "made-by-another").touch()
    other = User(name="other", uid=os.geteuid() + 1, gid=0, home="/")
    container = DevContainer(shell=Shell(user=other, folder=folder, log=folder / "log"), access=Access())
    check = dict(steps(container, []))["all files of the checkout belong to the developer"]

    assert foreign_files(folder, other) == [".", "made-by-another"]
    with pytest.raises(StepError, match=r"belong to another user: \., made-by-another"):
        check()


@pytest.mark.usefixtures("calls")
def test_returns_2_when_no_engine_runs(
    root: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("STOPPED", "yes")

    assert main(DEVELOPER, root) == 2
    error = capsys.readouterr().err
    assert error.startswith("devcontainer: nothing is proven.")
    assert "cannot use the Docker engine (Cannot connect to the daemon)" in error


def test_returns_2_when_programs_are_missing(
    root: Path, folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PATH", str(folder))

    assert main(DEVELOPER, root) == 2
    assert "docker and npx cannot be found. Install what is missing" in capsys.readouterr().err


def test_returns_2_when_the_folder_is_no_repository(
    folder: Path, calls: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(DEVELOPER, folder) == 2
    assert "`git clone` failed" in capsys.readouterr().err
    assert "docker info" in calls.read_text()


def wait_until_a_process_is_awaited(thread: Thread) -> None:
    """Wait until the thread has started its process: a signal in the middle of `Popen` would lose it."""
    code = subprocess.Popen.wait.__code__
    while code not in {frame.f_code for frame, _ in walk_stack(sys._current_frames()[thread.ident or 0])}:
        time.sleep(0.01)


def test_returns_130_when_it_is_interrupted(
    root: Path, calls: Path, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    started = folder / "started"
    os.mkfifo(started)
    started.chmod(0o666)
    (folder / "bin/npx").write_text(f"#!/bin/sh\necho > {started}\nexec sleep 60\n")

    def interrupt() -> None:
        if started.read_text():
            wait_until_a_process_is_awaited(main_thread())
            os.kill(os.getpid(), signal.SIGTERM)

    Thread(target=interrupt).start()

    assert main(DEVELOPER, root) == 130
    assert capsys.readouterr().err == "devcontainer: stopped.\n"
    assert calls.read_text().splitlines()[-1].startswith("docker network ls")


@pytest.mark.parametrize(
    ("name", "message"), [("root", "take over root's uid"), ("nobody-at-all", "no user")]
)
def test_refuses_user_whose_uid_nobody_can_take_over(name: str, message: str) -> None:
    with pytest.raises(EngineMissingError, match=message):
        find_user(name, 1000)


def test_finds_the_current_user_when_none_is_named() -> None:
    nobody = find_user("nobody", 0)

    assert find_user("", nobody.uid) == nobody


@pytest.mark.usefixtures("calls")
def test_does_nothing_when_no_part_of_the_container_changed(
    root: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([*DEVELOPER, "--changed"], root) == 0
    assert capsys.readouterr().out.startswith("devcontainer: not built, since this change touches none of")


def test_proves_when_the_change_touches_the_container(root: Path, calls: Path) -> None:
    commit(root, ".devcontainer/Dockerfile", "FROM debian:bookworm-slim\n")

    assert main([*DEVELOPER, "--changed"], root) == 0
    assert "--prebuild" in calls.read_text()


def test_makes_images_when_the_engine_lacks_them(
    root: Path, calls: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("MISSING", "yes")

    assert main([*DEVELOPER, "--stand-ins"], root) == 0
    told = calls.read_text()
    assert (
        told.index("debootstrap") < told.index("docker import") < told.index("docker build --tag postgres:18")
    )
    assert "made stand-ins of Debian's packages: debian:bookworm-slim, postgres:18" in capsys.readouterr().out


def test_makes_no_image_when_the_engine_has_them(
    root: Path, calls: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([*DEVELOPER, "--stand-ins"], root) == 0
    assert "debootstrap" not in calls.read_text()
    assert "none were missing" in capsys.readouterr().out
