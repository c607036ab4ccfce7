"""The operations of the OpenAPI document, and its schemas in words."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

Schema = Mapping[str, Any]
METHODS = ("get", "post", "put", "patch", "delete")
LIMITS = (
    ("minLength", "maxLength", "characters"),
    ("minimum", "maximum", ""),
    ("minItems", "maxItems", "items"),
)
"""Keywords for the least and the greatest value, and the unit."""


@dataclass(frozen=True)
class Operation:
    """One request of the contract."""

    method: str
    path: str
    content: Mapping[str, Any]

    @property
    def id(self) -> str:
        return str(self.content["operationId"])

    @property
    def tag(self) -> str:
        return str(self.content["tags"][0])

    @cached_property
    def codes(self) -> frozenset[str]:
        """Return the error codes that the operation declares."""
        return frozenset(
            code
            for response in self.content["responses"].values()
            for media_type in response.get("content", {}).values()
            for code, example in media_type.get("examples", {}).items()
            if "code" in example.get("value", {})
        )


def operations(contract: Mapping[str, Any]) -> Sequence[Operation]:
    """Return all operations in the order of the contract."""
    return [
        Operation(method.upper(), path, content)
        for path, methods in contract["paths"].items()
        for method, content in methods.items()
        if method in METHODS
    ]


def schema_name(schema: Schema) -> str:
    """Return the name of the component that a schema refers to, "" for none."""
    return str(schema.get("$ref", "")).rpartition("/")[2]


def in_words(schema: Schema, schemas_page: str) -> str:
    """Return a schema's type and limits in words. `schemas_page` is where names lead."""
    name = schema_name(schema)
    if name:
        return f"[{name}]({schemas_page}#{name.lower()})"
    if "anyOf" in schema:
        return " or ".join(in_words(each, schemas_page) for each in schema["anyOf"])
    if "enum" in schema:
        return " or ".join(f"`{value}`" for value in schema["enum"])
    if "const" in schema:
        return f"`{schema['const']}`"
    kind = str(schema.get("format") or schema.get("type", "any value"))
    if kind == "array":
        kind = f"list of {in_words(schema.get('items', {}), schemas_page)}"
    limits = _limits(schema)
    return f"{kind}, {limits}" if limits else kind


def _limits(schema: Schema) -> str:
    found = []
    for least, greatest, unit in LIMITS:
        low = schema.get(least)
        high = schema.get(greatest)
        if low is not None and high is not None:
            found.append(f"{low:,} to {high:,} {unit}".strip())
        elif high is not None:
            found.append(f"at most {high:,} {unit}".strip())
        elif low is not None:
            found.append(f"at least {low:,} {unit}".strip())
    return ", ".join(found)
