"""Every keyword of OpenAPI 3.1 that a client may rely on: which changes of it break, and which do not."""

import copy
from typing import Any

import pytest

from gates.contract.openapi_diff import breaking_changes
from tests.gates.support.json_edits import GONE, Edit, edited

CAT, DOG = "#/components/schemas/Cat", "#/components/schemas/Dog"
KINDS: dict[str, Any] = {
    "all": {
        "allOf": [
            {"type": "object", "required": ["a"], "properties": {"a": {"type": "integer"}}},
            {"required": ["b"], "properties": {"b": {"type": "string"}}},
        ]
    },
    "contains": {"type": "array", "contains": {"const": 1}},
    "dependent": {"type": "object", "dependentRequired": {"a": ["b"]}},
    "list": {"type": "array", "items": {"type": "integer"}},
    "list of anything": {"type": "array"},
    "map": {"type": "object", "additionalProperties": {"type": "integer"}},
    "map of anything": {"type": "object"},
    "names": {"type": "object", "propertyNames": {"pattern": "^a"}},
    "negated": {"type": "integer", "not": {"const": 3}},
    "number": {"type": "integer"},
    "pet": {
        "oneOf": [{"$ref": CAT}, {"$ref": DOG}],
        "discriminator": {"propertyName": "kind", "mapping": {"cat": CAT, "dog": DOG}},
    },
    "pair": {"type": "array", "prefixItems": [{"type": "integer"}, {"type": "string"}]},
    "read": {"type": "integer", "readOnly": True},
    "text": {"type": "string"},
    "tree": {"$ref": "#/components/schemas/Tree"},
    "written": {"type": "integer", "writeOnly": True},
}
FORM = {"schema": {"type": "object"}, "encoding": {"file": {"contentType": "text/plain"}}}


def _content() -> dict[str, Any]:
    json_of = {"schema": {"type": "object", "properties": copy.deepcopy(KINDS)}}
    return {"application/json": json_of, "multipart/form-data": copy.deepcopy(FORM)}


def document() -> dict[str, Any]:
    """Return a contract whose one operation says all that OpenAPI lets it say."""
    animal = {"type": "object", "required": ["kind"]}
    branch = {"anyOf": [{"$ref": "#/components/schemas/Tree"}, {"type": "null"}]}
    schemas = {
        "Cat": animal | {"properties": {"kind": {"const": "cat"}}},
        "Dog": animal | {"properties": {"kind": {"const": "dog"}}},
        "Tree": {"type": "object", "properties": {"left": branch, "leaf": {"type": "string"}}},
    }
    header = {"required": True, "schema": {"type": "array", "items": {"type": "integer"}}}
    listed = {"in": "query", "name": "q", "style": "form", "explode": True, "allowReserved": True}
    operation = {
        "operationId": "x",
        "tags": ["news", "old"],
        "parameters": [
            listed | {"allowEmptyValue": True, "schema": {"type": "array", "items": {"type": "string"}}},
            {"in": "query", "name": "j", "content": {"application/json": {"schema": {"type": "integer"}}}},
            {"in": "query", "name": "n", "required": True, "schema": {"type": "integer"}},
        ],
        "requestBody": {"content": _content()},
        "callbacks": {"done": {"{$url}": {"post": {"responses": {}}}}},
        "responses": {
            "200": {"content": _content(), "headers": {"H": header}, "links": {"next": {"operationId": "x"}}}
        },
    }
    return {
        "servers": [{"url": "/a"}, {"url": "/b"}],
        "paths": {"/x": {"post": operation}},
        "webhooks": {"news": {"post": {"responses": {}}}},
        "components": {"schemas": schemas},
    }


X = "/paths/~1x/post"
ASKED, ANSWERED = f"{X}/requestBody/content", f"{X}/responses/200/content"
FIELDS = "application~1json/schema/properties"


def asked(kind: str, keyword: str = "", value: object = GONE) -> Edit:
    return f"{ASKED}/{FIELDS}/{kind}{keyword}", value


def answered(kind: str, keyword: str = "", value: object = GONE) -> Edit:
    return f"{ANSWERED}/{FIELDS}/{kind}{keyword}", value


def changed(*edits: Edit) -> dict[str, Any]:
    return edited(document(), *edits)


