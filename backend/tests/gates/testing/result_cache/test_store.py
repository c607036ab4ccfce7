import sqlite3
from pathlib import Path

import pytest

from gates.testing.result_cache import store
from gates.testing.result_cache.store import FILE, KEPT_OF_A_TEST, Result, Store, cache_folder

UNIT = "code backend/app/a.py::f"


def passed(digest: str, *, test: str = "tests/test_a.py::test_it", hits: bytes = b"\x01") -> Result:
    return Result(test=test, shares=frozenset({(UNIT, digest, hits)}))


def test_returns_a_result_while_its_units_stay(tmp_path: Path) -> None:
    result = passed("one")
    Store(tmp_path).save("here", [result])

    assert Store(tmp_path).load("here", {UNIT: "one"}) == {result.test: result}
    assert Store(tmp_path).load("here", {UNIT: "two"}) == {}
    assert Store(tmp_path).load("here", {UNIT: None}) == {}
    assert Store(tmp_path).load("elsewhere", {UNIT: "one"}) == {}


def test_is_empty_when_nothing_was_saved(tmp_path: Path) -> None:
    assert Store(tmp_path / "new").load("here", {}) == {}


def test_keeps_the_last_results_of_a_test(tmp_path: Path) -> None:
    kept = Store(tmp_path)
    for number in range(KEPT_OF_A_TEST + 1):
        kept.save("here", [passed(str(number))])

    assert kept.load("here", {UNIT: "0"}) == {}
    assert kept.load("here", {UNIT: "1"}) != {}


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE result SET test = 'tests/test_b.py::test_it'",
        "UPDATE result SET seconds = 7",
        "UPDATE result SET context = 'there'",
    ],
)
def test_leaves_out_a_result_that_somebody_changed(statement: str, tmp_path: Path) -> None:
    Store(tmp_path).save("here", [passed("one")])
    with sqlite3.connect(tmp_path / FILE) as database:
        database.execute(statement)

    assert Store(tmp_path).load("here", {UNIT: "one"}) == {}
    assert Store(tmp_path).load("there", {UNIT: "one"}) == {}


def test_leaves_out_a_result_when_a_unit_was_changed(tmp_path: Path) -> None:
    Store(tmp_path).save("here", [passed("one")])
    with sqlite3.connect(tmp_path / FILE) as database:
        database.execute("UPDATE share SET digest = 'two'")

    assert Store(tmp_path).load("here", {UNIT: "two"}) == {}


def test_forgets_the_older_half_when_the_file_is_large(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept = Store(tmp_path)
    monkeypatch.setattr(store, "MAX_BYTES", 0)

    kept.save("here", [passed("one", test=f"tests/test_a.py::test_{number}") for number in range(10)])

    assert len(kept.load("here", {UNIT: "one"})) == 5


def test_has_no_folder_unless_one_is_set(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    assert cache_folder() is None
    monkeypatch.setenv(store.FOLDER_VARIABLE, str(tmp_path))
    assert cache_folder() == tmp_path
