"""Comparison of the promises to clients with the rows of the service."""

import json
import os
from collections import Counter
from collections.abc import Mapping
from pathlib import Path

import pytest

from faults.__main__ import FAULTS, publish_results
from faults.journal import Journal, broken_promises, wrong_mails
from faults.results import Result, write

ROOT = Path(__file__).resolve().parents[3]


def journal_of(kind: str, **statuses: int | None) -> Journal:
    journal = Journal()
    for key, status in statuses.items():
        journal.open(kind, key).status = status
    return journal


def kept(kind: str, **counts: int) -> Mapping[str, Counter[str]]:
    return {kind: Counter(counts)}


@pytest.mark.parametrize("count", [0, 1])
@pytest.mark.parametrize("status", [None, 409, 503])
def test_accepts_either_end_when_nothing_was_promised(status: int | None, count: int) -> None:
    journal = journal_of("event", party=status)

    assert not list(broken_promises(journal, kept("event", party=count)))


def test_accepts_what_is_there_once_when_it_was_promised() -> None:
    assert not list(broken_promises(journal_of("event", party=201), kept("event", party=1)))


def test_finds_what_is_missing_when_it_was_promised() -> None:
    broken = list(broken_promises(journal_of("event", party=201), kept("event")))

    assert broken == ["event party was answered with 201 and is not there"]


@pytest.mark.parametrize("status", [None, 201, 503])
def test_finds_what_is_there_twice(status: int | None) -> None:
    broken = list(broken_promises(journal_of("event", party=status), kept("event", party=2)))

    assert broken == ["event party is there 2 times"]


@pytest.mark.parametrize(("status", "count"), [(500, 1), (502, 1), (503, 0), (404, 0), (200, 0)])
def test_finds_server_errors_that_are_not_refusals(status: int, count: int) -> None:
    journal = Journal()
    journal.answered(8000, status, started=1, ended=2)

    assert len(list(broken_promises(journal, {}))) == count


def test_notes_the_slowest_answer_and_the_last_success() -> None:
    journal = Journal()
    journal.answered(8000, 200, started=1, ended=2)
    journal.answered(8000, 503, started=3, ended=7)

    assert (journal.slowest, journal.successes) == (4, {8000: 1})


def test_finds_invitation_without_mail_when_it_was_promised() -> None:
    journal = journal_of("invitation", marta=201, jon=None)

    assert list(wrong_mails(journal, {})) == ["marta was invited and got no mail"]


def test_accepts_mail_that_came_twice_when_it_is_the_same() -> None:
    assert not list(wrong_mails(journal_of("invitation", marta=201), {"marta": ["<1@x>", "<1@x>"]}))


def test_finds_different_mails_to_one_recipient() -> None:
    broken = list(wrong_mails(journal_of("invitation", marta=201), {"marta": ["<1@x>", "<2@x>"]}))

    assert broken == ["marta got 2 different mails"]


def test_writes_whether_promises_were_kept(tmp_path: Path) -> None:
    write([Result("good"), Result("bad", broken=["lost"])], tmp_path / "faults.json")

    rows = json.loads((tmp_path / "faults.json").read_text())
    assert [(row["name"], row["kept"]) for row in rows] == [("good", True), ("bad", False)]


def test_documents_every_fault() -> None:
    page = (ROOT / "docs/faults.md").read_text(encoding="utf-8")

    assert [name for name in FAULTS if f"`{name}`" not in page] == []


def test_publishes_the_results_of_the_last_run(tmp_path: Path) -> None:
    report, page = tmp_path / "faults.json", tmp_path / "faults.md"
    page.write_text("Before.\n<!-- results -->\nold\n<!-- /results -->\nAfter.\n")
    write(
        [
            Result("killed-api", recovery=0.44, promised=3, slowest=1.26),
            Result("held-lock", broken=["event party is there 2 times"]),
            Result("full-disk", not_tried="no right to mount"),
        ],
        report,
    )
    os.utime(report, (0, 0))

    assert publish_results(report, page) == 0
    assert page.read_text().splitlines() == [
        "Before.",
        "<!-- results -->",
        "On 1970-01-01, the service kept all promises after 1 of 3 faults.",
        "",
        "| fault | promises | recovery | promised writes | slowest answer |",
        "|---|---|---|---|---|",
        "| `killed-api` | kept | 0.4 s | 3 | 1.3 s |",
        "| `held-lock` | broken |  | 0 | 0.0 s |",
        "| `full-disk` | no right to mount |  | 0 | 0.0 s |",
        "<!-- /results -->",
        "After.",
    ]


def test_publishes_nothing_when_there_was_no_run(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert publish_results(tmp_path / "faults.json", tmp_path / "faults.md") == 2
    assert "Run ./noxw -s faults first." in capsys.readouterr().err
