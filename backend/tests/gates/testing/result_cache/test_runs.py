import json
from pathlib import Path
from typing import Any

import pytest

from gates.testing.result_cache.runs import CachedRun
from gates.testing.result_cache.selection import Selection
from tests.gates.support.sample_project import SampleProject
from tests.gates.testing.result_cache.sample import REMEMBERED

NOTHING: dict[str, Any] = {"hits": {}, "units": [], "modules": [], "uses": [], "children": {}}
TEST = "tests/test_constant.py::test_it"
RAN = {"backend/app/constant.py": [0], "backend/app/default.py": [0]}


@pytest.mark.parametrize(
    ("edited", "kept", "counted"),
    [
        ("docs/tour.md", [], {*RAN}),
        ("backend/app/constant.py", [], {"backend/app/default.py"}),
        ("", [TEST], {*RAN}),
    ],
    ids=["another file", "measured file", "none"],
)
def test_keeps_results_unless_a_file_changed_in_the_run(
    edited: str, kept: list[str], counted: set[str], tmp_path: Path
) -> None:
    sample = SampleProject.build(tmp_path / "project", REMEMBERED)
    cached = CachedRun.of(sample.project, tmp_path / "cache")
    result = {"name": "test_it", "passed": True, "seconds": 1.0, "observed": NOTHING | {"hits": RAN}}
    content = {"tests": {TEST: result}, "kept": {}, "outside": NOTHING, "collected": {}}
    cached.records.mkdir(parents=True)
    (cached.records / "1.json").write_text(json.dumps(content), encoding="utf-8")
    if edited:
        sample.append(edited, "\n\nEDITED = 1\n")

    hits = cached.keep(Selection({}, ["tests/test_constant.py"]))

    assert [*cached.store.sizes(cached.context)] == kept
    assert hits.keys() == counted
