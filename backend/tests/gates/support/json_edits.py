"""Edits of OpenAPI documents, for the tests that compare two."""

from typing import Any

GONE = object()
Edit = tuple[str, object]


def edited(document: dict[str, Any], *edits: Edit) -> dict[str, Any]:
    """Return the document, which is changed, with values set, added to lists or removed, at pointers."""
    for pointer, value in edits:
        *path, last = [name.replace("~1", "/") for name in pointer.removeprefix("/").split("/")]
        node: Any = document
        for name in path:
            node = node[int(name) if isinstance(node, list) else name]
        key: Any = int(last) if isinstance(node, list) else last
        if value is GONE:
            del node[key]
        elif isinstance(node, list) and key == len(node):
            node.append(value)
        else:
            node[key] = value
    return document
