"""The positions of boxes and lines in the page's two diagrams, in pixels. The template draws them."""

from collections import Counter
from collections.abc import Mapping, Sequence
from itertools import count, pairwise, permutations
from typing import Any, NamedTuple

from gates.architecture.layers import levels
from gates.model import Project
from gates.repo.cache import cached_per_file
from gates.repo.files import files
from gates.repo.modules import App, Module, module_name
from gates.repo.python import parse_file

TABLES = "tables.json"  # in reports/
LAYER_BOX_PX = (200, 56)  # width, height
LAYER_SPACING_PX = (150, 96)  # beside a box, below it
MAX_EDGE_OFFSET_PX = 70  # of a line's end from the middle of a box
MAX_RETURN_OFFSET_PX = 92  # of a line upwards, which runs beside another
MAX_GAP_OFFSET_PX = 46  # of a line from the middle of a gap
TABLE_WIDTH_PX = 270
TABLE_NAME_HEIGHT_PX = 30
COLUMN_HEIGHT_PX = 18
TABLE_PADDING_PX = 6  # below the last column
TABLE_GUTTER_PX = 84  # between columns of tables
TABLE_GAP_PX = 26  # between tables of a column

Point = tuple[float, float]


class Box(NamedTuple):
    """A layer or a table, and its upper left corner."""

    name: str
    x: float
    y: float
    width: float
    height: float

    @property
    def centre(self) -> Point:
        """The middle of the box."""
        return self.x + self.width / 2, self.y + self.height / 2


class Edge(NamedTuple):
    """The imports of one layer by another: their number, their permission, and the points of the line."""

    importer: str
    imported: str
    import_count: int
    allowed: bool
    points: Sequence[Point]

    @property
    def path(self) -> str:
        """The line as an SVG path."""
        return _path(self.points, upright=True)

    @property
    def label(self) -> Point:
        """The position of the count: half way to a crossed row, else before lines cross each other."""
        (x, y), (to_x, to_y) = self.points[:2]
        if self.points[2:] or y == to_y:
            return (x + to_x) / 2, (y + to_y) / 2
        return x + (to_x - x) * 0.22, y + (to_y - y) * 0.34


def imports(project: Project) -> dict[str, Any]:
    """Return boxes and edges of the layers, from the imports in the code and in the rule book.

    One import statement is one import. An edge that neither exists nor is allowed is omitted.
    """
    app = App(project)
    found = _imports_by_layers(app)
    rows = _stacked(app.layers)
    boxes = [box for row in rows for box in row]
    edges = []
    for one, other in permutations(boxes, 2):
        allowed = found.get((one.name, other.name), [])
        listed = any(entry.partition(".")[0] == other.name for entry in app.layers[one.name]["layers"])
        if allowed or listed:
            points = _route_edge(rows, one, other)
            edges.append(Edge(one.name, other.name, len(allowed), all(allowed), points))
    return {"boxes": boxes, "edges": edges, **_view_box(boxes)}


def _imports_by_layers(app: App) -> Mapping[tuple[str, str], list[bool]]:
    """Return for each pair of layers whether each import statement between them is allowed."""
    names = files(app.project, "backend/app/*.py")
    statements = set()
    for file, imported_names in cached_per_file(app.project, names, imports_of_file).items():
        importer = str(app.layer_of(module_name(file)))
        for line, imported in imported_names:
            layers = importer, str(app.layer_of(imported))
            statements.add((layers, file, line, app.allows(importer, imported)))
    found: dict[tuple[str, str], list[bool]] = {}
    for layers, _, _, is_allowed in statements:
        found.setdefault(layers, []).append(is_allowed)
    return found


def imports_of_file(project: Project, file: str) -> list[tuple[int, str]]:
    """Return the line and the full name of each import of the application in one of its files."""
    module = Module(module_name(file), project.root / file, parse_file(project, file))
    return [(line, imported) for line, _, imported in module.imports if imported.startswith("app.")]


def _stacked(layers: Mapping[str, Any]) -> list[list[Box]]:
    """Return rows of layers from the top down, what wires them first, each row centred."""
    roots = [name for name, layer in layers.items() if "modules" in layer]
    names = [roots, *levels({name: layer for name, layer in layers.items() if name not in roots})]
    width, height = LAYER_BOX_PX
    aside, below = LAYER_SPACING_PX
    widest = max(map(len, names)) * (width + aside)
    return [
        [
            Box(name, (widest - len(row) * (width + aside)) / 2 + i * (width + aside), y, width, height)
            for i, name in enumerate(row)
        ]
        for y, row in zip(count(step=height + below), filter(None, names))
    ]


