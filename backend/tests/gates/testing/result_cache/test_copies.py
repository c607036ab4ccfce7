import shutil
from pathlib import Path

import pytest

from gates.testing.result_cache.children import Child
from gates.testing.result_cache.copies import Copies
from gates.testing.result_cache.observer import Observed, Observer

NAME = "backend/app/news.py"


@pytest.fixture
def copies(tmp_path: Path) -> Copies:
    """The copies of a test that has copied a module, twice, and a page."""
    copies = Copies(f"{tmp_path}/checkout/")
    for source, copy in (
        (f"checkout/{NAME}", "copy.py"),
        ("copy.py", "second.py"),
        ("checkout/docs/tour.md", "tour.md"),
        ("checkout/.venv/bin/python", "python"),
        ("elsewhere.py", "third.py"),
    ):
        (tmp_path / copy).touch()
        copies.note(str(tmp_path / source), str(tmp_path / copy), maker="test")
    return copies


@pytest.mark.parametrize(
    ("copy", "unit"),
    [
        ("copy.py", f"source {NAME}"),
        ("second.py", f"source {NAME}"),
        ("tour.md", "source docs/tour.md"),
        ("python", None),
        ("third.py", None),
    ],
)
def test_knows_the_file_of_a_copy(copies: Copies, tmp_path: Path, copy: str, unit: str | None) -> None:
    assert copies.unit_of(str(tmp_path / copy)) == unit


@pytest.mark.parametrize(
    ("command", "units"),
    [
        (["ls"], {f"source {NAME}"}),
        (["git", "commit", "--all"], set()),
        (["git", "show", "HEAD:copy.py"], {f"source {NAME}"}),
        (["uname"], set()),
    ],
)
def test_says_which_copies_a_program_may_read(
    copies: Copies, tmp_path: Path, command: list[str], units: set[str]
) -> None:
    assert copies.units_of_child(Child(command)) == units

    for copy in ("copy.py", "second.py"):
        (tmp_path / copy).unlink()
    assert copies.units_of_child(Child(command)) == set()


def test_forgets_copies_when_their_test_has_ended(copies: Copies) -> None:
    copies.forget("another test")
    assert copies.names

    copies.forget("test")

    assert (copies.names, copies.makers) == ({}, {})


def test_depends_on_a_copied_file_when_its_copy_is_read(tmp_path: Path) -> None:
    source, copy = tmp_path / "checkout" / NAME, tmp_path / "copy.py"
    source.parent.mkdir(parents=True)
    source.touch()
    observer = Observer({}, tmp_path.resolve() / "checkout/backend")
    observed = Observed()

    with observer.observing(observed):
        observer._audit("shutil.copyfile", (source, copy))
        observer._audit("open", (source, "rb", 0))
        shutil.copyfile(source, copy)
        assert observed.units == set()
        observer._audit("open", (str(copy), "r", 0))

    assert observed.units == {f"source {NAME}"}
    with observer.observing(observed):
        observer._audit("subprocess.Popen", ("ls", ["ls"], str(tmp_path), None))
    assert observed.units == {f"source {NAME}"}
