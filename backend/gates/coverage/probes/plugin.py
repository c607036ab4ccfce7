"""The pytest plugin that measures (`-p gates.coverage.probes.plugin`).

Under xdist each worker measures and sends its result to the controller, which writes the data file in
coverage.py's format. With `--measure-by-test` each test is a context there; what no test ran itself, such as
imports, has the empty one.
"""

from collections import defaultdict
from collections.abc import Collection
from pathlib import Path

import pytest
from coverage import CoverageData

from gates.coverage.probes.cache import CodeCache
from gates.coverage.probes.importer import Executed, Measurement

WORKER_OUTPUT_KEY = "measured"  # of the output that a worker sends

Contexts = dict[str, dict[str, Executed]]
"""Executed lines and branches, by context and by file."""


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the options. Paths are relative to the working folder."""
    group = parser.getgroup("measuring lines and branches")
    group.addoption("--measure", action="append", default=[], metavar="PACKAGE", help="folder below the root")
    group.addoption("--measure-data", type=Path, metavar="FILE", help="where the result goes")
    group.addoption("--measure-cache", type=Path, metavar="FOLDER", help="where instrumented code is kept")
    group.addoption("--measure-by-test", action="store_true", help="record which test ran which line")


@pytest.hookimpl(tryfirst=True)
def pytest_load_initial_conftests(early_config: pytest.Config) -> None:
    """Start before anything of the project is imported."""
    options = early_config.known_args_namespace
    if options.measure:
        cache = CodeCache(options.measure_cache.absolute())
        measurement = Measurement(early_config.rootpath.resolve(), tuple(options.measure), cache)
        measurement.start()
        early_config.pluginmanager.register(Recorder(measurement, by_test=options.measure_by_test))


class Recorder:
    """Collects what ran, here and in the workers of xdist."""

    def __init__(self, measurement: Measurement, *, by_test: bool) -> None:
        """Take a measurement that was started."""
        self._measurement = measurement
        self._by_test = by_test
        self._contexts: Contexts = defaultdict(dict)

    def pytest_runtest_logstart(self) -> None:
        """Assign lines that ran since the last test to no test."""
        if self._by_test:
            self._collect("")

    def pytest_runtest_logfinish(self, nodeid: str) -> None:
        """Assign lines that ran since the start to this test."""
        if self._by_test:
            self._collect(nodeid)

    @pytest.hookimpl(optionalhook=True)
    def pytest_testnodedown(self, node: object) -> None:
        """Add what an xdist worker ran; one that crashed sends nothing, and its tests have failed."""
        for context, files in getattr(node, "workeroutput", {}).get(WORKER_OUTPUT_KEY, {}).items():
            for name, (lines, arcs) in files.items():
                self._add(context, name, Executed(frozenset(lines), frozenset(arcs)))

    @pytest.hookimpl(trylast=True)
    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        """Send or write the result."""
        self._collect("")
        output: dict[str, object] | None = getattr(session.config, "workeroutput", None)
        if output is None:
            names = self._measurement.measured_files()
            write_data(session.config.getoption("--measure-data"), self._contexts, names)
        else:
            output[WORKER_OUTPUT_KEY] = {
                context: {name: (sorted(ran.lines), sorted(ran.arcs)) for name, ran in files.items()}
                for context, files in self._contexts.items()
            }

    def _collect(self, context: str) -> None:
        for name, ran in self._measurement.collect().items():
            self._add(context, name, ran)

    def _add(self, context: str, name: str, ran: Executed) -> None:
        known = self._contexts[context].get(name, Executed(frozenset(), frozenset()))
        self._contexts[context][name] = Executed(known.lines | ran.lines, known.arcs | ran.arcs)


def write_data(file: Path, contexts: Contexts, names: Collection[str]) -> None:
    """Write coverage.py's data file; `names` are all measured files, those that nothing imported included.

    A line that ran is a branch into it from the start of the code.
    """
    file.parent.mkdir(parents=True, exist_ok=True)
    file.unlink(missing_ok=True)
    data = CoverageData(str(file))
    data.add_arcs({})  # branches are measured, even if none ran
    for context, files in contexts.items():
        data.set_context(context)
        data.add_arcs({name: {*ran.arcs, *((-1, line) for line in ran.lines)} for name, ran in files.items()})
    data.touch_files(names)
    data.close()
