import functools
import importlib
import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from gates.coverage.probes.cache import CodeCache
from gates.testing.result_cache.children import OBSERVED
from gates.testing.result_cache.measurement import ObservedMeasurement
from gates.testing.result_cache.observer import Observer
from gates.testing.result_cache.plugin import Recorder

pytest_plugins = ["pytester"]

SHOP = "def price(net):\n    return 2 * net\n"
TEST_OF_SHOP = """import os

from shop.price import price


def test_it():
    assert price(2) == 4
    assert os.stat("rates.txt")
"""
TEST_OF_A_PROGRAM = """import os
import subprocess
import sys

PROGRAM = "import os; print('PAU2_OBSERVED' in os.environ)"


def test_it():
    assert "PAU2_OBSERVED" not in os.environ
    assert subprocess.check_output([sys.executable, "-c", PROGRAM]).split() == [b"True"]
"""
CHANGED_ATTRIBUTES = (
    (os, "stat"),
    (os, "lstat"),
    (functools, "cache"),
    (functools, "lru_cache"),
    (importlib, "import_module"),
    (pytest.FixtureRequest, "getfixturevalue"),
    (subprocess.Popen, "__init__"),
)
"""What the plugin replaces for the rest of the process."""


@pytest.fixture
def hooks(monkeypatch: pytest.MonkeyPatch) -> list[Callable[..., object]]:
    """The audit hooks of a plugin that is started in this process, which could not remove real ones."""
    for owner, name in CHANGED_ATTRIBUTES:
        monkeypatch.setattr(owner, name, getattr(owner, name))
    hooks: list[Callable[..., object]] = []
    monkeypatch.setattr(sys, "addaudithook", hooks.append)
    return hooks


def run_observed(pytester: pytest.Pytester) -> dict[str, Any]:
    """Run a test of a measured package with the plugin; return what the process wrote."""
    pytester.mkpydir("shop").joinpath("price.py").write_text(SHOP, encoding="utf-8")
    pytester.makefile(".txt", rates="2")
    pytester.makepyfile(test_it=TEST_OF_SHOP)
    plugins = ("-p", "no:randomly", "-p", "gates.testing.result_cache.plugin", "-o", "pythonpath=.")
    options = ("--observe=shop", "--observe-data=data", "--observe-cache=cache")
    pytester.runpytest_inprocess(*plugins, *options).assert_outcomes(passed=1)
    recorded: dict[str, Any] = json.loads((pytester.path / f"data/{os.getpid()}.json").read_text())
    return recorded


def test_observes_nothing_unless_a_package_is_named(pytester: pytest.Pytester) -> None:
    options = ("--observe-data=data", "--observe-cache=cache")

    config = pytester.parseconfig("-p", "gates.testing.result_cache.plugin", *options)

    names = ("--observe", "--observe-data", "--observe-cache")
    assert [config.getoption(name) for name in names] == [[], Path("data"), Path("cache")]


@pytest.mark.parametrize("workers", ["0", "1"])
def test_does_not_observe_a_worker_as_a_program_of_a_test(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch, workers: str
) -> None:
    for name in ("PYTEST_XDIST_WORKER", OBSERVED):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parents[4]))
    pytester.mkpydir("shop")
    pytester.makepyfile(TEST_OF_A_PROGRAM)
    plugins = ("-p", "no:randomly", "-p", "gates.testing.result_cache.plugin", "-n", workers)
    options = ("--observe=shop", "--observe-data=data", "--observe-cache=cache")

    pytester.runpytest_subprocess(*plugins, *options).assert_outcomes(passed=1)


def test_keeps_apart_what_runs_on_import(tmp_path: Path) -> None:
    hits = {"app/news.py": [0]}
    observer = Observer(hits, tmp_path)
    cache = CodeCache(tmp_path)
    measurement = ObservedMeasurement(tmp_path, ("app",), cache, hits=hits, observer=observer)

    with measurement.importing("app.news"):
        hits["app/news.py"][0] = 1

    assert observer.kept["import app.news"].hits == {f"{tmp_path.name}/app/news.py": {0}}
    assert observer.outside.hits == {}


def test_observes_tests_from_the_start_when_a_package_is_named(
    pytester: pytest.Pytester, hooks: list[Callable[..., object]]
) -> None:
    recorded = run_observed(pytester)

    folder = pytester.path.name
    result = recorded["tests"]["test_it.py::test_it"]
    assert (result["name"], result["passed"]) == ("test_it", True)
    assert [*result["observed"]["hits"]] == [f"{folder}/shop/price.py"]
    assert f"stat {folder}/rates.txt" in result["observed"]["units"]
    assert [*recorded["kept"]["import shop.price"]["hits"]] == [f"{folder}/shop/price.py"]
    assert len(hooks) == 1


def test_writes_no_result_of_a_test_when_another_process_ran_it(tmp_path: Path) -> None:
    recorder = Recorder(Observer({}, tmp_path), tmp_path / "data")
    place = ("test_it.py", 1, "test_it")

    recorder.pytest_runtest_logreport(
        pytest.TestReport("test_it.py::test_it", place, {}, "passed", None, "call")
    )
    recorder.pytest_sessionfinish()

    assert json.loads((tmp_path / f"data/{os.getpid()}.json").read_text(encoding="utf-8"))["tests"] == {}
