"""The pytest plugin that records durations (`-p gates.testing.durations.plugin --durations-data=FILE`).

A test's seconds include its fixtures. Computing is the CPU time of the test's process, with all threads, and
of the child processes that ended meanwhile. The rest is waiting: for a server, a time limit or a child that
goes on. Each xdist worker records its own tests and sends them to the controller, which writes the file.
"""

import json
import os
import time
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

WORKER_OUTPUT_KEY = "durations"  # of the output that a worker sends


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the option. The path is relative to the working folder."""
    group = parser.getgroup("durations")
    group.addoption("--durations-data", type=Path, metavar="FILE", help="where the seconds go")


def pytest_configure(config: pytest.Config) -> None:
    """Record when there is a place for it."""
    if config.getoption("--durations-data"):
        config.pluginmanager.register(Recorder())


@dataclass(eq=False)  # pytest distinguishes plugins by identity
class Recorder:
    """Seconds in all and of computing: by test, and of setting fixtures up, with how often that happened."""

    tests: dict[str, list[float]] = field(default_factory=dict)
    fixtures: dict[str, list[float]] = field(default_factory=lambda: defaultdict(lambda: [0, 0.0, 0.0]))

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Iterator[None]:
        """Record a test with its fixtures."""
        wall = time.perf_counter()
        cpu = _cpu_seconds()
        result = yield
        self.tests[item.nodeid] = [time.perf_counter() - wall, _cpu_seconds() - cpu]
        return result

    @pytest.hookimpl(wrapper=True)
    def pytest_fixture_setup(self, fixturedef: pytest.FixtureDef[object]) -> Iterator[None]:
        """Record the set-up of a fixture without that of the fixtures that it asks for: they are ready."""
        wall = time.perf_counter()
        cpu = _cpu_seconds()
        result = yield
        known = self.fixtures[fixturedef.argname]
        known[:] = [known[0] + 1, known[1] + time.perf_counter() - wall, known[2] + _cpu_seconds() - cpu]
        return result

    @pytest.hookimpl(optionalhook=True)
    def pytest_testnodedown(self, node: object) -> None:
        """Add what an xdist worker recorded."""
        recorded = getattr(node, "workeroutput", {}).get(WORKER_OUTPUT_KEY, {"tests": {}, "fixtures": {}})
        self.tests |= recorded["tests"]
        for name, numbers in recorded["fixtures"].items():
            self.fixtures[name] = [sum(pair) for pair in zip(self.fixtures[name], numbers, strict=True)]

    @pytest.hookimpl(trylast=True)
    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        """Send or write what was recorded."""
        recorded = {"tests": self.tests, "fixtures": dict(self.fixtures)}
        output: dict[str, object] | None = getattr(session.config, "workeroutput", None)
        if output is None:
            place: Path = session.config.getoption("--durations-data")
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_text(json.dumps(recorded), encoding="utf-8")
        else:
            output[WORKER_OUTPUT_KEY] = recorded


def _cpu_seconds() -> float:
    """Return the CPU time of this process, and of its children that ended and were waited for."""
    times = os.times()
    return time.process_time() + times.children_user + times.children_system
