"""The pytest plugin that observes what each test depends on (`-p gates.testing.result_cache.plugin`).

Each process, including the controller of xdist, writes its observations to a JSON file in a folder. The
files include the coverage that `gates.coverage.probes.plugin` would measure.
"""

import argparse
import importlib
import json
import os
from collections.abc import Generator
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from gates.coverage.probes.cache import CodeCache
from gates.testing.result_cache.caches import observe_caches
from gates.testing.result_cache.measured_children import Children, Settings
from gates.testing.result_cache.measurement import TESTS, ObservedMeasurement
from gates.testing.result_cache.observer import Observed, Observer

XDIST_WORKER = "PYTEST_XDIST_WORKER"
"""The variable that xdist sets in each of its workers."""
FIXTURE = "fixture "
"""The prefix of the keys for observations of a shared fixture."""
FILE = "file "
"""The prefix of the keys for observations of a collected file."""


@dataclass
class Result:
    """A test's outcome and observations. `name` is the qualified name of its function."""

    name: str
    observed: Observed = field(default_factory=Observed)
    passed: bool = True
    seconds: float = 0.0


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the options. Paths are relative to the working folder."""
    group = parser.getgroup("observing what tests depend on")
    group.addoption("--observe", action="append", default=[], metavar="PACKAGE", help="folder below the root")
    group.addoption("--observe-data", type=Path, metavar="FOLDER", help="folder for the results")
    group.addoption("--observe-cache", type=Path, metavar="FOLDER", help="folder for instrumented code")


@pytest.hookimpl(tryfirst=True)
def pytest_load_initial_conftests(early_config: pytest.Config) -> None:
    """Start before pytest imports any code of the project."""
    options = early_config.known_args_namespace
    if options.observe:
        backend = early_config.rootpath.resolve()
        packages = (*options.observe, TESTS)
        hits: dict[str, list[int]] = {}
        observer = Observer(hits, backend)
        cache = CodeCache(options.observe_cache.absolute())
        ObservedMeasurement(backend, packages, cache, hits=hits, observer=observer).start()
        patch = pytest.MonkeyPatch()
        observe_caches(observer, packages, patch)
        observe_names(observer, patch)
        settings = Settings(str(backend), options.observe, str(cache.folder))
        children = Children.prepare(observer, options.observe_data.absolute(), settings)
        if not starts_workers(options):  # a worker records itself, and does not belong to a test
            children.measure()
        observer.start()
        early_config.pluginmanager.register(Recorder(observer, options.observe_data.absolute()))


def starts_workers(options: argparse.Namespace) -> bool:
    """Return whether this is the controller of xdist, which runs no test itself."""
    return bool(getattr(options, "numprocesses", None)) and XDIST_WORKER not in os.environ


def observe_names(observer: Observer, patch: pytest.MonkeyPatch) -> None:
    """Record modules and fixtures that are requested by a computed name."""
    import_module = importlib.import_module
    value = pytest.FixtureRequest.getfixturevalue

    def noted_import(name: str, package: str | None = None) -> ModuleType:
        observer.current.modules.add(name)
        return import_module(name, package)

    def noted_value(request: pytest.FixtureRequest, argname: str) -> object:
        observer.current.uses.add(FIXTURE + argname)
        return value(request, argname)

    patch.setattr(importlib, "import_module", noted_import)
    patch.setattr(pytest.FixtureRequest, "getfixturevalue", noted_value)


class Recorder:
    """Observes each test, and separately the parts that tests share: wider fixtures, imports, collection."""

    def __init__(self, observer: Observer, folder: Path) -> None:
        """Take an observer that was started, and the folder for the results."""
        self._observer = observer
        self._folder = folder
        self._tests: dict[str, Result] = {}
        self._collected: dict[str, list[str]] = {}

    @pytest.hookimpl(wrapper=True)
    def pytest_make_collect_report(self, collector: pytest.Collector) -> Generator[None, Any, Any]:
        """Record the code that runs while a file is collected under a key of its own."""
        if not isinstance(collector, pytest.Module | pytest.Class):
            return (yield)
        with self._observer.observing(self._observer.keep(FILE + collector.nodeid.partition("::")[0])):
            return (yield)

    def pytest_itemcollected(self, item: pytest.Item) -> None:
        """Add a test to its file."""
        self._collected.setdefault(item.nodeid.partition("::")[0], []).append(item.nodeid)

    @pytest.hookimpl(wrapper=True)
    def pytest_fixture_setup(self, fixturedef: pytest.FixtureDef[Any]) -> Generator[None, Any, Any]:
        """Record the code of a fixture that several tests share under a key of its own."""
        self._observer.current.modules.add(fixturedef.func.__module__)
        if fixturedef.scope == "function":
            return (yield)
        shared = self._observer.keep(FIXTURE + fixturedef.argname)
        shared.modules.add(fixturedef.func.__module__)
        with self._observer.observing(shared):
            return (yield)

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_teardown(self) -> None:
        """Attribute all code that ran until now to the test; shared fixtures may end after it."""
        self._observer.flush()

    def pytest_fixture_post_finalizer(self, fixturedef: pytest.FixtureDef[Any]) -> None:
        """Attribute to a shared fixture the code that ran at its end."""
        if fixturedef.scope == "function":
            self._observer.flush()
        else:
            self._observer.flush(self._observer.keep(FIXTURE + fixturedef.argname))

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Generator[None, Any, Any]:
        """Observe a test with its setup and its teardown."""
        result = Result(_name_of(item))
        self._tests[item.nodeid] = result
        with self._observer.observing(result.observed):
            outcome = yield
        result.observed.uses.update(FIXTURE + name for name in getattr(item, "fixturenames", []))
        return outcome

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Record the outcome of a phase of a test. xdist's controller also gets other tests' reports."""
        if report.nodeid in self._tests:
            result = self._tests[report.nodeid]
            result.seconds += report.duration
            result.passed &= report.passed and not hasattr(report, "wasxfail")

    @pytest.hookimpl(trylast=True)
    def pytest_sessionfinish(self) -> None:
        """Write the observations of this process."""
        self._observer.flush()
        self._folder.mkdir(parents=True, exist_ok=True)
        content = {
            "tests": {name: vars(result) for name, result in self._tests.items()},
            "kept": self._observer.kept,
            "outside": self._observer.outside,
            "collected": self._collected,
        }
        path = self._folder / f"{os.getpid()}.json"
        path.write_text(json.dumps(content, default=_plain), encoding="utf-8")


def _name_of(item: pytest.Item) -> str:
    """Return the qualified name of a test's function, "" for an item without one."""
    return getattr(getattr(item, "function", None), "__qualname__", "")


def _plain(thing: object) -> object:
    return sorted(thing) if isinstance(thing, set) else vars(thing)
