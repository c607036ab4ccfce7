"""Schemas of an OpenAPI document: their alternatives, and the values that one allows and another does not."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import product, zip_longest
from typing import Any, Literal

Side = Literal["request", "response"]
Schema = Mapping[str, Any]

UPPER_BOUNDS = ("maximum", "exclusiveMaximum", "maxLength", "maxItems", "maxProperties")
LOWER_BOUNDS = ("minimum", "exclusiveMinimum", "minLength", "minItems", "minProperties")
DOCUMENTATION_KEYWORDS = {
    "deprecated",
    "description",
    "example",
    "examples",
    "externalDocs",
    "summary",
    "title",
}
COMPARED_IN_REQUESTS = DOCUMENTATION_KEYWORDS | {
    *UPPER_BOUNDS,
    *LOWER_BOUNDS,
    "additionalProperties",
    "const",
    "default",
    "discriminator",
    "enum",
    "items",
    "prefixItems",
    "properties",
    "required",
    "type",
    "writeOnly",
}
COMPARED_KEYWORDS = {"request": COMPARED_IN_REQUESTS, "response": COMPARED_IN_REQUESTS | {"readOnly"}}
"""Keywords that have a rule of their own. Any other keyword must stay as it is."""
KEYWORD_DEFAULTS = {
    "allowEmptyValue": False,
    "allowReserved": False,
    "nullable": False,
    "readOnly": False,
    "uniqueItems": False,
}
"""The meaning of a missing keyword (OpenAPI 3.1 §4.8.12). A parameter's style depends on its location."""


def unnamed_subschemas(old: Schema, new: Schema) -> Iterator[tuple[tuple[object, ...], Any, Any]]:
    """Yield place, old and new schema of the values that have no name."""
    for key in ("additionalProperties", "items"):
        if key in old or key in new:
            yield (key,), old.get(key, True), new.get(key, True)
    tuples = zip_longest(old.get("prefixItems", ()), new.get("prefixItems", ()), fillvalue=True)
    yield from ((("prefixItems", number), *pair) for number, pair in enumerate(tuples))


def alternatives(document: Schema, schema: Schema) -> list[Schema]:
    """Return the plain schemas of which a value fits one: references followed, unions and types split."""
    parts = [*schema.get("allOf", [])]
    if "$ref" in schema:
        target: Any = document
        for name in schema["$ref"].removeprefix("#/").split("/"):
            target = target[name.replace("~1", "/").replace("~0", "~")]
        parts.append(target)
    choices = [alternatives(document, part) for part in parts]
    unions = (schema[key] for key in ("anyOf", "oneOf") if key in schema)
    choices += [[one for part in union for one in alternatives(document, part)] for union in unions]
    own = {key: value for key, value in schema.items() if key not in {"$ref", "allOf", "anyOf", "oneOf"}}
    return [plain for chosen in product(*choices) for plain in _split([own, *chosen])]


def _split(parts: Sequence[Schema]) -> list[Schema]:
    """Return the schemas, one for each type, of values that fit all parts. The last limit counts."""
    whole = {key: value for part in parts for key, value in part.items()}
    whole["properties"] = {
        name: field for part in parts for name, field in part.get("properties", {}).items()
    }
    whole["required"] = [name for part in parts for name in part.get("required", [])]
    if "const" in whole:
        whole["enum"] = [whole["const"]]
    kinds = whole.get("type")
    return [{**whole, "type": kind} for kind in kinds] if isinstance(kinds, list) else [whole]


def type_is_covered(narrow: Schema, wide: Schema) -> bool:
    mine = narrow.get("type")
    theirs = wide.get("type")
    return theirs is None or mine == theirs or (mine == "integer" and theirs == "number")


def narrower_keywords(narrow: Schema, wide: Schema, side: Side) -> Iterator[tuple[str, str]]:
    """Yield keyword and message where the narrow schema allows a value that the wide one does not."""
    verb = "narrower for requests" if side == "request" else "wider in responses"
    for key, known, members in (
        ("enum", wide.get("enum"), narrow.get("enum", ["any other value"])),
        ("discriminator", *(part.get("discriminator", {}).get("mapping", {}) for part in (wide, narrow))),
    ):
        if known and (extra := [str(member) for member in members if member not in known]):
            how = "no longer accepted" if side == "request" else "new in responses"
            yield key, f"{', '.join(extra)}: {how}"
    for key in (*UPPER_BOUNDS, *LOWER_BOUNDS):
        limit = wide.get(key)
        mine = narrow.get(key)
        if limit is not None and (mine is None or (mine > limit if key in UPPER_BOUNDS else mine < limit)):
            yield key, f"{key} is {verb}: {mine} and {limit}"
    for key in sorted({*wide} - COMPARED_KEYWORDS[side]):
        if wide[key] != narrow.get(key, KEYWORD_DEFAULTS.get(key)) and not key.startswith("x-"):
            yield key, f"{key} is {verb}: {narrow.get(key)} and {wide[key]}"
    if side == "response" and narrow.get("writeOnly") and not wide.get("writeOnly"):
        yield "writeOnly", "it is no longer in responses"