@pytest.mark.parametrize(
    ("edit", "pointer", "message"),
    [
        (("/servers", [{"url": "/b"}]), f"{X}/servers", "it is no longer served at /a"),
        ((f"{X}/servers", [{"url": "/c"}]), f"{X}/servers", "it is no longer served at /a, /b"),
        (("/paths/~1x/servers", [{"url": "/c"}]), f"{X}/servers", "it is no longer served at /a, /b"),
        (("/webhooks", GONE), "/webhooks", "webhooks changed, and clients may rely on it"),
        (
            (f"{X}/tags", ["other"]),
            f"{X}/tags",
            "the first tag changed: generated clients move the operation",
        ),
        ((f"{X}/callbacks", GONE), f"{X}/callbacks", "callbacks changed"),
        ((f"{X}/parameters/0/style", "pipeDelimited"), f"{X}/parameters/q/style", "style changed"),
        ((f"{X}/parameters/0/explode", False), f"{X}/parameters/q/explode", "explode changed"),
        ((f"{X}/parameters/0/allowReserved", GONE), f"{X}/parameters/q/allowReserved", "allowReserved ch"),
        ((f"{X}/parameters/0/allowEmptyValue", False), f"{X}/parameters/q/allowEmptyValue", "allowEmpty"),
        (
            (f"{X}/parameters/1/content/application~1json/schema/type", "string"),
            f"{X}/parameters/j/content/application~1json/schema",
            "integer is no longer accepted",
        ),
        (
            (f"{X}/parameters/2", {"in": "query", "name": "n", "content": {"application/json": {}}}),
            f"{X}/parameters/n/style",
            "style changed",
        ),
        (
            (f"{X}/responses/200/headers/H/required", GONE),
            f"{X}/responses/200/headers/H",
            "the header H is no longer always there",
        ),
        (
            (f"{X}/responses/200/headers/H/explode", True),
            f"{X}/responses/200/headers/H/explode",
            "explode changed",
        ),
        ((f"{X}/responses/200/links", GONE), f"{X}/responses/200/links", "links changed"),
        (
            (f"{ASKED}/multipart~1form-data/encoding/file/contentType", "image/png"),
            f"{ASKED}/multipart~1form-data/encoding",
            "encoding changed",
        ),
        (asked("map", "/additionalProperties", False), "", "other fields are now refused"),
        (
            asked("map of anything", "/additionalProperties", {"type": "integer"}),
            "",
            "any value is no longer",
        ),
        (answered("map", "/additionalProperties"), "", "any value is a new kind of value"),
        (answered("map", "/additionalProperties", True), "", "any value is a new kind of value"),
        (asked("map of anything", "/unevaluatedProperties", False), "", "unevaluatedProperties is narrower"),
        (asked("map of anything", "/patternProperties", {"a": {}}), "", "patternProperties is narrower"),
        (asked("names", "/propertyNames", {"pattern": "^b"}), "", "propertyNames is narrower"),
        (answered("names", "/propertyNames"), "", "propertyNames is wider"),
        (asked("dependent", "/dependentRequired", {"a": ["b", "c"]}), "", "dependentRequired is narrower"),
        (asked("list of anything", "/items", {"type": "integer"}), "", "any value is no longer accepted"),
        (answered("list", "/items"), "", "any value is a new kind of value"),
        (asked("list", "/uniqueItems", True), "", "uniqueItems is narrower"),
        (asked("contains", "/contains", {"const": 2}), "", "contains is narrower"),
        (asked("contains", "/minContains", 2), "", "minContains is narrower"),
        (asked("pair", "/prefixItems/0", {"type": "string"}), "", "integer is no longer accepted"),
        (answered("pair", "/prefixItems/1", {"type": "integer"}), "", "integer is a new kind of value"),
        (asked("number", "/not", {"const": 3}), "", "not is narrower for requests: None and {'const': 3}"),
        (answered("negated", "/not"), "", "not is wider in responses"),
        (asked("number", "/readOnly", True), "", "readOnly is narrower"),
        (answered("number", "/writeOnly", True), "", "it is no longer in responses"),
        (asked("text", "/contentEncoding", "base64"), "", "contentEncoding is narrower"),
        (asked("text", "/nullable", True), "", "nullable is narrower"),
        (asked("number", "/multipleOf", 2), "", "multipleOf is narrower"),
    ],
)
def test_finds_break_when_a_client_may_rely_on_the_keyword(edit: Edit, pointer: str, message: str) -> None:
    found = [
        one.message
        for one in breaking_changes(document(), changed(edit))
        if one.pointer == (pointer or edit[0])
    ]

    assert [one.startswith(message) for one in found] == [True]


