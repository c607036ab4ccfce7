"""The pytest plugin that starts long tests first (`-p gates.testing.durations.order --test-seconds=FILE`).

A long test that starts last keeps one worker busy while the others have nothing to do. xdist's `worksteal`
first gives each worker a part of the list, and later moves tests from the ends of the parts to idle workers.
So each part begins with its share of the long tests. A short test follows each long one, because xdist
cannot move the test after the one that runs.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest

from gates.testing.durations.history import read_seconds

LONG_SECONDS = 2.0
DISTRIBUTION = ("--dist", "worksteal")


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the option. The path is relative to the working folder."""
    group = parser.getgroup("the order of tests")
    group.addoption("--test-seconds", type=Path, metavar="FILE", help="seconds of tests in earlier runs")


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Change the order in each worker of xdist; it is the same in all of them."""
    worker: Mapping[str, int] = getattr(config, "workerinput", {})
    place: Path | None = config.getoption("--test-seconds")
    if worker and place:
        by_name = {item.nodeid: item for item in items}
        names = ordered([*by_name], read_seconds(place), worker["workercount"])
        items[:] = [by_name[name] for name in names]


def ordered(tests: Sequence[str], seconds: Mapping[str, float], workers: int) -> list[str]:
    """Return the tests in one part for each worker, every part with long tests at its start.

    `seconds` may lack tests: they count as short. The order of short tests stays.
    """
    long = sorted(
        (name for name in tests if seconds.get(name, 0.0) >= LONG_SECONDS), key=lambda name: -seconds[name]
    )
    sizes = _sizes(len(tests), workers)
    parts: list[list[str]] = [[] for _ in sizes]
    loads = [0.0] * workers
    for name in long:
        free = [number for number, size in enumerate(sizes) if len(parts[number]) < size]
        chosen = min(free, key=lambda number: loads[number])
        parts[chosen].append(name)
        loads[chosen] += seconds[name]
    long_names = {*long}
    short = [name for name in tests if name not in long_names]
    result: list[str] = []
    for part, size in zip(parts, sizes, strict=True):
        count = size - len(part)
        result += _alternating(part, short[:count])
        del short[:count]
    return result


def _sizes(count: int, workers: int) -> list[int]:
    """Return the sizes of the parts that xdist gives to workers at the start."""
    sizes: list[int] = []
    for number in range(workers):
        sizes.append((count - sum(sizes)) // (workers - number))
    return sizes


def _alternating(long: Sequence[str], short: Sequence[str]) -> list[str]:
    """Return long and short tests by turns, and then the rest of the longer list."""
    pairs = zip(long, short, strict=False)
    common = min(len(long), len(short))
    return [*(name for pair in pairs for name in pair), *long[common:], *short[common:]]
