"""The contract of the application under test."""

from functools import cache
from typing import Any

from app.core.settings import Environment, Settings
from app.main import create_app


@cache
def contract() -> dict[str, Any]:
    """Return the OpenAPI document.

    It is built at its first use, so collecting the tests does not pay for it.
    """
    return create_app(Settings(environment=Environment.TEST)).openapi()


def operation_of(method: str, path: str) -> dict[str, Any]:
    """Return the operation of a route."""
    operation: dict[str, Any] = contract()["paths"][path][method.lower()]
    return operation


def published() -> set[tuple[str, str]]:
    """Return the method and the path of every operation."""
    return {(method.upper(), path) for path, methods in contract()["paths"].items() for method in methods}
