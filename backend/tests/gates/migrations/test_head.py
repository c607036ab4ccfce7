"""One chain of revisions, on the branch and after the merge."""

from pathlib import Path

import pytest

from gates.migrations.head import check
from gates.migrations.revisions import FOLDER, ordered_revisions
from gates.model import GateError, Outcome
from tests.gates.support.parts.migrations import FIRST, MIGRATIONS, VERSIONS, revision
from tests.gates.support.sample_project import SampleProject

SECOND = f"{VERSIONS}/2026-01-11_second.py"
THIRD = f"{VERSIONS}/2026-01-12_third.py"
ADD = ["ALTER TABLE neighbours ADD COLUMN street text"]
REMOVE = ["ALTER TABLE neighbours DROP COLUMN street"]


@pytest.fixture
def sample(tmp_path: Path) -> SampleProject:
    """The first revision is merged; the change adds what the test writes."""
    return SampleProject.build(tmp_path, MIGRATIONS, branch="change")


def places(outcome: Outcome) -> list[tuple[str, int, str]]:
    return [(finding.file, finding.line, finding.message) for finding in outcome.findings]


def test_passes_when_revisions_form_one_chain(sample: SampleProject) -> None:
    sample.write(SECOND, revision("second", "first", ADD, REMOVE))
    assert places(check(sample.project)) == []
    assert [each.id for each in ordered_revisions(sample.project)] == ["first", "second"]


def test_fails_when_there_is_no_revision(sample: SampleProject) -> None:
    sample.remove(FIRST)
    assert check(sample.project).status == "failed"


@pytest.mark.parametrize(
    ("name", "source", "line", "said"),
    [
        ("2026-02-30_second.py", revision("second", "first", ADD, REMOVE), 0, "a revision is a file"),
        ("2026-01-11_Second.py", revision("second", "first", ADD, REMOVE), 0, "a revision is a file"),
        ("more/2026-01-11_second.py", revision("second", "first", ADD, REMOVE), 0, "a revision is a file"),
        ("2026-01-11_second.py", revision("second", None, ADD, REMOVE), 4, "there are two heads"),
        (
            "2026-01-11_second.py",
            revision("second", "zero", ADD, REMOVE),
            4,
            "it follows 'zero', which no file",
        ),
        ("2026-01-11_second.py", revision("second", "second", ADD, REMOVE), 4, "it follows 'second'"),
        (
            "2026-01-11_second.py",
            revision("first", "first", ADD, REMOVE),
            3,
            "the id 'first' is also that of",
        ),
        ("2026-01-11_second.py", revision("", "first", ADD, REMOVE), 3, "a revision needs an id"),
        (
            "2026-01-11_second.py",
            revision("second", "first", ADD, REMOVE, head="depends_on = 'first'"),
            5,
            "depends_on makes more than one history",
        ),
        (
            "2026-01-11_second.py",
            revision("second", "first", ADD, REMOVE).replace('= "first"', '= ("first", "first")'),
            4,
            "a revision follows exactly one other",
        ),
    ],
)
def test_refuses_history_when_revision_breaks_the_chain(
    sample: SampleProject, name: str, source: str, line: int, said: str
) -> None:
    sample.write(f"{VERSIONS}/{name}", source)
    found = [(file, at) for file, at, message in places(check(sample.project)) if message.startswith(said)]
    assert found == [(f"{VERSIONS}/{name}", line)]


def test_refuses_history_when_it_has_no_beginning(sample: SampleProject) -> None:
    sample.write(SECOND, revision("second", "first", ADD, REMOVE))
    sample.replace(FIRST, "down_revision = None", 'down_revision = "second"')

    assert places(check(sample.project)) == [(FOLDER, 0, "no revision is the first")]


def test_refuses_second_head_when_target_gained_one(sample: SampleProject) -> None:
    sample.write(SECOND, revision("second", "first", ADD, REMOVE)).commit()
    sample.git("switch", "--quiet", "main")
    sample.write(THIRD, revision("third", "first", ADD, REMOVE)).commit()
    sample.git("switch", "--quiet", "change")
    [(file, line, message)] = places(check(sample.project))
    assert (file, line) == (SECOND, 4)
    assert message == "there are two heads once main is merged: 2026-01-12_third.py follows 'first' too"


def test_passes_when_target_gained_nothing_of_its_own(sample: SampleProject) -> None:
    sample.write(SECOND, revision("second", "first", ADD, REMOVE)).commit()
    sample.git("branch", "--force", "main", "change")
    sample.write(THIRD, revision("third", "second", ADD, REMOVE))
    assert places(check(sample.project)) == []


def test_stops_when_a_revision_is_not_python(sample: SampleProject) -> None:
    sample.write(SECOND, "def upgrade(:\n")
    with pytest.raises(GateError, match=rf"{SECOND}:1 is not valid Python"):
        check(sample.project)
