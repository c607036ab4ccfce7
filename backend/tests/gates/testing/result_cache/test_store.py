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


def test_keeps_the_file_for_more_when_it_forgot_results(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept = Store(tmp_path)
    kept.save("here", [passed("one", test=f"{number}{'x' * 9000}") for number in range(100)])
    size = (tmp_path / FILE).stat().st_size
    monkeypatch.setattr(store, "MAX_BYTES", size * 2 // 3)

    for _ in range(2):
        kept.save("here", [])

    assert len(kept.load("here", {UNIT: "one"})) == 50


def test_says_how_much_each_test_depended_on(tmp_path: Path) -> None:
    kept = Store(tmp_path)
    assert kept.sizes("here") == {}
    one, two = ((UNIT, digest, b"") for digest in ("one", "two"))
    kept.save("here", [Result(test="a", shares=frozenset({one}))])
    kept.save("here", [Result(test="a", shares=frozenset({one, two}))])

    assert kept.sizes("here") == {"a": 2}
    assert kept.sizes("elsewhere") == {}


@pytest.fixture
def home(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """The home of a developer who has set nothing."""
    for name in (store.FOLDER_VARIABLE, "CI", "XDG_CACHE_HOME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    return tmp_path


def test_keeps_results_in_the_user_s_cache_folder(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert cache_folder() == home / ".cache/pau2/test-results"

    monkeypatch.setenv("XDG_CACHE_HOME", str(home / "caches"))
    assert cache_folder() == home / "caches/pau2/test-results"


def test_keeps_results_in_the_folder_that_the_variable_names(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(store.FOLDER_VARIABLE, str(home / "chosen"))
    monkeypatch.setenv("CI", "true")

    assert cache_folder() == home / "chosen"


@pytest.mark.usefixtures("home")
@pytest.mark.parametrize(("name", "value"), [(store.FOLDER_VARIABLE, "off"), ("CI", "true")])
def test_keeps_nothing_in_ci_or_when_it_is_off(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    monkeypatch.setenv(name, value)

    assert cache_folder() is None


def test_keeps_nothing_when_no_folder_can_be_made(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (home / "file").write_text("")
    monkeypatch.setenv(store.FOLDER_VARIABLE, str(home / "file/results"))

    assert cache_folder() is None
