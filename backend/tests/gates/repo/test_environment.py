"""The variables of a developer's machine that reach git and the tests, and those that do not."""

import os
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

from gates.repo.environment import REPOSITORY, for_git, for_tests
from gates.repo.files import tracked, untracked
from gates.repo.git import merge_base
from tests.gates.support.sample_project import Part, SampleProject

CONFIGURATION = {"GIT_CONFIG_COUNT", "GIT_CONFIG_PARAMETERS"}


@pytest.fixture
def sample(tmp_path: Path) -> SampleProject:
    return SampleProject.build(tmp_path / "sample", Part({"app/a.py": "one\n"}))


def test_drops_local_variables_of_git_except_configuration(tmp_path: Path) -> None:
    listed = subprocess.run(
        ["git", "rev-parse", "--local-env-vars"], cwd=tmp_path, check=True, capture_output=True, text=True
    ).stdout.split()

    assert {*listed} - CONFIGURATION <= {*REPOSITORY}
    assert not CONFIGURATION & {*REPOSITORY}


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("GIT_CONFIG_COUNT", "1"),
        ("GIT_CONFIG_KEY_0", "safe.directory"),
        ("GIT_CONFIG_VALUE_0", "*"),
        ("GIT_CONFIG_GLOBAL", "/etc/developer.gitconfig"),
        ("GIT_CONFIG_SYSTEM", "/etc/gitconfig"),
        ("GIT_CONFIG_PARAMETERS", "'safe.directory'='*'"),
        ("GIT_SSH_COMMAND", "ssh -4"),
        ("GIT_CEILING_DIRECTORIES", "/home"),
    ],
)
def test_keeps_variable_when_it_names_no_other_repository(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    monkeypatch.setenv(name, value)

    assert (for_git()[name], for_tests()[name]) == (value, value)


@pytest.mark.parametrize("name", ["GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_LITERAL_PATHSPECS"])
def test_drops_variable_when_it_names_another_repository(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.setenv(name, "1")

    assert name not in for_git()
    assert name not in for_tests()


@pytest.mark.parametrize("name", ["COVERAGE_PROCESS_START", "PYTEST_ADDOPTS", "PYTHONOPTIMIZE", "PAU2_BASE"])
def test_drops_variable_when_it_changes_what_tests_measure(
    monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setenv(name, "1")

    assert name not in for_tests("PAU2_BASE")


def test_reads_repository_of_another_user_when_marked_as_safe(
    sample: SampleProject, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GIT_TEST_ASSUME_DIFFERENT_OWNER", "1")  # git's own way to test safe.directory
    monkeypatch.setenv("GIT_CONFIG_COUNT", "1")
    monkeypatch.setenv("GIT_CONFIG_KEY_0", "safe.directory")
    monkeypatch.setenv("GIT_CONFIG_VALUE_0", "*")

    assert merge_base(sample.project).how == "main"


def test_a_commit_consists_of_its_own_index_when_files_are_named(
    sample: SampleProject, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`git commit a.py` has a temporary index, in which other new files are not."""
    sample.write("app/other.py").git("add", "--all")
    index = sample.root / ".git/next-index-1.lock"
    monkeypatch.setenv("GIT_INDEX_FILE", str(index))
    subprocess.run(["git", "read-tree", "HEAD"], cwd=sample.root, env=os.environ, check=True)

    project = replace(sample.project, staged=True)

    assert (tracked(project), untracked(project)) == (["app/a.py"], [])
    assert tracked(sample.project) == ["app/a.py", "app/other.py"]


def test_commit_ignores_index_when_it_is_of_another_repository(
    sample: SampleProject, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    SampleProject.build(tmp_path / "other", Part({"b.py": ""}))
    monkeypatch.setenv("GIT_INDEX_FILE", str(tmp_path / "other/.git/index"))

    assert tracked(replace(sample.project, staged=True)) == ["app/a.py"]
