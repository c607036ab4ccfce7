"""What in a new OpenAPI document breaks a client of the old one.

One idea carries all rules: a client's request must stay acceptable, so new request schemas allow at least
what the old ones did; an answer must stay readable, so new response schemas allow at most what old ones did.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Literal

Side = Literal["request", "response"]
Schema = Mapping[str, Any]

METHODS = ("get", "put", "post", "delete", "options", "head", "patch", "trace")
HIGHEST = ("maximum", "exclusiveMaximum", "maxLength", "maxItems", "maxProperties")
LOWEST = ("minimum", "exclusiveMinimum", "minLength", "minItems", "minProperties")
EXACT = ("format", "pattern", "multipleOf", "uniqueItems", "contentMediaType", "contentEncoding")


@dataclass(frozen=True, order=True)
class Break:
    """One broken promise, at an RFC 6901 pointer into the old document."""

    pointer: str
    message: str


def breaks(old: Schema, new: Schema) -> list[Break]:
    """Return every break once, by pointer."""
    return sorted(set(_Comparison(old, new).paths()))


def _below(pointer: str, *names: object) -> str:
    """Extend a pointer by names, escaped as RFC 6901 §3 says."""
    return "/".join([pointer, *(str(name).replace("~", "~0").replace("/", "~1") for name in names)])


class _Comparison:
    def __init__(self, old: Schema, new: Schema) -> None:
        self.old, self.new = old, new
        self.seen: set[tuple[str, str, Side]] = set()

    def paths(self) -> Iterator[Break]:
        for path, item in self.old.get("paths", {}).items():
            theirs = self.new.get("paths", {}).get(path, {})
            for method in METHODS:
                at = _below("/paths", path, method)
                if method in item and method not in theirs:
                    yield Break(at, f"{method.upper()} {path} is gone")
                elif method in item:
                    yield from self.operation(_inherit(item, method), _inherit(theirs, method), at)

        schemes = self.new.get("components", {}).get("securitySchemes", {})
        for name, scheme in self.old.get("components", {}).get("securitySchemes", {}).items():
            if {**scheme, "description": ""} != {**schemes.get(name, {}), "description": ""}:
                yield Break(_below("/components/securitySchemes", name), "clients authenticate otherwise")

    def operation(self, old: Schema, new: Schema, at: str) -> Iterator[Break]:
        if old.get("operationId") != new.get("operationId"):
            yield Break(_below(at, "operationId"), "clients' code knows the operation by another name")
        needs, offers = (
            [_scopes(way) for way in part.get("security", document.get("security")) or [{}]]
            for part, document in ((new, self.new), (old, self.old))
        )
        if not all(any(way <= offer for way in needs) for offer in offers):
            yield Break(_below(at, "security"), "it asks for credentials that it did not ask for")
        yield from self.parameters(old.get("parameters", []), new.get("parameters", []), at)
        yield from self.body(old.get("requestBody"), new.get("requestBody"), _below(at, "requestBody"))
        for status, response in old.get("responses", {}).items():
            place = _below(at, "responses", status)
            if status not in new.get("responses", {}):
                yield Break(place, f"it no longer declares {status}")
            else:
                yield from self.response(response, new["responses"][status], place)

    def parameters(self, old: Sequence[Schema], new: Sequence[Schema], at: str) -> Iterator[Break]:
        before, after = ({(one["in"], one["name"]): one for one in given} for given in (old, new))
        for key, parameter in before.items():
            place = _below(at, "parameters", key[1])
            if key not in after:
                yield Break(place, f"the {key[0]} parameter {key[1]} is gone")
                continue
            if after[key].get("required") and not parameter.get("required"):
                yield Break(place, f"the {key[0]} parameter {key[1]} is now required")
            schemas = parameter.get("schema", {}), after[key].get("schema", {})
            yield from self.schema(*schemas, "request", _below(place, "schema"))
        for key, parameter in after.items():
            if key not in before and parameter.get("required"):
                place = _below(at, "parameters", key[1])
                yield Break(place, f"the new {key[0]} parameter {key[1]} is required")

    def body(self, old: Schema | None, new: Schema | None, at: str) -> Iterator[Break]:
        if (new or {}).get("required") and not (old or {}).get("required"):
            yield Break(at, "a body is now required")
        if old is not None and new is None:
            yield Break(at, "it takes no body any more")
        elif old is not None and new is not None:
            yield from self.content(old, new, "request", at)

    def response(self, old: Schema, new: Schema, at: str) -> Iterator[Break]:
        yield from self.content(old, new, "response", at)
        headers = new.get("headers", {})
        for name, header in old.get("headers", {}).items():
            place = _below(at, "headers", name)
            if name not in headers:
                yield Break(place, f"the header {name} is gone")
            else:
                schemas = header.get("schema", {}), headers[name].get("schema", {})
                yield from self.schema(*schemas, "response", _below(place, "schema"))

    def content(self, old: Schema, new: Schema, side: Side, at: str) -> Iterator[Break]:
        for media, mine in old.get("content", {}).items():
            place = _below(at, "content", media)
            theirs = new.get("content", {}).get(media)
            if theirs is None:
                yield Break(place, f"{media} is gone")
            else:
                yield from self.schema(
                    mine.get("schema", {}), theirs.get("schema", {}), side, _below(place, "schema")
                )

    def schema(self, old: Schema, new: Schema, side: Side, at: str) -> Iterator[Break]:
        """Compare two schemas alternative by alternative: what one side may send, the other must know."""
        if "$ref" in old:
            pair = (old["$ref"], new.get("$ref", at), side)
            if pair in self.seen:
                return
            self.seen.add(pair)
            at = old["$ref"].removeprefix("#") if "$ref" in new else at
        if side == "request" and "default" in old and old["default"] != new.get("default"):
            yield Break(_below(at, "default"), f"left out it meant {old['default']}: {new.get('default')}")
        before, after = _alternatives(self.old, old), _alternatives(self.new, new)
        sent, known = (before, after) if side == "request" else (after, before)
        for one in sent:
            yield from self.covered(one, known, side, at)

    def covered(self, sent: Schema, known: Sequence[Schema], side: Side, at: str) -> Iterator[Break]:
        """Yield why no known alternative allows all that `sent` does: the shortest list of reasons."""
        fitting = [other for other in known if _type_fits(sent, other)]
        if not fitting:
            verb = "is no longer accepted" if side == "request" else "is a new kind of value"
            yield Break(at, f"{sent.get('type', 'any value')} {verb}")
            return
        pairs = [(sent, other) if side == "request" else (other, sent) for other in fitting]
        seen = set(self.seen)
        candidates = []
        for old, new in pairs:
            self.seen = set(seen)
            candidates.append(list(self.one(old, new, side, at)))
        yield from min(candidates, key=len)

    def one(self, old: Schema, new: Schema, side: Side, at: str) -> Iterator[Break]:
        narrow, wide = (old, new) if side == "request" else (new, old)
        yield from (Break(_below(at, key), message) for key, message in _bounds(narrow, wide, side))
        compare = partial(self.schema, side=side)
        fields = new.get("properties", {})
        for name, mine in old.get("properties", {}).items():
            place = _below(at, "properties", name)
            if name not in fields:
                yield Break(place, f"the field {name} is gone from the {side}")
            else:
                yield from compare(mine, fields[name], at=place)
        asked, given = (new, old) if side == "request" else (old, new)
        for name in asked.get("required", []):
            if name not in given.get("required", []) and (side == "request" or name in fields):
                verb = "newly required" if side == "request" else "no longer always there"
                yield Break(_below(at, "required", name), f"the field {name} is {verb} in the {side}")
        closed = new.get("additionalProperties") is False
        if closed and old.get("additionalProperties", True) and side == "request":
            yield Break(_below(at, "additionalProperties"), "other fields are now refused")
        for key in ("items", "additionalProperties"):
            mine, theirs = old.get(key), new.get(key)
            if isinstance(mine, Mapping) and isinstance(theirs, Mapping):
                yield from compare(mine, theirs, at=_below(at, key))


def _scopes(way: Schema) -> set[tuple[str, str]]:
    """Return the schemes of one way to authenticate, each with the scopes that it has to have."""
    return {(scheme, scope) for scheme, scopes in way.items() for scope in ("", *scopes)}


def _inherit(item: Schema, method: str) -> Schema:
    """Return an operation with the parameters of its path."""
    return {**item[method], "parameters": [*item.get("parameters", []), *item[method].get("parameters", [])]}


def _alternatives(document: Schema, schema: Schema) -> list[Schema]:
    """Return the plain schemas of which a value fits one: references followed, unions and types split."""
    if "$ref" in schema:
        target: Any = document
        for name in schema["$ref"].removeprefix("#/").split("/"):
            target = target[name.replace("~1", "/").replace("~0", "~")]
        return _alternatives(document, target)
    for union in ("anyOf", "oneOf"):
        if union in schema:
            rest = {key: value for key, value in schema.items() if key not in {union, "discriminator"}}
            return [{**rest, **option} for part in schema[union] for option in _alternatives(document, part)]
    if "allOf" in schema:
        merged: dict[str, Any] = {key: value for key, value in schema.items() if key != "allOf"}
        for part in schema["allOf"]:
            for option in _alternatives(document, part):
                merged = {**merged, **option}
                merged["properties"] = {**merged.get("properties", {}), **option.get("properties", {})}
        return [merged]
    if "const" in schema:
        schema = {**schema, "enum": [schema["const"]]}
    kinds = schema.get("type")
    return [{**schema, "type": kind} for kind in kinds] if isinstance(kinds, list) else [schema]


def _type_fits(narrow: Schema, wide: Schema) -> bool:
    mine, theirs = narrow.get("type"), wide.get("type")
    return theirs is None or mine == theirs or (mine == "integer" and theirs == "number")


def _bounds(narrow: Schema, wide: Schema, side: Side) -> Iterator[tuple[str, str]]:
    """Yield keyword and message where the narrow schema allows a value that the wide one does not."""
    verb = "narrower for requests" if side == "request" else "wider in responses"
    if "enum" in wide:
        extra = [member for member in narrow.get("enum", ["any other value"]) if member not in wide["enum"]]
        if extra:
            how = "no longer accepted" if side == "request" else "new in responses"
            yield "enum", f"{', '.join(map(str, extra))}: {how}"
    for key in (*HIGHEST, *LOWEST):
        limit, mine = wide.get(key), narrow.get(key)
        if limit is not None and (mine is None or (mine > limit if key in HIGHEST else mine < limit)):
            yield key, f"{key} is {verb}: {mine} and {limit}"
    for key in EXACT:
        if wide.get(key) not in {None, narrow.get(key)}:
            yield key, f"{key} is {verb}: {narrow.get(key)} and {wide[key]}"
