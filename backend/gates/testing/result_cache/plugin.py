"""The pytest plugin that observes what each test depends on (`-p gates.testing.result_cache.plugin`).

Each process, the controller of xdist included, writes what it observed as one JSON file into a folder.
Measuring is the same as in `gates.coverage.probes.plugin`, and its result is in these files as well.
"""

import importlib
import json
import os
from collections.abc import Generator
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from gates.coverage.probes.cache import CodeCache
from gates.coverage.probes.importer import Measurement
from gates.testing.result_cache.caches import observe_caches
from gates.testing.result_cache.observer import Observed, Observer

IMPORT, FIXTURE, FILE = "import ", "fixture ", "file "
"""Begin the keys of what is observed while modules are imported, shared fixtures set up, files collected."""
TESTS = "tests"
REWRITTEN = ("conftest", "plugins")
"""Parts of the names of test modules that pytest imports in its own way."""


@dataclass
class Result:
    """How a test ended, and what was observed meanwhile. `name` is the qualified name of its function."""

    name: str
    observed: Observed = field(default_factory=Observed)
    passed: bool = True
    seconds: float = 0.0


@dataclass(frozen=True)
class ObservedMeasurement(Measurement):
    """Measures what tests share as well, save modules whose assertions pytest rewrites."""

    observer: Observer = field(kw_only=True)

    def is_measured(self, module: str) -> bool:
        """Whether a module gets probes."""
        parts = module.split(".")
        if parts[0] != TESTS:
            return super().is_measured(module)
        return not any(part in REWRITTEN or part.startswith("test_") for part in parts)

    def importing(self, name: str) -> AbstractContextManager[object]:
        """Keep apart what runs meanwhile."""
        return self.observer.observing(self.observer.keep(IMPORT + name))


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the options. Paths are relative to the working folder."""
    group = parser.getgroup("observing what tests depend on")
    group.addoption("--observe", action="append", default=[], metavar="PACKAGE", help="folder below the root")
    group.addoption("--observe-data", type=Path, metavar="FOLDER", help="where the results go")
    group.addoption("--observe-cache", type=Path, metavar="FOLDER", help="where instrumented code is kept")


@pytest.hookimpl(tryfirst=True)
def pytest_load_initial_conftests(early_config: pytest.Config) -> None:
    """Start before anything of the project is imported."""
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
        observer.start()
        early_config.pluginmanager.register(Recorder(observer, options.observe_data.absolute()))


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
    """Observes each test, and apart from it what tests share: wider fixtures, imports, collection."""

    def __init__(self, observer: Observer, folder: Path) -> None:
        """Take an observer that was started, and the folder for the results."""
        self._observer = observer
        self._folder = folder
        self._tests: dict[str, Result] = {}
        self._collected: dict[str, list[str]] = {}

    @pytest.hookimpl(wrapper=True)
    def pytest_make_collect_report(self, collector: pytest.Collector) -> Generator[None, Any, Any]:
        """Keep apart what runs while a file is collected."""
        if not isinstance(collector, pytest.Module | pytest.Class):
            return (yield)
        with self._observer.observing(self._observer.keep(FILE + collector.nodeid.partition("::")[0])):
            return (yield)

    def pytest_itemcollected(self, item: pytest.Item) -> None:
        """Note which tests a file has."""
        self._collected.setdefault(item.nodeid.partition("::")[0], []).append(item.nodeid)

    @pytest.hookimpl(wrapper=True)
    def pytest_fixture_setup(self, fixturedef: pytest.FixtureDef[Any]) -> Generator[None, Any, Any]:
        """Keep apart what a fixture does that several tests share."""
        self._observer.current.modules.add(fixturedef.func.__module__)
        if fixturedef.scope == "function":
            return (yield)
        shared = self._observer.keep(FIXTURE + fixturedef.argname)
        shared.modules.add(fixturedef.func.__module__)
        with self._observer.observing(shared):
            return (yield)

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_teardown(self) -> None:
        """Attribute to the test all code that ran before shared fixtures end."""
        self._observer.flush()

    def pytest_fixture_post_finalizer(self, fixturedef: pytest.FixtureDef[Any]) -> None:
        """Attribute to a shared fixture the code that ran at its end."""
        is_shared = fixturedef.scope != "function"
        self._observer.flush(self._observer.keep(FIXTURE + fixturedef.argname) if is_shared else None)

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Generator[None, Any, Any]:
        """Observe a test with its setup and its teardown."""
        result = self._tests[item.nodeid] = Result(_name_of(item))
        with self._observer.observing(result.observed):
            answer = yield
        result.observed.uses.update(FIXTURE + name for name in getattr(item, "fixturenames", []))
        return answer

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Note how each part of a test ends. The controller of xdist hears of tests that it did not run."""
        if report.nodeid in self._tests:
            result = self._tests[report.nodeid]
            result.seconds += report.duration
            result.passed &= report.passed and not hasattr(report, "wasxfail")

    @pytest.hookimpl(trylast=True)
    def pytest_sessionfinish(self) -> None:
        """Write what this process observed."""
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
    """Return the qualified name of a test's function, "" for what is none."""
    return getattr(getattr(item, "function", None), "__qualname__", "")


def _plain(thing: object) -> object:
    return sorted(thing) if isinstance(thing, set) else vars(thing)