@pytest.mark.parametrize(
    ("edits", "place", "message"),
    [
        ([answered("pair", "/prefixItems", [{"type": "integer"}])], "pair/prefixItems/1", "any value is a"),
        ([answered("all", "/allOf/0/required")], "all/required/a", "the field a is no longer always there"),
        ([asked("all", "/allOf/0/required", ["a", "c"])], "all/required/c", "the field c is newly required"),
        ([answered("pet", "/discriminator/mapping/cow", CAT)], "pet/discriminator", "cow: new in responses"),
        ([asked("pet", "/discriminator/mapping/dog")], "pet/discriminator", "dog: no longer accepted"),
        (
            [
                asked("pet", f"/oneOf/{n}", {"$ref": ref, "minProperties": 2})
                for n, ref in enumerate([CAT, DOG])
            ],
            "pet/minProperties",
            "minProperties is narrower",
        ),
    ],
)
def test_finds_break_when_parts_of_a_schema_say_it_together(
    edits: list[Edit], place: str, message: str
) -> None:
    found = {
        one.message for one in breaking_changes(document(), changed(*edits)) if one.pointer.endswith(place)
    }

    assert [one.startswith(message) for one in found] == [True]


@pytest.mark.parametrize(
    "edits",
    [
        [("/servers/2", {"url": "/c"})],
        [("/servers/0/description", "Here.")],
        [
            ("/components/schemas/Cat/properties/kind", {"enum": ["cat"]}),
            (f"{X}/parameters/2/required", GONE),
        ],
        [
            ("/info", {"title": "News"}),
            ("/openapi", "3.1.1"),
            ("/tags", [{"name": "news"}]),
            ("/security", []),
        ],
        [(f"{X}/{word}", word) for word in ("description", "externalDocs", "summary")],
        [(f"{X}/tags", ["news"]), (f"{X}/deprecated", True), (f"{X}/x-action", "news:read")],
        [(f"{X}/parameters/0/style", GONE), (f"{X}/parameters/0/explode", GONE)],
        [(f"{X}/parameters/2/deprecated", True), (f"{X}/parameters/2/example", 1)],
        [(f"{X}/responses/200/headers/H/explode", False), (f"{X}/responses/200/headers/H/style", "simple")],
        [asked("map", "/additionalProperties"), answered("map of anything", "/additionalProperties", False)],
        [answered("map of anything", "/additionalProperties", {"type": "integer"})],
        [asked("list", "/items"), answered("list of anything", "/items", {"type": "integer"})],
        [asked("list", "/uniqueItems", False), answered("list", "/uniqueItems", True)],
        [asked("negated", "/not"), answered("number", "/not", {"const": 3})],
        [asked("names", "/propertyNames"), answered("map of anything", "/propertyNames", {"pattern": "^a"})],
        [asked("read", "/readOnly"), answered("number", "/readOnly", True), answered("read", "/readOnly")],
        [asked("number", "/writeOnly", True), answered("written", "/writeOnly")],
        [asked("pair", "/prefixItems", [{"type": "integer"}])],
        [answered("pair", "/prefixItems/2", {"type": "integer"})],
        [asked("text", "", {"anyOf": [{"type": "string"}, {"type": "null"}]})],
        [asked("text", "/examples", ["a"]), asked("text", "/deprecated", True), asked("text", "/x-of", 1)],
        [asked("pet", "/oneOf/2", {"type": "null"}), asked("pet", "/discriminator/mapping/cow", CAT)],
        [answered("pet", "/discriminator/mapping/dog"), answered("pet", "/discriminator/propertyName", "x")],
    ],
)
def test_finds_nothing_when_the_keyword_does_not_affect_clients(edits: list[Edit]) -> None:
    assert breaking_changes(document(), changed(*edits)) == []


def test_finds_break_and_ends_when_a_schema_holds_itself() -> None:
    new = changed(("/components/schemas/Tree/properties/leaf/maxLength", 9))

    assert [one.pointer for one in breaking_changes(document(), new)] == [
        "/components/schemas/Tree/properties/leaf/maxLength",
        "/components/schemas/Tree/properties/left/properties/leaf/maxLength",
    ]


def test_finds_break_at_each_use_when_parameters_are_shared() -> None:
    old = document()
    old["paths"]["/x"]["get"] = {"responses": {}}
    old["paths"]["/x"]["parameters"] = [{"in": "header", "name": "L", "schema": {"type": "string"}}]
    new = copy.deepcopy(old)
    new["paths"]["/x"]["parameters"][0]["schema"]["type"] = "integer"

    assert [one.pointer for one in breaking_changes(old, new)] == [
        f"/paths/~1x/{method}/parameters/L/schema" for method in ("get", "post")
    ]


def test_finds_break_when_servers_omit_the_default_one() -> None:
    old = changed(("/servers", GONE))

    assert [one.message for one in breaking_changes(old, changed(("/servers", [{"url": "/v2"}])))] == [
        "it is no longer served at /"
    ]
    assert breaking_changes(old, changed(("/servers", [{"url": "/"}, {"url": "/v2"}]))) == []
