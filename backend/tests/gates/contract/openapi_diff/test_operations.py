"""Changes of an OpenAPI document that break clients, and changes that do not."""

import copy
from typing import Any

import pytest

from gates.contract.openapi_diff import BreakingChange, breaking_changes
from tests.gates.support.json_edits import GONE, Edit, edited

ARTICLE: dict[str, Any] = {
    "type": "object",
    "required": ["id", "title"],
    "properties": {
        "id": {"type": "string", "format": "uuid"},
        "title": {"type": "string", "maxLength": 200},
        "status": {"type": "string", "enum": ["DRAFT", "PUBLISHED"]},
        "summary": {"anyOf": [{"type": "string"}, {"type": "null"}]},
        "rank": {"type": "integer"},
        "replies": {"type": "array", "items": {"$ref": "#/components/schemas/Read"}},
    },
}


def document() -> dict[str, Any]:
    """Return a contract that reads and writes the same article, and has all parts that can break."""
    schemas = {"Read": copy.deepcopy(ARTICLE), "Write": copy.deepcopy(ARTICLE)}
    schemas["Write"]["properties"]["replies"]["items"]["$ref"] = "#/components/schemas/Write"
    json_of = {
        name: {"application/json": {"schema": {"$ref": f"#/components/schemas/{name}"}}} for name in schemas
    }
    return {
        "paths": {
            "/news/{id}": {
                "parameters": [{"in": "path", "name": "id", "required": True, "schema": {"type": "string"}}],
                "put": {
                    "operationId": "put_news",
                    "parameters": [
                        {"in": "query", "name": "limit", "schema": {"type": "integer", "maximum": 100}},
                        {"in": "header", "name": "If-Match", "schema": {"type": "string"}},
                    ],
                    "requestBody": {"content": json_of["Write"]},
                    "responses": {
                        "200": {
                            "content": json_of["Read"],
                            "headers": {"ETag": {"schema": {"type": "string"}}},
                        },
                        "404": {"content": {"application/problem+json": {"schema": {"type": "object"}}}},
                    },
                },
                "get": {"operationId": "get_news", "responses": {"200": {"content": json_of["Read"]}}},
            }
        },
        "components": {"schemas": schemas},
    }


PUT = "/paths/~1news~1{id}/put"
READ, WRITE = "/components/schemas/Read", "/components/schemas/Write"


def changed(*edits: Edit) -> dict[str, Any]:
    return edited(document(), *edits)


def test_finds_nothing_when_documents_are_equal() -> None:
    assert breaking_changes(document(), document()) == []


