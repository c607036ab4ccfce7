"""Positions of boxes and lines: none covers another, and every line joins the boxes that it names."""

import re
from itertools import combinations, pairwise
from typing import Any

import pytest

from gates.architecture.imports import check
from gates.report.diagrams import Box, Edge, imports, tables
from tests.gates.support.sample_project import SampleProject


def table(name: str, *refers_to: str, rows: int = 3) -> dict[str, Any]:
    columns = [{"name": f"{other}_id", "refers_to": other} for other in refers_to]
    return {"name": name, "columns": [{"name": f"c{i}", "refers_to": ""} for i in range(rows)] + columns}


def overlap(one: Box, other: Box) -> bool:
    return (
        one.x < other.x + other.width
        and other.x < one.x + one.width
        and one.y < other.y + other.height
        and other.y < one.y + one.height
    )


def points(path: str) -> list[tuple[float, float]]:
    """The points of an SVG path of curves, without those that only bend it."""
    numbers = [float(number) for number in re.findall(r"-?\d+", path)]
    pairs = list(zip(numbers[::2], numbers[1::2], strict=True))
    return [pairs[0], *pairs[3::3]]


def edge(drawn: dict[str, Any], importer: str, imported: str) -> Edge:
    found: list[Edge] = [e for e in drawn["edges"] if (e.importer, e.imported) == (importer, imported)]
    assert len(found) == 1
    return found[0]


def test_puts_tables_beside_each_other_when_they_refer() -> None:
    drawn = tables([table("a"), table("lone"), table("b", "a"), table("c", "b", "a"), table("d", "b")])

    boxes = {item["box"].name: item["box"] for item in drawn["tables"]}
    assert boxes["a"].x == boxes["lone"].x < boxes["b"].x < boxes["c"].x == boxes["d"].x
    assert boxes["a"].y < boxes["lone"].y
    assert not any(overlap(one, other) for one, other in combinations(boxes.values(), 2))
    assert drawn["width"] == boxes["c"].x + boxes["c"].width
    assert len(drawn["lines"]) == 4


@pytest.mark.parametrize(("rows", "gap"), [(0, 121), (12, 255)])
def test_uses_the_nearest_gap_when_a_reference_crosses_a_column(rows: int, gap: int) -> None:
    drawn = tables([table("a"), table("b", "a"), table("b2", "a"), table("c", "b", "a", rows=rows)])

    boxes = {item["box"].name: item["box"] for item in drawn["tables"]}
    (far,) = [points(line) for line in drawn["lines"] if len(points(line)) > 2]
    start, right, left, end = far
    assert start == (boxes["c"].x, boxes["c"].y + 30 + 18 * (rows + 1.5))
    assert right[1] == left[1] == gap
    assert not any(box.y < left[1] < box.y + box.height for box in (boxes["b"], boxes["b2"]))
    assert (right[0], left[0]) == (boxes["b"].x + boxes["b"].width, boxes["b"].x)
    assert end == (boxes["a"].width, 15)


def test_draws_no_line_when_the_target_is_the_table_or_unknown() -> None:
    drawn = tables([table("a", "a", "elsewhere")])

    assert (len(drawn["tables"]), drawn["lines"]) == (1, [])


def test_draws_nothing_when_there_are_no_tables() -> None:
    assert tables([]) | {"head": 0, "row": 0} == {
        "tables": [],
        "lines": [],
        "head": 0,
        "row": 0,
        "left": 0,
        "width": 0,
        "height": 0,
    }


def test_counts_imports_and_keeps_allowed_ones_when_unused(sample: SampleProject) -> None:
    sample.replace(
        "backend/app/presentation/http/routers/news.py",
        "from app.domain.news import ArticleId\n",
        "from app.domain.news import ArticleId, NewType\nimport json\n",
    )

    drawn = imports(sample.project)

    assert edge(drawn, "presentation", "domain").import_count == 1
    unused = edge(drawn, "presentation", "core")
    assert (unused.import_count, unused.allowed) == (0, True)
    assert not [e for e in drawn["edges"] if not e.allowed]


def test_agrees_with_the_gate_when_the_rule_book_lists_a_module(sample: SampleProject) -> None:
    """`core.database` is a part of a layer: the page and the gate `imports` must read the list alike."""
    router = "backend/app/presentation/http/routers/news.py"
    before = (sample.root / router).read_text(encoding="utf-8")
    sample.rule(
        '[layers.presentation]\nlayers = ["application", "domain", "core"]',
        '[layers.presentation]\nlayers = ["application", "domain", "core.database"]',
    )

    for imported, allowed in (("database", True), ("settings", False)):
        sample.write(f"backend/app/core/{imported}.py").write(router, before)
        sample.replace(router, "from fastapi", f"from app.core.{imported} import engine\nfrom fastapi")

        assert edge(imports(sample.project), "presentation", "core").allowed == allowed
        assert ([finding.file for finding in check(sample.project).findings] == []) == allowed


def test_puts_layers_above_those_that_they_may_import(sample: SampleProject) -> None:
    drawn = imports(sample.project)

    boxes = {box.name: box for box in drawn["boxes"]}
    assert boxes["main"].y == 0
    assert all(boxes[e.importer].y < boxes[e.imported].y for e in drawn["edges"])
    assert not any(overlap(one, other) for one, other in combinations(boxes.values(), 2))
    assert drawn["left"] == min(box.x for box in boxes.values())
    for item in drawn["edges"]:
        for (x, y), (to_x, to_y) in pairwise(item.points):
            middle = Box("", min(x, to_x), min(y, to_y) + 1, abs(to_x - x), abs(to_y - y) - 2)
            assert not any(overlap(middle, box) for box in boxes.values()), item


@pytest.mark.parametrize(
    ("importer", "imported", "sides"),
    [
        ("domain", "application", ("above", "below")),
        ("domain", "infrastructure", ("above", "below")),
        ("presentation", "infrastructure", ("beside", "beside")),
        ("infrastructure", "presentation", ("beside", "beside")),
    ],
)
def test_draws_a_refused_import_beside_the_allowed_ones(
    sample: SampleProject, importer: str, imported: str, sides: tuple[str, str]
) -> None:
    sample.write(f"backend/app/{importer}/bad.py", f"from app.{imported} import x\n")

    drawn = imports(sample.project)

    boxes = {box.name: box for box in drawn["boxes"]}
    wrong = edge(drawn, importer, imported)
    assert (wrong.import_count, wrong.allowed) == (1, False)
    ends = wrong.points[0], wrong.points[-1]
    assert (
        tuple(_side(boxes[name], end) for name, end in zip((importer, imported), ends, strict=True)) == sides
    )
    others = [e for e in drawn["edges"] if e is not wrong]
    assert not [e for e in others if {e.points[0], e.points[-1]} & {*ends}]
    assert points(wrong.path)[0] == (round(ends[0][0]), round(ends[0][1]))


def _side(box: Box, point: tuple[float, float]) -> str:
    assert box.x <= point[0] <= box.x + box.width
    if point[1] == box.y:
        return "above"
    return "below" if point[1] == box.y + box.height else "beside"


def test_puts_counts_apart_when_lines_cross(sample: SampleProject) -> None:
    drawn = imports(sample.project)

    labels = [e.label for e in drawn["edges"]]
    near = [
        (one, other)
        for one, other in combinations(labels, 2)
        if abs(one[0] - other[0]) < 14 and abs(one[1] - other[1]) < 12
    ]
    assert near == []
