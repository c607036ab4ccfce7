"""The changes of the contract since the base, in words."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from gates.contract.openapi import CONTRACT, declared_breaks
from gates.contract.openapi_diff import METHODS, breaking_changes
from gates.contract.openapi_schemas import DOCUMENTATION_KEYWORDS, Schema
from gates.model import Project
from gates.repo.files import text
from gates.repo.git import content_at, merge_base

REFERENCE = "#/components/"
DOCUMENTATION = "documentation changed"
TYPE_LIMITS = ("format", "minLength", "maxLength", "minimum", "maximum")
Operations = Mapping[str, Schema]
"""The operations of a document by name, such as `GET /news`."""


@dataclass(frozen=True)
class Operation:
    """An operation that was added, removed or changed, with its summary, and the changes in words."""

    name: str
    summary: str
    changes: Sequence[str] = ()


@dataclass(frozen=True)
class SchemaChange:
    """The changes of a schema in words, and the operations that use it."""

    name: str
    changes: Sequence[str]
    used_by: Sequence[str]


@dataclass(frozen=True)
class Break:
    """A change that breaks clients. `decision` is the page that declares it, "" when none does."""

    pointer: str
    message: str
    decision: str


@dataclass(frozen=True, kw_only=True)
class ContractChanges:
    """All changes of the contract; `reworded` operations and schemas differ only in their documentation."""

    added: Sequence[Operation] = ()
    removed: Sequence[Operation] = ()
    changed: Sequence[Operation] = ()
    schemas: Sequence[SchemaChange] = ()
    reworded: Sequence[str] = ()
    breaks: Sequence[Break] = ()

    def __bool__(self) -> bool:
        return any((self.added, self.removed, self.changed, self.schemas, self.reworded, self.breaks))


def contract_changes(project: Project) -> ContractChanges:
    """Return the changes between the contract at the base and the published one. Raises GateError."""
    base = merge_base(project)
    before = content_at(project, base.commit, CONTRACT)
    after = text(project, CONTRACT) if (project.root / CONTRACT).exists() else None
    if before == after:
        return ContractChanges()
    old = json.loads(before or "{}")
    new = json.loads(after or "{}")
    decisions = declared_breaks(project, base.commit)
    breaks = [
        Break(found.pointer, found.message, decisions.get(found.pointer, ""))
        for found in breaking_changes(old, new)
    ]
    return _changes_between(old, new, breaks)


def _changes_between(old: Schema, new: Schema, breaks: Sequence[Break]) -> ContractChanges:
    operations = (_by_name(old), _by_name(new))
    schemas = (_named_schemas(old), _named_schemas(new))
    users = _users(
        {**old.get("components", {}), **new.get("components", {})}, {**operations[0], **operations[1]}
    )
    changed, reworded = _changed(*operations)
    changed_schemas, reworded_schemas = _changed(*schemas)
    return ContractChanges(
        added=[_operation(name, operations[1]) for name in _only_in(operations[1], operations[0])],
        removed=[_operation(name, operations[0]) for name in _only_in(operations[0], operations[1])],
        changed=[
            _operation(name, operations[1], [*_changes(operations[0][name], operations[1][name])])
            for name in changed
        ],
        schemas=[
            SchemaChange(
                name,
                [*_schema_changes(schemas[0].get(name), schemas[1].get(name))],
                sorted(users.get(f"schemas/{name}", ())),
            )
            for name in sorted({*changed_schemas, *schemas[0].keys() ^ schemas[1].keys()})
        ],
        reworded=[*reworded, *reworded_schemas],
        breaks=breaks,
    )


def _changed(old: Operations, new: Operations) -> tuple[list[str], list[str]]:
    """Return the names of parts that changed, and of those whose documentation alone did."""
    names = sorted(name for name in old.keys() & new.keys() if old[name] != new[name])
    reworded = [
        name for name in names if _without_documentation(old[name]) == _without_documentation(new[name])
    ]
    return [name for name in names if name not in reworded], reworded


def _only_in(one: Operations, other: Operations) -> list[str]:
    return sorted(one.keys() - other.keys())


def _operation(name: str, operations: Operations, changes: Sequence[str] = ()) -> Operation:
    return Operation(name, str(operations[name].get("summary", "")), changes)


def _named_schemas(document: Schema) -> Operations:
    return dict(document.get("components", {}).get("schemas", {}))


def _by_name(document: Schema) -> Operations:
    return {
        f"{method.upper()} {path}": item[method]
        for path, item in document.get("paths", {}).items()
        for method in METHODS
        if method in item
    }


def _changes(old: Schema, new: Schema) -> Iterator[str]:
    """Yield the changes of an operation; those without words of their own share the last line."""
    yield from _members("parameter", _parameters(old), _parameters(new))
    yield from _members("response", old.get("responses", {}), new.get("responses", {}))
    yield from _members("body", _body(old), _body(new))
    yield from _other_changes(old, new, {"parameters", "responses", "requestBody"})


def _body(operation: Schema) -> dict[str, Any]:
    return dict(operation.get("requestBody", {}).get("content", {}))


def _parameters(operation: Schema) -> dict[str, Any]:
    return {f"{each['name']} ({each['in']})": each for each in operation.get("parameters", [])}


def _members(kind: str, old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[str]:
    """Yield what happened to the named parts of an operation or a schema, equal changes in one line."""
    lines: dict[str, list[str]] = {}
    for name in {**new, **old}:
        if name not in old or name not in new:
            lines.setdefault("added" if name in new else "removed", []).append(name)
        elif old[name] != new[name]:
            lines.setdefault(_how(old[name], new[name]), []).append(name)
    yield from (f"{kind} {', '.join(names)}: {how}" for how, names in lines.items())


def _other_changes(old: Schema, new: Schema, worded: set[str]) -> Iterator[str]:
    names = {key for key in {*old, *new} - worded if old.get(key) != new.get(key)}
    if names & DOCUMENTATION_KEYWORDS:
        yield DOCUMENTATION
    if rest := sorted(names - DOCUMENTATION_KEYWORDS):
        yield f"{', '.join(rest)} changed"


def _how(old: object, new: object) -> str:
    """Return how a part changed: its documentation, its type, or something else in it."""
    if _without_documentation(old) == _without_documentation(new):
        return DOCUMENTATION
    before = _type(old)
    after = _type(new)
    return f"{before} → {after}" if before != after else "details changed"


def _without_documentation(part: object, *, are_names: bool = False) -> object:
    """Return a part without what documents it. Keys that `are_names` of fields stay: one may be `title`."""
    if isinstance(part, dict):
        kept = {key: value for key, value in part.items() if are_names or key not in DOCUMENTATION_KEYWORDS}
        return {
            key: _without_documentation(value, are_names=key == "properties" and not are_names)
            for key, value in kept.items()
        }
    return [_without_documentation(each) for each in part] if isinstance(part, list) else part


def _type(part: object) -> str:
    """Return the type of a schema, of a parameter or of a response in a few words."""
    if not isinstance(part, dict):
        return str(part)
    schema = part.get("schema", part)
    if "$ref" in schema:
        return str(schema["$ref"]).rpartition("/")[2]
    union = [_type(each) for key in ("anyOf", "oneOf", "allOf") for each in schema.get(key, [])]
    if union:
        return " or ".join(union)
    words = [str(schema.get("type", "any value"))]
    limits = [f"{key} {schema[key]}" for key in TYPE_LIMITS if key in schema]
    if limits:
        words.append(f"({', '.join(limits)})")
    if "enum" in schema:
        words.append(f"one of {', '.join(map(str, schema['enum']))}")
    return " ".join(words)


def _schema_changes(old: Schema | None, new: Schema | None) -> Iterator[str]:
    if old is None or new is None:
        yield "added" if old is None else "removed"
        return
    yield from _members("field", old.get("properties", {}), new.get("properties", {}))
    before, after = (
        {*schema.get("required", [])} & {*old.get("properties", {})} & {*new.get("properties", {})}
        for schema in (old, new)
    )
    yield from (f"field {name} is now required" for name in sorted(after - before))
    yield from (f"field {name} is no longer required" for name in sorted(before - after))
    yield from (f"value {value} added" for value in new.get("enum", []) if value not in old.get("enum", []))
    yield from (f"value {value} removed" for value in old.get("enum", []) if value not in new.get("enum", []))
    yield from _other_changes(old, new, {"properties", "required", "enum"})


def _users(components: Schema, operations: Operations) -> dict[str, set[str]]:
    """Return the operations that reach a component, by its name, such as `schemas/News`."""
    reached = {
        f"{kind}/{name}": {*_references(part)}
        for kind, parts in components.items()
        for name, part in parts.items()
    }
    users: dict[str, set[str]] = {}
    for operation, part in operations.items():
        left = [*_references(part)]
        seen: set[str] = set()
        while left:
            name = left.pop()
            if name not in seen:
                seen.add(name)
                users.setdefault(name, set()).add(operation)
                left += reached.get(name, ())
    return users


def _references(part: object) -> Iterator[str]:
    if isinstance(part, dict):
        if str(part.get("$ref", "")).startswith(REFERENCE):
            yield part["$ref"].removeprefix(REFERENCE)
        part = list(part.values())
    if isinstance(part, list):
        for each in part:
            yield from _references(each)
