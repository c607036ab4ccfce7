import os
import shutil
from pathlib import Path

import pytest

from gates.model import GateError
from gates.testing.result_cache import store
from gates.testing.result_cache.replay import Replayed, main, replay, seconds_of, table
from tests.gates.support.sample_project import SampleProject
from tests.gates.testing.result_cache.sample import ENVIRONMENT, REMEMBERED, cached_run, recorded_sample

BRANCHES = "backend/app/branches.py"


@pytest.fixture
def project(tmp_path: Path) -> SampleProject:
    """A project whose last commits lead to the content of which results are kept."""
    project = SampleProject.build(tmp_path / "project", REMEMBERED)
    project.replace(BRANCHES, "return -1", "return 0 - 1").commit("Compute")
    project.append("docs/tour.md", "More.\n").commit("Describe")
    project.replace(BRANCHES, "return 0 - 1", "return -1").commit("Simplify")
    project.replace("docs/tour.md", "More.\n", "").commit("Shorten")
    project.write("docs/new.md").commit("Add a page")
    return project.remove("docs/new.md").commit("Delete the page")


@pytest.fixture
def cache(tmp_path: Path) -> Path:
    return Path(shutil.copytree(recorded_sample()[1], tmp_path / "cache"))


def test_counts_the_tests_that_each_commit_would_run(project: SampleProject, cache: Path) -> None:
    commits = [*replay(cached_run(project, cache), 6)]

    branches = 3  # both tests of the file, and the one that starts an unobserved program
    assert [(commit.subject, commit.tests) for commit in commits] == [
        ("Delete the page", 0),
        ("Add a page", 0),
        ("Shorten", 0),
        ("Simplify", branches),
        ("Describe", 0),
        ("Compute", branches),
    ]
    assert project.git("status", "--porcelain") == ""


def test_counts_all_tests_when_a_lock_was_changed(project: SampleProject, cache: Path) -> None:
    project.replace("backend/requirements/dev.txt", "9.0", "9.1").commit("Use a newer version")
    project.replace("backend/requirements/dev.txt", "9.1", "9.0").commit("Return to the older version")
    cached = cached_run(project, cache)

    [commit] = replay(cached, 1)

    assert commit.tests == len(cached.select().tests)


def test_refuses_when_no_results_are_kept(project: SampleProject, tmp_path: Path) -> None:
    with pytest.raises(GateError, match=r"run \./noxw -s tests first"):
        [*replay(cached_run(project, tmp_path / "empty"), 1)]


@pytest.mark.parametrize(("durations", "seconds"), [([], 0), ([4, 2], 4), ([4, 4, 4], 6)])
def test_divides_tests_among_workers(durations: list[float], seconds: float) -> None:
    assert seconds_of(durations) == seconds


def test_shows_the_median_and_the_ninetieth_percentile() -> None:
    commits = [Replayed(f"Commit {number}", number * 1000, number) for number in range(1, 11)]

    lines = table(commits).splitlines()

    assert lines[2] == "| Commit 1 | 1,000 | 1 |"
    assert lines[-1] == "Median 6 s, 90th percentile 10 s."


def test_prints_the_table(
    project: SampleProject, cache: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(os, "environ", ENVIRONMENT | {store.FOLDER_VARIABLE: str(cache)})

    assert main(["1"], project.root) == 0

    assert "| Delete the page | 0 | 0 |" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("folder", "error"), [("off", "results are not kept"), ("empty", "no results are kept of this code")]
)
def test_says_why_there_is_no_table(
    project: SampleProject,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    *,
    folder: str,
    error: str,
) -> None:
    monkeypatch.setenv(store.FOLDER_VARIABLE, folder if folder == "off" else str(tmp_path / folder))

    with pytest.raises(SystemExit):
        main(["1"], project.root)

    assert f"replay: error: {error}" in capsys.readouterr().err
