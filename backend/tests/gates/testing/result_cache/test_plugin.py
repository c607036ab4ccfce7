from pathlib import Path

import pytest

from gates.coverage.probes.cache import CodeCache
from gates.testing.result_cache.observer import Observer
from gates.testing.result_cache.plugin import ObservedMeasurement

pytest_plugins = ["pytester"]


def test_observes_nothing_unless_a_package_is_named(pytester: pytest.Pytester) -> None:
    options = ("--observe-data=data", "--observe-cache=cache")

    config = pytester.parseconfig("-p", "gates.testing.result_cache.plugin", *options)

    names = ("--observe", "--observe-data", "--observe-cache")
    assert [config.getoption(name) for name in names] == [[], Path("data"), Path("cache")]


def test_keeps_apart_what_runs_on_import(tmp_path: Path) -> None:
    hits = {"app/news.py": [0]}
    observer = Observer(hits, tmp_path)
    cache = CodeCache(tmp_path)
    measurement = ObservedMeasurement(tmp_path, ("app",), cache, hits=hits, observer=observer)

    with measurement.importing("app.news"):
        hits["app/news.py"][0] = 1

    assert observer.kept["import app.news"].hits == {f"{tmp_path.name}/app/news.py": {0}}
    assert observer.outside.hits == {}
