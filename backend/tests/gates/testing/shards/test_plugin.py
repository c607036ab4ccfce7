"""The plugin that leaves out the tests of other shards, without pytest around it."""

import json
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import pytest

from gates.testing.shards import plugin

SECONDS = {"a": 3.0, "b": 2.0, "c": 1.0}


def test_adds_its_options() -> None:
    parser = pytest.Parser(_ispytest=True)

    plugin.pytest_addoption(parser)

    found = parser.parse(["--shard", "1/2", "--shard-seconds", "seconds.json"])
    assert (found.shard, found.shard_seconds) == ("1/2", Path("seconds.json"))


@pytest.mark.parametrize(("shard", "expected"), [("1/2", ["a"]), ("2/2", ["c", "b"])])
def test_deselects_the_tests_of_other_shards(tmp_path: Path, shard: str, expected: list[str]) -> None:
    (tmp_path / "seconds.json").write_text(json.dumps(SECONDS))
    options = {"--shard": shard, "--shard-seconds": tmp_path / "seconds.json"}
    deselected: list[pytest.Item] = []
    hook = SimpleNamespace(pytest_deselected=lambda *, items: deselected.extend(items))
    config = cast("pytest.Config", SimpleNamespace(getoption=options.__getitem__, hook=hook))
    items = cast("list[pytest.Item]", [SimpleNamespace(nodeid=name) for name in "cba"])

    plugin.pytest_collection_modifyitems(config, items)

    assert [item.nodeid for item in items] == expected
    assert sorted(item.nodeid for item in [*items, *deselected]) == ["a", "b", "c"]
