"""The changes of a contract in words."""

import copy
import json
from collections.abc import Callable
from typing import Any

import pytest

from gates.report.pull_request.contract_changes import Break, ContractChanges, contract_changes
from tests.gates.support.sample_project import SampleProject

CONTRACT = "backend/openapi.json"
LIST = {
    "summary": "List news",
    "parameters": [{"name": "limit", "in": "query", "schema": {"type": "integer", "maximum": 100}}],
    "responses": {
        "200": {"content": {"application/json": {"schema": {"$ref": "#/components/schemas/Page"}}}}
    },
}
BASE: dict[str, Any] = {
    "openapi": "3.1.0",
    "paths": {"/news": {"get": LIST, "post": {"summary": "Write news", "responses": {"201": {}}}}},
    "components": {
        "schemas": {
            "Page": {"properties": {"items": {"items": {"$ref": "#/components/schemas/Article"}}}},
            "Article": {
                "type": "object",
                "properties": {"title": {"type": "string"}, "status": {"enum": ["DRAFT"]}},
                "required": ["title"],
            },
        }
    },
}

Edit = Callable[[dict[str, Any]], object]


@pytest.fixture
def change(sample: SampleProject) -> SampleProject:
    sample.write(CONTRACT, json.dumps(BASE)).rule(
        "[sessions]\n", "[contract-breaks-none]\n[sessions]\n"
    ).commit()
    sample.git("branch", "--force", "main", "HEAD")
    return sample


def changes(change: SampleProject, edit: Edit) -> ContractChanges:
    document = copy.deepcopy(BASE)
    edit(document)
    change.write(CONTRACT, json.dumps(document))
    return contract_changes(change.project)


def article(document: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = document["components"]["schemas"]["Article"]
    return found


def test_is_empty_when_the_contract_is_the_same(change: SampleProject) -> None:
    assert not contract_changes(change.project)


def test_lists_operations_that_are_new_and_gone(change: SampleProject) -> None:
    def edit(document: dict[str, Any]) -> None:
        document["paths"]["/news"]["put"] = document["paths"]["/news"].pop("post") | {
            "summary": "Replace news"
        }

    found = changes(change, edit)

    assert [(each.name, each.summary) for each in found.added] == [("PUT /news", "Replace news")]
    assert [each.name for each in found.removed] == ["POST /news"]
    assert [(each.pointer, each.message, each.decision) for each in found.breaks] == [
        ("/paths/~1news/post", "POST /news is gone", "")
    ]


def test_names_the_decision_when_a_break_is_declared(change: SampleProject) -> None:
    decision = "docs/decisions/0002-why.md"
    entry = f'[[contract-breaks]]\npointer = "/paths/~1news/post"\ndecision = "{decision}"\n'
    change.write(decision, "# 2. Why").rule("[contract-breaks-none]\n", entry)

    found = changes(change, lambda document: document["paths"]["/news"].pop("post"))

    assert found.breaks == [Break("/paths/~1news/post", "POST /news is gone", decision)]


@pytest.mark.parametrize(
    ("edit", "words"),
    [
        (lambda get: get["parameters"].append({"name": "q", "in": "query"}), "parameter q (query): added"),
        (lambda get: get["parameters"].clear(), "parameter limit (query): removed"),
        (
            lambda get: get["parameters"][0].update(schema={"type": "integer", "maximum": 50}),
            "parameter limit (query): integer (maximum 100) → integer (maximum 50)",
        ),
        (lambda get: get["parameters"][0].update(required=True), "parameter limit (query): details changed"),
        (lambda get: get["responses"].update({"404": {}, "410": {}}), "response 404, 410: added"),
        (lambda get: get.update(requestBody={"content": {"text/plain": {}}}), "body text/plain: added"),
        (lambda get: get.update(operationId="list_news"), "operationId changed"),
    ],
)
def test_says_how_an_operation_changed(
    change: SampleProject, edit: Callable[[Any], object], words: str
) -> None:
    found = changes(change, lambda document: edit(document["paths"]["/news"]["get"]))

    assert [(each.name, each.changes) for each in found.changed] == [("GET /news", [words])]


@pytest.mark.parametrize(
    ("edit", "words"),
    [
        (lambda it: it["properties"].update(subtitle={"type": "string"}), ["field subtitle: added"]),
        (
            lambda it: it["properties"].update(title={"anyOf": [{"type": "string"}, {"type": "null"}]}),
            ["field title: string → string or null"],
        ),
        (
            lambda it: it["properties"].update(status={"$ref": "#/components/schemas/Page"}),
            ["field status: any value one of DRAFT → Page"],
        ),
        (lambda it: it["properties"].update(title=True), ["field title: string → True"]),
        (
            lambda it: it["properties"].update(
                title={"type": "string", "description": "Its title."}, body={"type": "string"}
            ),
            ["field title: documentation changed", "field body: added"],
        ),
        (lambda it: it["properties"]["title"].update(pattern="a"), ["field title: details changed"]),
        (
            lambda it: it.update(required=["status"]),
            ["field status is now required", "field title is no longer required"],
        ),
        (lambda it: it.update(additionalProperties=False), ["additionalProperties changed"]),
        (lambda it: it.update(enum=["A"]), ["value A added"]),
    ],
)
def test_says_how_a_schema_changed_and_who_uses_it(
    change: SampleProject, edit: Callable[[Any], object], words: list[str]
) -> None:
    (found,) = changes(change, lambda document: edit(article(document))).schemas

    assert (found.name, found.changes, found.used_by) == ("Article", words, ["GET /news"])


def test_lists_schemas_that_are_new_and_gone(change: SampleProject) -> None:
    def edit(document: dict[str, Any]) -> None:
        schemas = document["components"]["schemas"]
        schemas["News"] = schemas.pop("Article")
        schemas["Page"]["properties"]["items"]["items"]["$ref"] = "#/components/schemas/News"

    found = changes(change, edit)

    assert [(each.name, each.changes) for each in found.schemas] == [
        ("Article", ["removed"]),
        ("News", ["added"]),
        ("Page", ["field items: details changed"]),
    ]


def test_keeps_apart_what_is_only_described_in_other_words(change: SampleProject) -> None:
    def edit(document: dict[str, Any]) -> None:
        document["paths"]["/news"]["get"]["description"] = "All news."
        article(document)["properties"]["title"]["description"] = "Its title."

    found = changes(change, edit)

    assert (found.changed, found.schemas, found.reworded) == ([], [], ["GET /news", "Article"])


def test_says_documentation_when_a_changed_part_has_other_words(change: SampleProject) -> None:
    def edit(document: dict[str, Any]) -> None:
        document["paths"]["/news"]["get"].update(description="All news.", operationId="all")

    (found,) = changes(change, edit).changed
    assert found.changes == ["documentation changed", "operationId changed"]


def test_has_only_additions_when_there_was_no_contract(sample: SampleProject) -> None:
    sample.write(CONTRACT, json.dumps(BASE))

    found = contract_changes(sample.project)

    assert [each.name for each in found.added] == ["GET /news", "POST /news"]
    assert found.breaks == []


def test_has_only_removals_when_the_contract_is_gone(change: SampleProject) -> None:
    change.remove(CONTRACT)

    found = contract_changes(change.project)

    assert [each.name for each in found.removed] == ["GET /news", "POST /news"]
