"""Edits of modules keep everything else as it is, and name the anchor that they miss."""

import pytest

from scaffold.edits import Argument, Case, Edit, Element, ImportName, Statement, Text, apply_all
from scaffold.syntax import MissingAnchorError

MODULE = '''"""A module."""

from a import b

LIMIT: int = 1
NAMES = ("one", "two")  # both
ROWS = Mapping(
    {
        None: {A.ONE},
        Role.ADMIN: {
            A.TWO,  # why
        },
    }
)
Kind = TypeVar("Kind", One, Two)


class Shelf:
    detail: ClassVar[str] = "Old."
    news: list[str]

    def open(self) -> None:
        self.one = 1
        self.audit = 2
        return self


@pytest.mark.parametrize(
    ("a", "b"),
    [
        (1, 2),
    ],
)
def test_adds(a: int, b: int) -> None:
    make(one=1, two=x(2), rest=3)
'''


@pytest.mark.parametrize(
    ("edit", "before", "after"),
    [
        (ImportName("a", "c"), "from a import b\n", "from a import c, b\n"),
        (ImportName("a.d", "e"), "from a import b\n", "from a import b\nfrom a.d import e\n"),
        (Statement("", "MORE = 2\n", after="LIMIT"), "LIMIT: int = 1\n", "LIMIT: int = 1\nMORE = 2\n"),
        (Statement("Shelf", "x: int\n", before="news"), "    news: ", "    x: int\n    news: "),
        (
            Statement("Shelf", "x: int\n", after="detail|news"),
            "news: list[str]\n",
            "news: list[str]\n    x: int\n",
        ),
        (
            Statement("Shelf.open", "self.x = 3\n", before=r"self\.audit"),
            "        self.audit = 2\n",
            "        self.x = 3\n        self.audit = 2\n",
        ),
        (Element("NAMES", '"three"'), '("one", "two")  # both', '("one", "two", "three")  # both'),
        (Element("NAMES", '"three"', after='"one"'), '("one", "two")', '("one", "three", "two")'),
        (Element("ROWS", "X: {A.Y}"), "        },\n    }\n", "        }, X: {A.Y},\n    }\n"),
        (Element("ROWS", "A.X", key="None"), "{A.ONE}", "{A.ONE, A.X}"),
        (Element("ROWS", "A.X", key="Role.ADMIN"), "A.TWO,  # why", "A.TWO, A.X,  # why"),
        (Argument("Kind", "TypeVar", "Three"), "One, Two)", "One, Two, Three)"),
        (Argument("test_adds", "make", "more=4", after=r"\w+=x\(.*\)"), "two=x(2),", "two=x(2), more=4,"),
        (Argument("test_adds", "make", "more=4"), "rest=3)", "rest=3, more=4)"),
        (Case("test_adds", "(3, 4)"), "(1, 2),\n", "(1, 2), (3, 4),\n"),
        (Text("Shelf.detail", "New."), '"Old."', '"New."'),
    ],
)
def test_changes_that_place_alone_when_the_anchor_is_there(edit: Edit, before: str, after: str) -> None:
    assert MODULE.count(before) == 1

    assert apply_all(MODULE, [edit]) == MODULE.replace(before, after)


@pytest.mark.parametrize(
    "edit",
    [
        ImportName("a", "b"),
        Statement("", "LIMIT = 3\n"),
        Statement("Shelf", "news: int\n", before="gone"),
        Element("NAMES", '"two"'),
        Element("ROWS", "A.TWO", key="Role.ADMIN"),
        Argument("Kind", "TypeVar", "Two"),
        Case("test_adds", "(1, 2)"),
    ],
)
def test_changes_nothing_when_the_code_is_there(edit: Edit) -> None:
    assert apply_all(MODULE, [edit]) == MODULE


@pytest.mark.parametrize(
    ("edit", "anchor"),
    [
        (Statement("Cupboard", "x = 1\n"), "Cupboard"),
        (Statement("Shelf.close", "x = 1\n"), r"Shelf\.close"),
        (Statement("Shelf", "x = 1\n", after="gone"), "gone in Shelf"),
        (Statement("", "x = 1\n", before="gone"), "gone in the module"),
        (Element("TITLES", "x"), "TITLES"),
        (Element("LIMIT", "x"), "LIMIT"),
        (Element("ROWS", "x", key="Role.BOARD"), r"ROWS\[Role\.BOARD\]"),
        (Element("NAMES", "x", after='"nine"'), '"nine"'),
        (Argument("Kind", "NewType", "x"), "call of NewType in Kind"),
        (Argument("gone", "make", "x"), "call of make in gone"),
        (Case("test_removes", "x"), "test test_removes with rows"),
        (Case("Shelf", "x"), "test Shelf with rows"),
        (Text("Shelf.news", "x"), r"Shelf\.news"),
        (Text("Shelf.gone", "x"), r"Shelf\.gone"),
    ],
)
def test_names_the_anchor_when_it_is_missing(edit: Edit, anchor: str) -> None:
    with pytest.raises(
        MissingAnchorError, match=f"it has no {anchor}. Add this by hand, or correct the anchor"
    ):
        apply_all(MODULE, [edit])


def test_fills_a_collection_when_it_is_empty() -> None:
    assert apply_all("NAMES = []\n", [Element("NAMES", "x")]) == "NAMES = [x]\n"
