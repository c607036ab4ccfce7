"""The reference of the API: a page for each tag of the OpenAPI document, and one of its schemas."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from app.application.access import POLICY, Action
from devtools.docs_site.contract import Operation, Schema, in_words, operations, schema_name

FOLDER = "reference/api/"
SCHEMAS = "schemas.md"
ACTION = "x-action"


def api_pages(contract: Mapping[str, Any]) -> dict[str, str]:
    """Return the pages at their places in the site."""
    by_tag: dict[str, list[Operation]] = {}
    for operation in operations(contract):
        by_tag.setdefault(operation.tag, []).append(operation)
    pages = {f"{FOLDER}{tag}.md": _tag_page(tag, members) for tag, members in by_tag.items()}
    pages[f"{FOLDER}index.md"] = _index(contract, by_tag)
    pages[f"{FOLDER}{SCHEMAS}"] = _schemas_page(contract["components"]["schemas"])
    return pages


def _index(contract: Mapping[str, Any], by_tag: Mapping[str, Sequence[Operation]]) -> str:
    lines = ["# API", "", contract["info"]["description"], ""]
    lines += ["The running service shows the same contract at `/docs`, where you can try requests.", ""]
    for tag, members in by_tag.items():
        lines += [f"## {tag}", "", "| request | | who |", "|---|---|---|"]
        for each in members:
            link = f"[{each.content['summary']}]({tag}.md#{each.id})"
            lines.append(f"| `{each.method} {each.path}` | {link} | {_who(each)} |")
        lines.append("")
    return "\n".join(lines)


def _who(operation: Operation) -> str:
    """Return who may send the request, from the policy table."""
    rule = POLICY[Action(operation.content[ACTION])]
    who = "anybody" if rule.minimum_role is None else str(rule.minimum_role.value)
    return f"{who}, recent password" if rule.max_password_age else who


def _tag_page(tag: str, members: Sequence[Operation]) -> str:
    return f"# {tag.capitalize()}\n\n" + "\n".join(line for each in members for line in _operation(each))


def _operation(operation: Operation) -> Iterator[str]:
    content = operation.content
    yield f"## {content['summary']} {{ #{operation.id} }}\n"
    yield f"```http\n{operation.method} {operation.path}\n```\n"
    yield f"{content.get('description', '')}\n"
    action = content[ACTION]
    yield f"Operation `{operation.id}`, action `{action}`: {_who(operation)}.\n"
    yield from _parameters(content.get("parameters", ()))
    yield from _body(content.get("requestBody"))
    yield from _responses(content["responses"])


def _parameters(parameters: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    if parameters:
        yield "| parameter | in | type | meaning |\n|---|---|---|---|"
    for each in parameters:
        schema = each["schema"]
        name = f"**`{each['name']}`**" if each.get("required") else f"`{each['name']}`"
        meaning = _meaning(schema, each.get("description", ""))
        yield f"| {name} | {each['in']} | {_cell(in_words(schema, SCHEMAS))} | {meaning} |"
    if parameters:
        yield ""


def _body(body: Mapping[str, Any] | None) -> Iterator[str]:
    for media_type, content in (body or {}).get("content", {}).items():
        yield f"Body: {in_words(content['schema'], SCHEMAS)} as `{media_type}`.\n"


def _responses(responses: Mapping[str, Mapping[str, Any]]) -> Iterator[str]:
    yield "| status | content | codes |\n|---|---|---|"
    for status, response in responses.items():
        contents = response.get("content", {})
        codes = [code for each in contents.values() for code in each.get("examples", {})]
        shown = [
            in_words(each["schema"], SCHEMAS) if schema_name(each["schema"]) else f"`{media_type}`"
            for media_type, each in contents.items()
        ]
        linked = [f"[`{code}`](../problems.md#{code})" for code in codes if not status.startswith("2")]
        yield f"| {status} | {', '.join(shown)} | {', '.join(linked)} |"
    yield ""


def _schemas_page(schemas: Mapping[str, Schema]) -> str:
    lines = ["# Schemas", "", "Bodies of requests and responses. Required fields are in bold.", ""]
    for name, schema in schemas.items():
        lines += [f"## {name}", ""]
        if "description" in schema:
            lines += [schema["description"], ""]
        if "properties" not in schema:
            lines += [f"{in_words(schema, '')}", ""]
            continue
        lines += ["| field | type | meaning |", "|---|---|---|"]
        lines += [_field(field, each, schema) for field, each in schema["properties"].items()]
        lines.append("")
    return "\n".join(lines)


def _field(name: str, field: Schema, schema: Schema) -> str:
    shown = f"**`{name}`**" if name in schema.get("required", ()) else f"`{name}`"
    return f"| {shown} | {_cell(in_words(field, ''))} | {_meaning(field, '')} |"


def _meaning(schema: Schema, description: str) -> str:
    parts = [description or schema.get("description", "")]
    if "default" in schema and schema["default"] is not None:
        parts.append(f"Default: `{schema['default']}`.")
    return _cell(" ".join(part for part in parts if part))


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")