@pytest.mark.parametrize(
    ("edits", "pointer", "message"),
    [
        ([("/paths/~1news~1{id}", GONE)], PUT, "PUT /news/{id} is gone"),
        ([(PUT, GONE)], PUT, "PUT /news/{id} is gone"),
        (
            [(f"{PUT}/operationId", "x")],
            f"{PUT}/operationId",
            "operationId changed, and clients may rely on it",
        ),
        (
            [(f"{PUT}/security", [{"bearer": []}])],
            f"{PUT}/security",
            "it asks for credentials that it did not",
        ),
        ([("/security", [{"bearer": []}])], f"{PUT}/security", "it asks for credentials that it did not"),
        ([(f"{PUT}/parameters/0", GONE)], f"{PUT}/parameters/limit", "the query parameter limit is gone"),
        (
            [(f"{PUT}/parameters/1/required", True)],
            f"{PUT}/parameters/If-Match",
            "the header parameter If-Match is now",
        ),
        (
            [(f"{PUT}/parameters/2", {"in": "query", "name": "to", "required": True})],
            f"{PUT}/parameters/to",
            "the new query parameter to is required",
        ),
        (
            [(f"{PUT}/parameters/0/schema/maximum", 50)],
            f"{PUT}/parameters/limit/schema/maximum",
            "maximum is narrower for requests: 100 and 50",
        ),
        (
            [("/paths/~1news~1{id}/parameters/0/schema/format", "uuid")],
            f"{PUT}/parameters/id/schema/format",
            "format is narrower for requests",
        ),
        ([(f"{PUT}/requestBody/required", True)], f"{PUT}/requestBody", "a body is now required"),
        ([(f"{PUT}/requestBody", GONE)], f"{PUT}/requestBody", "it takes no body any more"),
        (
            [(f"{PUT}/requestBody/content/application~1json", GONE)],
            f"{PUT}/requestBody/content/application~1json",
            "application/json is gone",
        ),
        ([(f"{PUT}/responses/404", GONE)], f"{PUT}/responses/404", "it no longer declares 404"),
        (
            [(f"{PUT}/responses/404/content", {"application/json": {}})],
            f"{PUT}/responses/404/content/application~1problem+json",
            "application/problem+json is gone",
        ),
        (
            [(f"{PUT}/responses/200/headers", {})],
            f"{PUT}/responses/200/headers/ETag",
            "the header ETag is gone",
        ),
        (
            [(f"{READ}/properties/rank", GONE)],
            f"{READ}/properties/rank",
            "the field rank is gone from the response",
        ),
        (
            [(f"{WRITE}/properties/rank", GONE)],
            f"{WRITE}/properties/rank",
            "the field rank is gone from the request",
        ),
        (
            [(f"{READ}/required", ["id"])],
            f"{READ}/required/title",
            "the field title is no longer always there",
        ),
        (
            [(f"{WRITE}/required", ["id", "title", "rank"])],
            f"{WRITE}/required/rank",
            "the field rank is newly required",
        ),
        (
            [(f"{WRITE}/properties/place", {"type": "string"}), (f"{WRITE}/required/2", "place")],
            f"{WRITE}/required/place",
            "the field place is newly required in the request",
        ),
        (
            [(f"{READ}/properties/status/enum", ["DRAFT", "PUBLISHED", "ARCHIVED"])],
            f"{READ}/properties/status/enum",
            "ARCHIVED: new in responses",
        ),
        (
            [(f"{READ}/properties/status/enum", GONE)],
            f"{READ}/properties/status/enum",
            "any other value: new in responses",
        ),
        (
            [(f"{WRITE}/properties/status/enum", ["DRAFT"])],
            f"{WRITE}/properties/status/enum",
            "PUBLISHED: no longer accepted",
        ),
        (
            [(f"{WRITE}/properties/rank/enum", [1])],
            f"{WRITE}/properties/rank/enum",
            "any other value: no longer",
        ),
        (
            [(f"{READ}/properties/rank/type", "string")],
            f"{READ}/properties/rank",
            "string is a new kind of value",
        ),
        (
            [(f"{WRITE}/properties/rank/type", "string")],
            f"{WRITE}/properties/rank",
            "integer is no longer accepted",
        ),
        (
            [(f"{READ}/properties/rank/type", "number")],
            f"{READ}/properties/rank",
            "number is a new kind of value",
        ),
        (
            [(f"{READ}/properties/rank", {"anyOf": [{"type": "integer"}, {"type": "null"}]})],
            f"{READ}/properties/rank",
            "null is a new kind of value",
        ),
        (
            [(f"{READ}/properties/rank/type", ["integer", "null"])],
            f"{READ}/properties/rank",
            "null is a new kind",
        ),
        (
            [(f"{WRITE}/properties/summary", {"type": "string"})],
            f"{WRITE}/properties/summary",
            "null is no longer",
        ),
        (
            [(f"{READ}/properties/id/format", GONE)],
            f"{READ}/properties/id/format",
            "format is wider in responses",
        ),
        (
            [(f"{WRITE}/properties/title/pattern", "^a")],
            f"{WRITE}/properties/title/pattern",
            "pattern is narrower",
        ),
        (
            [(f"{WRITE}/properties/title/maxLength", 99)],
            f"{WRITE}/properties/title/maxLength",
            "maxLength is narrower",
        ),
        (
            [(f"{WRITE}/properties/title/minLength", 1)],
            f"{WRITE}/properties/title/minLength",
            "minLength is narrower",
        ),
        (
            [(f"{READ}/properties/title/maxLength", 300)],
            f"{READ}/properties/title/maxLength",
            "maxLength is wider",
        ),
        (
            [(f"{WRITE}/additionalProperties", False)],
            f"{WRITE}/additionalProperties",
            "other fields are now refused",
        ),
        (
            [(f"{READ}/properties/replies/items", {"type": "string"})],
            f"{READ}/properties/replies/items",
            "string is a new kind of value",
        ),
        (
            [(f"{READ}/properties/summary/anyOf/0", {"type": "integer"})],
            f"{READ}/properties/summary",
            "integer is a new kind of value",
        ),
    ],
)
def test_finds_break_when_promise_is_dropped(
    edits: list[tuple[str, object]], pointer: str, message: str
) -> None:
    found = breaking_changes(document(), changed(*edits))
    assert [one.message.startswith(message) for one in found if one.pointer == pointer] == [True]


@pytest.mark.parametrize(
    "edits",
    [
        [("/paths/~1events", {"get": {"operationId": "list_events", "responses": {}}})],
        [(f"{PUT}/parameters/2", {"in": "query", "name": "sort", "schema": {"type": "string"}})],
        [(f"{PUT}/parameters/0/schema/maximum", 200)],
        [(f"{PUT}/responses/409", {"description": "Conflict"})],
        [(f"{PUT}/security", [{"bearer": []}, {}])],
        [(f"{READ}/properties/place", {"type": "string"}), (f"{READ}/required/2", "place")],
        [(f"{WRITE}/properties/place", {"type": "string"})],
        [(f"{WRITE}/required", ["id"])],
        [(f"{READ}/properties/status/enum", ["DRAFT"])],
        [(f"{WRITE}/properties/status/enum", ["DRAFT", "PUBLISHED", "ARCHIVED"])],
        [(f"{WRITE}/properties/rank/type", "number")],
        [(f"{READ}/properties/summary", {"type": "string"})],
        [(f"{READ}/properties/status", {"const": "DRAFT", "type": "string"})],
        [(f"{WRITE}/properties/rank", {"anyOf": [{"type": "integer"}, {"type": "null"}]})],
        [(f"{WRITE}/properties/title/maxLength", 300), (f"{READ}/properties/title/maxLength", 100)],
        [(f"{READ}/properties/title", {"allOf": [{"type": "string"}, {"maxLength": 100}]})],
        [(f"{READ}/description", "An article"), (f"{PUT}/summary", "Write")],
        [(f"{READ}/additionalProperties", False)],
    ],
)
def test_finds_nothing_when_clients_can_go_on(edits: list[tuple[str, object]]) -> None:
    assert breaking_changes(document(), changed(*edits)) == []


def test_finds_nothing_when_inline_schema_becomes_a_reference() -> None:
    inline = document()
    inline["paths"]["/news/{id}"]["get"]["responses"]["200"]["content"]["application/json"]["schema"] = (
        ARTICLE
    )
    assert breaking_changes(inline, document()) == []


def test_reports_shared_schema_once_when_many_operations_use_it() -> None:
    found = breaking_changes(document(), changed((f"{READ}/properties/rank", GONE)))
    assert found == [BreakingChange(f"{READ}/properties/rank", "the field rank is gone from the response")]
