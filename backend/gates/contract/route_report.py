"""Prints facts about the routes as JSON, in a process of its own because it imports the application."""

import inspect
import json
import os
import sys
from collections.abc import Callable, Iterator
from http import HTTPStatus
from importlib import import_module
from pathlib import Path
from types import NoneType
from typing import Any, get_type_hints

from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute, RouteContext, iter_route_contexts
from pydantic import BaseModel
from starlette.responses import Response

SECONDS_PER_HOUR = 3600


def report(routes: list[Any], actions: set[str]) -> list[dict[str, Any]]:
    """Return one row for each route: the place of its code, and the rules it keeps."""
    return [_row(context, actions) for context in iter_route_contexts(routes)]


def _row(context: RouteContext, actions: set[str]) -> dict[str, Any]:
    row: dict[str, Any] = {
        "path": context.path,
        "methods": sorted(context.methods or []),
        "documented": isinstance(context.original_route, APIRoute) and context.include_in_schema,
        **_place(context.endpoint),
    }
    if not row["documented"]:
        return row
    returned = get_type_hints(context.endpoint).get("return")
    raw = inspect.isclass(returned) and issubclass(returned, Response)
    declared = context.responses.get(context.status_code or HTTPStatus.OK, {}).get("content")
    empty = context.status_code == HTTPStatus.NO_CONTENT or (
        returned is NoneType and context.response_class is Response
    )
    return row | {
        "has_response_schema": _is_model(context.response_model) or bool(raw and declared) or empty,
        "returns_raw_response": raw and context.response_model is not None,
        "open_bodies": sorted(_open_bodies(context)),
        "raw_request": context.dependant.request_param_name is not None,
        "errors": [int(status) for status in context.responses if int(status) >= HTTPStatus.BAD_REQUEST],
        "summary": context.summary or "",
        "description": (context.description or "").strip(),
        "action": str((context.openapi_extra or {}).get("x-action", "")),
        "has_policy": (context.openapi_extra or {}).get("x-action") in actions,
    }


def rule_of(rule: object) -> dict[str, Any]:
    """Return the requirements of a row of the policy table: the lowest role, and the maximum password age."""
    role = getattr(rule, "minimum_role", None)
    age = getattr(rule, "max_password_age", None)
    return {
        "role": str(getattr(role, "value", role) or ""),
        "password_hours": age.total_seconds() / SECONDS_PER_HOUR if age else None,
    }


def _place(endpoint: Callable[..., object] | None) -> dict[str, Any]:
    code = getattr(inspect.unwrap(endpoint), "__code__", None) if endpoint else None
    return {"file": code.co_filename, "line": code.co_firstlineno} if code else {"file": "", "line": 0}


def _is_model(answer: object) -> bool:
    return inspect.isclass(answer) and issubclass(answer, BaseModel)


def _open_bodies(context: RouteContext) -> Iterator[str]:
    """Yield the bodies, and the models in them, that take fields which they do not name."""
    for name, model in _bodies(context.dependant):
        if not _is_model(model):
            yield f"{name} (not a Pydantic model)"
            continue
        schema = model.model_json_schema()
        for title, part in {model.__name__: schema, **schema.get("$defs", {})}.items():
            if part.get("type") == "object" and part.get("additionalProperties", True) is True:
                yield title


def _bodies(dependant: Dependant) -> Iterator[tuple[str, Any]]:
    """Yield name and type of the parameters that a route and its dependencies read from the body."""
    for field in dependant.body_params:
        yield field.name, field.field_info.annotation
    for inner in dependant.dependencies:
        yield from _bodies(inner)


def main() -> None:
    """Make the application with test settings and without a database, and print the report."""
    os.environ["PAU2_ENVIRONMENT"] = "test"
    sys.path.insert(0, str(Path.cwd()))
    policy = {action.value: rule for action, rule in import_module("app.application.access").POLICY.items()}
    rows = report(import_module("app.main").create_app().routes, set(policy))
    print(json.dumps([row | rule_of(policy.get(row.get("action"))) for row in rows]))


if __name__ == "__main__":
    main()
