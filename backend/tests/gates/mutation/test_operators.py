import ast

import pytest

from gates.mutation.operators import Mutant, edited, mutants

SHOP = """class Shop:
    OPEN, CLOSED = 1, 2


def price(amount: int = 3, *, net: bool = True) -> int:
    if net and not amount:
        raise ValueError
    return amount
"""


def made(source: str) -> list[Mutant]:
    return list(mutants(source, ast.parse(source)))


def lines(source: str) -> list[str]:
    """The last line of each mutant's diff: what stands there instead."""
    return [mutant.diff.splitlines()[-1].removeprefix("+") for mutant in made(source)]


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("a < b <= c", ["a <= b <= c", "a < b < c"]),
        ("a > b >= c", ["a >= b >= c", "a > b > c"]),
        ("a == b != c", ["a != b != c", "a == b == c"]),
        ("a is b in c", ["a is not b in c", "a is b not in c"]),
        ("a is not b not in c", ["a is b not in c", "a is not b in c"]),
        ("a and b", ["a or b"]),
        ("a or b", ["a and b"]),
        ("a + b - c", ["a + b + c", "a - b - c"]),
        ("a * b // c / d", ["a * b // c * d", "a * b * c / d", "a // b // c / d"]),
        ("a % b & c | d", ["a % b & c & d", "a % b | c | d", "a * b & c | d"]),
        ("a << b", []),
        ("a += b", ["a -= b"]),
        ("a ^= b", []),
        ("not a", ["a"]),
        ("-a", ["a"]),
        ("+a", []),
        ("a = True", ["a = False"]),
        ("a = 1", ["a = 2"]),
        ("a = 0.5", ["a = 1.5"]),
        ("a = 'text'", []),
        ("a = None", []),
        ("a = max(b)", ["a = min(b)"]),
        ("a = {b, c}", ["a = {*(), c}", "a = {b, *()}"]),
        ("a = [b, *c]", ["a = [*(), *c]"]),
        (
            "a = A.B if c else A.C",
            ["a = A.B if not c else A.C", "a = A.C if c else A.C", "a = A.B if c else A.B"],
        ),
        ("a = A.B", []),
        ("a.b = c", ["pass"]),
        ("a[b] = c", ["pass"]),
        ("del a", ["pass"]),
        ("a()", ["pass"]),
        ("a: int = 1", ["a: int = 2"]),
        ("a: Literal[1]", []),
        ("'text'", []),
        ("...", []),
        ("[a for a in b if a]", ["[a for a in b if not a]"]),
        ("lambda a=1: a < b", ["lambda a=2: a < b", "lambda a=1: a <= b"]),
        ("@a(frozen=True)\nclass B(C, total=False): ...", []),
        ("@a(status=201)\ndef b(): ...", ["@a(status=202)"]),
        ("while a:\n    break", ["while not a:", "    pass"]),
        ("for a in b:\n    continue", ["    pass"]),
        ("def a() -> Literal[1]:\n    raise B", ["    pass"]),
        ("def a():\n    return", ["    pass"]),
        ("def a():\n    return b", ["    return None"]),
        ("def a():\n    return None", []),
        ("def a():\n    return 1", ["    return 2"]),
        ("async def a():\n    await b()", ["    pass"]),
        (
            "match a:\n    case A.B if b: ...\n    case A.C: ...",
            ["    case A.B if not b: ...", "    case A.C if b: ...", "    case A.B: ..."],
        ),
    ],
)
def test_makes_each_fault_when_the_code_allows_it(source: str, expected: list[str]) -> None:
    assert sorted(lines(source)) == sorted(expected)


def test_shows_what_it_replaces_when_that_is_longer_than_a_line() -> None:
    assert made("a(\n    b, 'ü'\n)  # why\n")[0].diff == "-a(\n-    b, 'ü'\n-)  # why\n+pass  # why"


def test_keeps_other_characters_when_they_take_several_bytes() -> None:
    assert lines("a = 'ü', b < c, 'ü'") == ["a = 'ü', b <= c, 'ü'"]


def test_edits_the_source_like_the_tree_when_it_is_read_again() -> None:
    source = f"# ü\n{SHOP}"
    tree = ast.parse(source)

    for mutant in mutants(source, tree):
        assert ast.unparse(ast.parse(edited(source, [mutant.edit]))) == ast.unparse(tree)


def test_makes_several_edits_at_once_when_they_are_apart() -> None:
    source = "A = 1\nB = 'ü', 2\nC = 3\n"

    assert edited(source, [mutant.edit for mutant in made(source)]) == "A = 2\nB = 'ü', 3\nC = 4\n"


def test_shows_each_tree_once_when_they_are_made_in_turn() -> None:
    tree = ast.parse(SHOP)

    sources = [ast.unparse(tree) for _ in mutants(SHOP, tree)]

    assert len({*sources, ast.unparse(tree)}) == len(sources) + 1
    assert ast.unparse(tree) == ast.unparse(ast.parse(SHOP))


def test_restores_the_tree_when_nobody_asks_for_more() -> None:
    tree = ast.parse(SHOP)
    maker = mutants(SHOP, tree)
    next(maker)

    del maker

    assert ast.unparse(tree) == ast.unparse(ast.parse(SHOP))


def test_spans_all_lines_when_the_statement_is_simple() -> None:
    source = (
        "def a(b):\n    c(\n        b < 1,\n    )\n    if (\n        b\n        or c\n    ):\n        pass\n"
    )

    covered = {mutant.diff.splitlines()[-1].strip(): mutant.lines for mutant in made(source)}

    assert covered["+        b <= 1,"] == range(2, 5)
    assert [lines for shown, lines in covered.items() if shown.endswith("b and c")] == [range(6, 8)]


@pytest.mark.parametrize(
    ("source", "is_patchable"),
    [
        ("def a(b):\n    return b", True),
        ("class A:\n    @property\n    async def a(self):\n        return self", True),
        ("a = 1", False),
        ("class A:\n    b = 1", False),
        ("def a(b=1):\n    pass", False),
        ("@a(1)\ndef b():\n    pass", False),
        ("a = lambda: 1", False),
        ("def a():\n    def b():\n        return b", False),
        ("class A:\n    def __init__(self):\n        super().__init__()", False),
    ],
)
def test_is_patchable_when_it_is_in_the_body_of_a_function(source: str, is_patchable: bool) -> None:
    assert [mutant.is_patchable for mutant in made(source)] == [is_patchable]
