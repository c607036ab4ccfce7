"""The git hooks: they run in every work tree, on what is staged, and say what to do when they cannot."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from gates.model import GateError, Project
from gates.repo.hooks import install
from tests.gates.support.sample_project import Part, SampleProject

ROOT = Path(__file__).resolve().parents[4]
SEEN = "seen"
NOXW = f'#!/bin/sh\n{{ echo "$0 $*"; cat a.txt; }} >> {SEEN}\n'
CONFIGURATION = ".pre-commit-config.yaml"


@pytest.fixture(autouse=True)
def _no_hooks_of_the_developer(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", os.devnull)
    monkeypatch.setenv("GIT_CONFIG_NOSYSTEM", "1")


@pytest.fixture
def sample(tmp_path: Path) -> SampleProject:
    """A repository with the project's hooks, whose noxw only records how it was called."""
    sample = SampleProject.build(
        tmp_path / "project",
        Part(
            {
                CONFIGURATION: (ROOT / CONFIGURATION).read_text(encoding="utf-8"),
                "noxw": NOXW,
                "a.txt": "committed\n",
                ".gitignore": f".venv\n{SEEN}\n",
            }
        ),
    )
    (sample.root / "noxw").chmod(0o755)
    sample.commit()
    give_environment(sample)
    return sample


def give_environment(sample: SampleProject) -> None:
    (sample.root / ".venv").symlink_to(sys.prefix)


def seen(sample: SampleProject) -> list[str]:
    """Return what noxw recorded, and forget it."""
    lines = (sample.root / SEEN).read_text(encoding="utf-8").splitlines()
    (sample.root / SEEN).unlink()
    return lines


def refused(sample: SampleProject, *arguments: str) -> str:
    """Return what git says when it refuses."""
    with pytest.raises(subprocess.CalledProcessError) as caught:
        sample.git(*arguments)
    return str(caught.value.stderr).strip()


def test_runs_the_session_of_the_commit_on_what_is_staged(sample: SampleProject) -> None:
    install(sample.project)
    sample.write("a.txt", "staged\n").git("add", "a.txt")
    sample.write("a.txt", "edited since\n").git("commit", "--quiet", "--message", "part")

    assert seen(sample) == ["./noxw -s commit", "staged"]
    assert (sample.root / "a.txt").read_text(encoding="utf-8") == "edited since\n"


def test_runs_the_session_of_the_push(sample: SampleProject, tmp_path: Path) -> None:
    install(sample.project)
    sample.git("init", "--quiet", "--bare", str(tmp_path / "origin"))
    sample.git("push", "--quiet", str(tmp_path / "origin"), "main")

    assert seen(sample) == ["./noxw -s push", "committed"]


def test_runs_when_the_work_tree_is_gone_where_it_was_installed(
    sample: SampleProject, tmp_path: Path
) -> None:
    linked = SampleProject(tmp_path / "linked")
    sample.git("worktree", "add", "--quiet", "-b", "linked", str(linked.root))
    give_environment(linked)
    install(linked.project)
    shutil.rmtree(linked.root)
    sample.write("a.txt", "main\n").commit()

    assert seen(sample) == ["./noxw -s commit", "main"]


def test_runs_in_the_work_tree_that_commits(sample: SampleProject, tmp_path: Path) -> None:
    install(sample.project)
    linked = SampleProject(tmp_path / "linked")
    sample.git("worktree", "add", "--quiet", "-b", "linked", str(linked.root))
    give_environment(linked)
    linked.write("a.txt", "linked\n").commit()

    assert seen(linked) == ["./noxw -s commit", "linked"]
    assert not (sample.root / SEEN).exists()


def test_runs_when_the_checkout_was_moved(sample: SampleProject, tmp_path: Path) -> None:
    install(sample.project)
    moved = SampleProject(sample.root.rename(tmp_path / "moved"))
    moved.write("a.txt", "moved\n").commit()

    assert seen(moved) == ["./noxw -s commit", "moved"]


@pytest.mark.parametrize("environment", ["missing", "of an upgraded Python"])
def test_says_what_to_run_when_the_environment_is(sample: SampleProject, environment: str) -> None:
    install(sample.project)
    (sample.root / ".venv").unlink()
    if environment != "missing":
        sample.write(".venv/bin/python", "#!/bin/sh\necho No module named pre_commit >&2\nexit 1\n")
        (sample.root / ".venv/bin/python").chmod(0o755)

    said = refused(sample, "commit", "--allow-empty", "--message", "empty")

    assert said == f"{sample.root} has no environment for the gates: run ./noxw -s hooks there."


def test_ignores_variables_of_python_in_the_hook(
    sample: SampleProject, monkeypatch: pytest.MonkeyPatch
) -> None:
    install(sample.project)
    monkeypatch.setenv("PYTHONHOME", "/missing")
    sample.write("a.txt", "committed again\n").commit()

    assert seen(sample) == ["./noxw -s commit", "committed again"]


def test_keeps_the_developer_s_own_hook(sample: SampleProject) -> None:
    own = sample.root / ".git/hooks/pre-commit"
    own.parent.mkdir(exist_ok=True)
    own.write_text(f"#!/bin/sh\necho own >> {SEEN}\n")
    own.chmod(0o755)
    install(sample.project)
    install(sample.project)
    sample.write("a.txt", "both\n").commit()

    assert seen(sample) == ["own", "./noxw -s commit", "both"]


def test_refuses_when_the_developer_has_a_folder_of_hooks(sample: SampleProject) -> None:
    sample.git("config", "core.hooksPath", "hooks")

    with pytest.raises(GateError, match=r"core\.hooksPath"):
        install(sample.project)


def test_refuses_when_the_project_is_a_folder_of_a_repository(tmp_path: Path) -> None:
    repository = SampleProject.build(tmp_path / "repository", Part({"services/api/noxw": NOXW}))

    with pytest.raises(
        GateError, match=r"folder services/api of a repository.*`services/api/noxw -s commit`"
    ):
        install(Project(root=repository.root / "services/api"))

    assert not (repository.root / ".git/hooks/pre-commit").exists()
