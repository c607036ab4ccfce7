"""The heads of decisions and their index."""

import pytest

from gates.__main__ import main
from gates.architecture.decisions import INDEX, write_index
from gates.architecture.structure import check
from tests.gates.support.sample_project import SampleProject

FIRST = "docs/decisions/0001-rules.md"
HEAD = "# 1. Rules\n\n- Date: 2026-01-02\n- Status: accepted\n\n**Context.** None.\n"
EMPTY_INDEX = "# Decisions\n\n<!-- decisions -->\n<!-- /decisions -->\n"


@pytest.fixture
def indexed(sample: SampleProject) -> SampleProject:
    """A project with one decision and the index of it."""
    sample.rule('"README.md" = ', f'"docs/" = "guides"\n"{INDEX}" = "the index"\n"README.md" = ')
    sample.write(FIRST, HEAD).write(INDEX, EMPTY_INDEX).commit()
    write_index(sample.project)
    return sample


def findings(sample: SampleProject) -> list[tuple[str, str, str]]:
    sample.commit()
    return [(found.file, found.message, found.fix) for found in check(sample.project).findings]


def test_passes_when_the_index_has_all_decisions(indexed: SampleProject) -> None:
    status = "superseded by [decision 1](0001-rules.md)"
    second = f"# 2. Fewer rules\n\n- Date: 2026-01-03\n- Status: {status}\n\nText.\n"
    indexed.write("docs/decisions/0002-fewer.md", second)
    write_index(indexed.project)

    assert findings(indexed) == []
    row = f"| [2](0002-fewer.md) | Fewer rules | 2026-01-03 | {status} |"
    assert row in (indexed.root / INDEX).read_text(encoding="utf-8").splitlines()


def test_writes_the_index_when_the_command_asks(
    indexed: SampleProject, monkeypatch: pytest.MonkeyPatch
) -> None:
    written = (indexed.root / INDEX).read_text(encoding="utf-8")
    indexed.write(INDEX, EMPTY_INDEX)
    monkeypatch.setattr("gates.__main__.ROOT", indexed.root)

    assert main(["index"]) == 0
    assert (indexed.root / INDEX).read_text(encoding="utf-8") == written


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("# 1.", "# 2."),
        ("- Date: 2026-01-02\n", ""),
        ("2026-01-02", "yesterday"),
        ("- Status: accepted\n", ""),
        ("accepted", "superseded"),
    ],
)
def test_refuses_decision_when_its_head_is_incomplete(indexed: SampleProject, old: str, new: str) -> None:
    indexed.replace(FIRST, old, new)
    write_index(indexed.project)

    [(file, message, fix)] = findings(indexed)

    assert (file, message) == (FIRST, "the decision lacks a number, date or status")
    assert "- Status: accepted" in fix


def test_refuses_decision_when_another_one_has_its_number(indexed: SampleProject) -> None:
    text = (indexed.root / FIRST).read_text(encoding="utf-8")
    indexed.write("docs/decisions/0001-second.md", text)
    write_index(indexed.project)

    [(file, message, fix)] = findings(indexed)

    assert (file, message) == ("docs/decisions/0001-second.md", f"{FIRST} has the same number")
    assert fix.startswith("take the next free number")


def test_refuses_index_when_a_decision_changed(indexed: SampleProject) -> None:
    indexed.replace(FIRST, "Rules", "All rules")

    assert findings(indexed) == [
        (INDEX, "the index differs from the heads of the decisions", "./noxw -s fix")
    ]


def test_writes_nothing_when_no_index_is_listed(sample: SampleProject) -> None:
    sample.write(FIRST, "# 1. Rules\n")

    write_index(sample.project)

    assert not (sample.root / INDEX).exists()
