"""The pytest plugin that leaves the tests of other shards out (`-p gates.testing.shards.plugin --shard=1/4`).

The other plugins see only the tests of this shard, except that all tests of a file are collected.
"""

from pathlib import Path

import pytest

from gates.testing.durations.history import read_seconds
from gates.testing.shards.assignment import Shard


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the options. The path is relative to the working folder."""
    group = parser.getgroup("shards of the tests")
    group.addoption("--shard", metavar="N/COUNT", help="run only this shard")
    group.addoption("--shard-seconds", type=Path, metavar="FILE", help="seconds of tests in earlier runs")


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Deselect the tests of other shards."""
    shard = Shard.parse(config.getoption("--shard"))
    names = [item.nodeid for item in items]
    mine = {*shard.tests(names, read_seconds(config.getoption("--shard-seconds")))}
    others = [item for item in items if item.nodeid not in mine]
    items[:] = [item for item in items if item.nodeid in mine]
    config.hook.pytest_deselected(items=others)
