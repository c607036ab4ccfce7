"""The references that are made from the code."""

import json

import pytest

from devtools.docs_site.contract import Schema, in_words, operations
from devtools.docs_site.pages import Repository, collect
from devtools.docs_site.reference import RENDERERS, generated_pages
from devtools.docs_site.rule_book_page import rule_book_page
from devtools.docs_site.sessions import Session
from devtools.postgres import PROJECT
from gates.model import Project
from gates.registry import CHECKS

CONTRACT = json.loads((PROJECT / "backend/openapi.json").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def pages() -> dict[str, str]:
    """All generated pages; one session stands for those of the noxfile."""
    return generated_pages(Repository(PROJECT), [Session("lint", "Gates.")])


@pytest.mark.parametrize(
    ("schema", "words"),
    [
        ({"type": "string", "minLength": 1, "maxLength": 2000}, "string, 1 to 2,000 characters"),
        ({"type": "integer", "maximum": 9}, "integer, at most 9"),
        ({"type": "integer", "minimum": 1}, "integer, at least 1"),
        ({"type": "string", "format": "uuid"}, "uuid"),
        ({"enum": ["A", "B"], "type": "string"}, "`A` or `B`"),
        ({"const": "A"}, "`A`"),
        ({"anyOf": [{"$ref": "#/components/schemas/Role"}, {"type": "null"}]}, "[Role](s.md#role) or null"),
        (
            {"type": "array", "items": {"type": "string"}, "minItems": 1, "maxItems": 3},
            "list of string, 1 to 3 items",
        ),
        ({}, "any value"),
    ],
)
def test_describes_schemas_in_words(schema: Schema, words: str) -> None:
    assert in_words(schema, "s.md") == words


def test_explains_every_gate_that_enforces_a_rule(pages: dict[str, str]) -> None:
    page = pages["reference/gates.md"]

    enforced = {gate for rule in Project(root=PROJECT).rulebook["rules"].values() for gate in rule["gates"]}
    assert enforced <= CHECKS.keys()
    assert all(f"\n## {gate}\n" in page for gate in enforced)
    assert page.count("\nWhy\n:   ") == len(enforced)


def test_shows_a_refused_and_an_accepted_change(pages: dict[str, str]) -> None:
    handlers = pages["reference/gates.md"].partition("\n## handlers\n")[2].partition("\n## ")[0]

    assert handlers.index("**Refused, ") < handlers.index("````text\n") < handlers.index("**Accepted, ")


def test_lists_every_problem_once_with_its_requests(pages: dict[str, str]) -> None:
    page = pages["reference/problems.md"]

    codes = {code for operation in operations(CONTRACT) for code in operation.codes}
    assert all(page.count(f"`{code}`{{ #{code} }}") == 1 for code in codes)
    assert "[publish_article](api/news.md#publish_article)" in page
    assert "| 405 | `method_not_allowed`{ #method_not_allowed } |" in page
    assert "| any |" in page
    assert f" of {len(operations(CONTRACT))} |" in page


def test_describes_every_operation_and_schema(pages: dict[str, str]) -> None:
    text = "".join(text for place, text in pages.items() if place.startswith("reference/api/"))

    assert all(f"{{ #{operation.id} }}\n" in text for operation in operations(CONTRACT))
    assert all(f"\n## {name}\n" in text for name in CONTRACT["components"]["schemas"])
    assert "BOARD_MEMBER" in pages["reference/api/news.md"]
    assert "ADMIN, recent password" in pages["reference/api/members.md"]
    assert "| **`title`** | string, 1 to 200 characters |" in pages["reference/api/schemas.md"]
    assert "Body: [NewsUpdate](schemas.md#newsupdate) as `application/merge-patch+json`." in text


def test_has_a_section_for_each_table_of_the_block() -> None:
    page = collect(Repository(PROJECT), {}, RENDERERS)["reference/rule-book.md"]

    tables = {*Project(root=PROJECT).rulebook.block} - {"rules"}
    assert all(f"\n### {table}\n" in page for table in tables)
    assert "```toml\n[versions]\n" in page
    assert "](../decisions/0047-operation-ids.md) | " in page


def test_describes_a_table_by_the_comment_above_it() -> None:
    block = "# Too long\n# is refused.\n[budgets]\nlines = 4\n# At most.\n[budgets.more]\nx = 1\n"
    exclusion = '[[exclusions]]\nkind = "lint"\npath = "a"\nrules = ["X1"]\nreason = """two\nlines"""\n'
    contract_break = '[[contract-breaks]]\ndecision = "docs/decisions/0001-a.md"\n'

    page = rule_book_page(f"# Rules\n\n## The block\n\n```toml\n{block}{exclusion}{contract_break}```\n")

    assert "### budgets\n\nToo long is refused. At most.\n\n```toml\n[budgets]\nlines = 4\n" in page
    assert "| lint | `a` | `X1` | two lines |" in page
    assert "| [0001-a](../../docs/decisions/0001-a.md) | 1 |" in page


def test_omits_lines_above_the_first_table_of_the_block() -> None:
    block = "\n[budgets]\nlines = 4\n\n[rules]\n"
    lists = "exclusions = []\ncontract-breaks = []\n"

    page = rule_book_page(f"# Rules\n\n## The block\n\n```toml\n{lists}{block}```\n")

    assert "section by section.\n\n### budgets\n\n\n\n```toml\n[budgets]\nlines = 4\n```\n" in page
    assert "exclusions = []" not in page


def test_refuses_a_rule_book_without_a_block() -> None:
    with pytest.raises(ValueError, match="no block"):
        rule_book_page("# Rules\n")
