"""Changes of an OpenAPI document that break a client of the old one.

All rules follow from one idea. A client's request must stay acceptable, so new request schemas allow at least
as much as the old ones. A response must stay readable, so new response schemas allow at most as much as the
old ones. Keywords without a rule (`not`, `style`, a callback, keywords of later versions) must not change.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from gates.contract.openapi_schemas import (
    DOCUMENTATION_KEYWORDS,
    KEYWORD_DEFAULTS,
    Schema,
    Side,
    alternatives,
    narrower_keywords,
    type_is_covered,
    unnamed_subschemas,
)

METHODS = ("get", "put", "post", "delete", "options", "head", "patch", "trace")
# Keywords that have a rule of their own or may change. Any other keyword of these parts must stay as it is.
DOCUMENT = DOCUMENTATION_KEYWORDS | {"components", "info", "openapi", "paths", "security", "servers", "tags"}
OPERATION = DOCUMENTATION_KEYWORDS | {"parameters", "requestBody", "responses", "security", "servers", "tags"}
VALUE = DOCUMENTATION_KEYWORDS | {"content", "headers", "required", "schema"}
STYLES = {"query": "form", "cookie": "form", "path": "simple", "header": "simple"}
DEFAULT_SERVERS = [{"url": "/"}]
BOOLEAN_SCHEMAS: Mapping[bool, Schema] = {True: {}, False: {"not": {}}}


@dataclass(frozen=True, order=True)
class BreakingChange:
    """One broken promise, at an RFC 6901 pointer into the old document."""

    pointer: str
    message: str


def breaking_changes(old: Schema, new: Schema) -> list[BreakingChange]:
    """Return every break once, by pointer."""
    return sorted(set(_Comparison(old, new).paths()))


def _below(pointer: str, *names: object) -> str:
    """Extend a pointer by names, escaped as RFC 6901 §3 says."""
    return "/".join([pointer, *(str(name).replace("~", "~0").replace("/", "~1") for name in names)])


class _Comparison:
    def __init__(self, old: Schema, new: Schema) -> None:
        self.old = old
        self.new = new
        self.seen: set[tuple[object, object, Side]] = set()

    def paths(self) -> Iterator[BreakingChange]:
        yield from _uncompared_changes(self.old, self.new, "", but=DOCUMENT)
        for path, item in self.old.get("paths", {}).items():
            theirs = self.new.get("paths", {}).get(path, {})
            for method in METHODS:
                pointer = _below("/paths", path, method)
                if method in item and method not in theirs:
                    yield BreakingChange(pointer, f"{method.upper()} {path} is gone")
                elif method in item:
                    mine = _inherit(self.old, item, method)
                    yield from self.operation(mine, _inherit(self.new, theirs, method), pointer)
        schemes = self.new.get("components", {}).get("securitySchemes", {})
        for name, scheme in self.old.get("components", {}).get("securitySchemes", {}).items():
            if {**scheme, "description": ""} != {**schemes.get(name, {}), "description": ""}:
                yield BreakingChange(
                    _below("/components/securitySchemes", name), "the security scheme changed"
                )

    def operation(self, old: Schema, new: Schema, pointer: str) -> Iterator[BreakingChange]:
        yield from _uncompared_changes(old, new, pointer, but=OPERATION)
        if old["tags"][:1] != new["tags"][:1]:
            yield BreakingChange(
                _below(pointer, "tags"), "the first tag changed: generated clients move the operation"
            )
        if gone := sorted(old["servers"] - new["servers"]):
            yield BreakingChange(_below(pointer, "servers"), f"it is no longer served at {', '.join(gone)}")
        needed = _ways_to_authenticate(new)
        offered = _ways_to_authenticate(old)
        if not all(any(way <= offer for way in needed) for offer in offered):
            yield BreakingChange(
                _below(pointer, "security"), "it asks for credentials that it did not ask for"
            )
        yield from self.parameters(old["parameters"], new["parameters"], pointer)
        yield from self.body(old.get("requestBody"), new.get("requestBody"), _below(pointer, "requestBody"))
        for status, response in old.get("responses", {}).items():
            place = _below(pointer, "responses", status)
            if status not in new.get("responses", {}):
                yield BreakingChange(place, f"it no longer declares {status}")
            else:
                yield from self.response(response, new["responses"][status], place)

    def parameters(
        self, old: Sequence[Schema], new: Sequence[Schema], pointer: str
    ) -> Iterator[BreakingChange]:
        before = _parameters_by_name(old)
        after = _parameters_by_name(new)
        for (kind, name), parameter in before.items():
            place = _below(pointer, "parameters", name)
            if (kind, name) not in after:
                yield BreakingChange(place, f"the {kind} parameter {name} is gone")
                continue
            now = after[kind, name]
            if now.get("required") and not parameter.get("required"):
                yield BreakingChange(place, f"the {kind} parameter {name} is now required")
            yield from self.value(parameter, now, "request", place)
        for kind, name in after.keys() - before.keys():
            if after[kind, name].get("required"):
                yield BreakingChange(
                    _below(pointer, "parameters", name), f"the new {kind} parameter {name} is required"
                )

    def body(self, old: Schema | None, new: Schema | None, pointer: str) -> Iterator[BreakingChange]:
        if (new or {}).get("required") and not (old or {}).get("required"):
            yield BreakingChange(pointer, "a body is now required")
        if old is not None and new is None:
            yield BreakingChange(pointer, "it takes no body any more")
        elif old is not None and new is not None:
            yield from self.value(old, new, "request", pointer)

    def response(self, old: Schema, new: Schema, pointer: str) -> Iterator[BreakingChange]:
        yield from self.value(old, new, "response", pointer)
        for name, header in old.get("headers", {}).items():
            place = _below(pointer, "headers", name)
            now = new.get("headers", {}).get(name)
            if now is None:
                yield BreakingChange(place, f"the header {name} is gone")
                continue
            if header.get("required") and not now.get("required"):
                yield BreakingChange(place, f"the header {name} is no longer always there")
            before = _with_defaults({"in": "header", **header})
            after = _with_defaults({"in": "header", **now})
            yield from self.value(before, after, "response", place)

    def value(self, old: Schema, new: Schema, side: Side, pointer: str) -> Iterator[BreakingChange]:
        """Compare the schemas, one or one for each media type, of a parameter, body, response or header."""
        yield from _uncompared_changes(old, new, pointer, but=VALUE)
        yield from self.schema(
            old.get("schema", True), new.get("schema", True), side, _below(pointer, "schema")
        )
        for media, mine in old.get("content", {}).items():
            place = _below(pointer, "content", media)
            theirs = new.get("content", {}).get(media)
            if theirs is None:
                yield BreakingChange(place, f"{media} is gone")
            else:
                yield from self.value(mine, theirs, side, place)

    def schema(
        self, old: Schema | bool, new: Schema | bool, side: Side, pointer: str
    ) -> Iterator[BreakingChange]:
        """Compare two schemas alternative by alternative: what one side may send, the other must know."""
        old = BOOLEAN_SCHEMAS[old] if isinstance(old, bool) else old
        new = BOOLEAN_SCHEMAS[new] if isinstance(new, bool) else new
        shared = "$ref" in old and "$ref" in new
        pair = (old["$ref"], new["$ref"], side) if shared else (id(old), id(new), side)
        if pair in self.seen:
            return
        self.seen.add(pair)
        pointer = old["$ref"].removeprefix("#") if shared else pointer
        if side == "request" and "default" in old and old["default"] != new.get("default"):
            yield BreakingChange(
                _below(pointer, "default"),
                f"the default changed from {old['default']} to {new.get('default')}",
            )
        before = alternatives(self.old, old)
        after = alternatives(self.new, new)
        sent, known = (before, after) if side == "request" else (after, before)
        for one in sent:
            yield from self.comparealternatives(one, known, side, pointer)
        if not shared:  # elsewhere it has another pointer; here it may hold itself
            self.seen.discard(pair)

    def comparealternatives(
        self, sent: Schema, known: Sequence[Schema], side: Side, pointer: str
    ) -> Iterator[BreakingChange]:
        """Yield why no known alternative allows all that `sent` does: the shortest list of reasons."""
        fitting = [other for other in known if type_is_covered(sent, other)]
        if not fitting:
            verb = "is no longer accepted" if side == "request" else "is a new kind of value"
            yield BreakingChange(pointer, f"{sent.get('type', 'any value')} {verb}")
            return
        seen = self.seen
        candidates = []
        for other in fitting:
            self.seen = set(seen)
            pair = (sent, other) if side == "request" else (other, sent)
            candidates.append(list(self.compare_pair(*pair, side, pointer)))
        self.seen = seen
        yield from min(candidates, key=len)

    def compare_pair(self, old: Schema, new: Schema, side: Side, pointer: str) -> Iterator[BreakingChange]:
        narrow, wide = (old, new) if side == "request" else (new, old)
        yield from (
            BreakingChange(_below(pointer, key), message)
            for key, message in narrower_keywords(narrow, wide, side)
        )
        fields = new.get("properties", {})
        for name, mine in old.get("properties", {}).items():
            place = _below(pointer, "properties", name)
            if name not in fields:
                yield BreakingChange(place, f"the field {name} is gone from the {side}")
            else:
                yield from self.schema(mine, fields[name], side, place)
        asked, given = (new, old) if side == "request" else (old, new)
        for name in asked.get("required", []):
            if name not in given.get("required", []) and (side == "request" or name in fields):
                verb = "newly required" if side == "request" else "no longer always there"
                yield BreakingChange(
                    _below(pointer, "required", name), f"the field {name} is {verb} in the {side}"
                )
        for names, mine, theirs in unnamed_subschemas(old, new):
            if side == "request" and theirs is False and mine is not False:
                yield BreakingChange(_below(pointer, *names), "other fields are now refused")
            elif mine is not False and theirs is not False:
                yield from self.schema(mine, theirs, side, _below(pointer, *names))


def _uncompared_changes(old: Schema, new: Schema, pointer: str, *, but: set[str]) -> Iterator[BreakingChange]:
    """Yield the changed keywords that have no rule of their own. Extensions (`x-…`) may change."""
    for key in sorted({*old, *new} - but):
        if old.get(key) != new.get(key) and not key.startswith("x-"):
            yield BreakingChange(_below(pointer, key), f"{key} changed, and clients may rely on it")


def _with_defaults(parameter: Schema) -> Schema:
    """Return a parameter or header with the defaults for the format of its value."""
    style = "content" if "content" in parameter else parameter.get("style", STYLES[parameter["in"]])
    return {**KEYWORD_DEFAULTS, "explode": style == "form", **parameter, "style": style}


def _parameters_by_name(parameters: Sequence[Schema]) -> dict[tuple[str, str], Schema]:
    return {(each["in"], each["name"]): _with_defaults(each) for each in parameters}


def _ways_to_authenticate(operation: Schema) -> list[set[tuple[str, str]]]:
    return [_scopes(way) for way in operation["security"] or [{}]]


def _scopes(way: Schema) -> set[tuple[str, str]]:
    """Return the schemes of one way to authenticate, each with its required scopes."""
    return {(scheme, scope) for scheme, scopes in way.items() for scope in ("", *scopes)}


def _inherit(document: Schema, item: Schema, method: str) -> Schema:
    """Return an operation with the settings that it inherits from its path and its document."""
    own: Schema = {
        "tags": [],
        "security": document.get("security"),
        "servers": DEFAULT_SERVERS,
        **item[method],
    }
    servers = next(part["servers"] for part in (item[method], item, document, own) if "servers" in part)
    parameters = [*item.get("parameters", []), *item[method].get("parameters", [])]
    return {**own, "parameters": parameters, "servers": {server["url"] for server in servers}}