def _route_edge(rows: Sequence[Sequence[Box]], one: Box, other: Box) -> list[Point]:
    """Return the points of a line from box to box, between the boxes of rows that it crosses.

    A way up, which no rule allows, runs beside the way down.
    """
    x, y = one.centre
    to_x, to_y = other.centre
    if y == to_y:
        side = one.width / 2 if to_x > x else -one.width / 2
        return [(x + side, y), (to_x - side, to_y)]
    turn = 1 if to_y > y else -1
    half = turn * one.height / 2
    points: list[Point] = []
    for row in rows[::turn]:
        level = row[0].centre[1]
        if min(y, to_y) < level < max(y, to_y):
            gap = _gap_beside(row, (x + to_x) / 2)
            points += [(gap, level - half), (gap, level + half)]
    first_x = points[0][0] if points else to_x
    last_x = points[-1][0] if points else x
    start = (x + _offset_towards(first_x - x, turn), y + half)
    end = (to_x + _offset_towards(last_x - to_x, turn), to_y - half)
    return [start, *points, end]


def _offset_towards(distance: float, turn: int) -> float:
    """Return how far from its middle a line touches a box; lines that go up (`turn` -1) are further right."""
    aside = 0 if turn > 0 else 2 * MAX_EDGE_OFFSET_PX / 3
    return min(_clamp(distance / 3, MAX_EDGE_OFFSET_PX) + aside, MAX_RETURN_OFFSET_PX)


def _gap_beside(row: Sequence[Box], x: float) -> float:
    """Return where a line passes a row, as near to x as the gaps beside its boxes allow."""
    ends = [row[0].x - LAYER_SPACING_PX[0], *(box.x + box.width for box in row)]
    gap = min((end + LAYER_SPACING_PX[0] / 2 for end in ends), key=lambda gap: abs(gap - x))
    return gap + _clamp(x - gap, MAX_GAP_OFFSET_PX)


def _clamp(length: float, limit: float) -> float:
    return max(-limit, min(limit, length))


def tables(found: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Return boxes and references of tables, each of which comes after those that it refers to.

    A table is one column to the right of the furthest that it refers to; the most referenced are on top.
    A reference that crosses a column passes between two of its boxes.
    """
    columns = {table["name"]: table["columns"] for table in found}
    referred = Counter(c["refers_to"] for table in found for c in table["columns"])
    ranks: dict[str, int] = {}
    for name, own in columns.items():
        ranks[name] = 1 + max((ranks[c["refers_to"]] for c in own if c["refers_to"] in ranks), default=-1)
    boxes: dict[str, Box] = {}
    heights: Counter[int] = Counter()
    for name in sorted(columns, key=lambda name: (-referred[name], name)):
        rank = ranks[name]
        left = rank * (TABLE_WIDTH_PX + TABLE_GUTTER_PX)
        height = TABLE_NAME_HEIGHT_PX + COLUMN_HEIGHT_PX * len(columns[name]) + TABLE_PADDING_PX
        boxes[name] = Box(name, left, heights[rank], TABLE_WIDTH_PX, height)
        heights[rank] += height + TABLE_GAP_PX
    lines = [
        _reference(boxes, name, place, boxes[column["refers_to"]])
        for name, own in columns.items()
        for place, column in enumerate(own)
        if column["refers_to"] in boxes and column["refers_to"] != name
    ]
    drawn = [{"box": box, "columns": columns[name]} for name, box in boxes.items()]
    return {
        "tables": drawn,
        "lines": lines,
        "head": TABLE_NAME_HEIGHT_PX,
        "row": COLUMN_HEIGHT_PX,
        **_view_box(list(boxes.values())),
    }


def _reference(boxes: Mapping[str, Box], name: str, place: int, target: Box) -> str:
    """Return an SVG path from a column to the table that it refers to, right to left."""
    points = [(boxes[name].x, boxes[name].y + TABLE_NAME_HEIGHT_PX + COLUMN_HEIGHT_PX * (place + 0.5))]
    while points[-1][0] - TABLE_GUTTER_PX > target.x + target.width:
        right = points[-1][0] - TABLE_GUTTER_PX
        gap = _gap(boxes, right, points[-1][1])
        points += [(right, gap), (right - TABLE_WIDTH_PX, gap)]
    return _path([*points, (target.x + target.width, target.y + TABLE_NAME_HEIGHT_PX / 2)])


def _path(points: Sequence[Point], *, upright: bool = False) -> str:
    """Return an SVG path whose curves leave and meet each point level, or upright."""
    path = "M{:.0f} {:.0f}".format(*points[0])
    for (x, y), (to_x, to_y) in pairwise(points):
        middle = (y + to_y) / 2 if upright else (x + to_x) / 2
        bends = (x, middle, to_x, middle) if upright else (middle, y, middle, to_y)
        path += "C{:.0f} {:.0f} {:.0f} {:.0f} {:.0f} {:.0f}".format(*bends, to_x, to_y)
    return path


def _gap(boxes: Mapping[str, Box], right: float, y: float) -> float:
    """Return the height nearest to y at which the column that ends there has no box."""
    return min(
        (box.y + box.height + TABLE_GAP_PX / 2 for box in boxes.values() if box.x + box.width == right),
        key=lambda gap: abs(gap - y),
    )


def _view_box(boxes: Sequence[Box]) -> dict[str, float]:
    left = min((box.x for box in boxes), default=0)
    right = max((box.x + box.width for box in boxes), default=0)
    bottom = max((box.y + box.height for box in boxes), default=0)
    return {"left": left, "width": right - left, "height": bottom}
