"""Requests that Schemathesis generates from the contract.

Its import takes a second: `test_generated_requests.py` loads this module when its first test runs.
"""

from functools import cache
from typing import Any

import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis.checks import load_all_checks
from schemathesis.config import SchemathesisConfig
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    negative_data_rejection,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from tests.api.contract import contract, operation_of
from tests.examples import EXAMPLES

CHECKS = [
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    negative_data_rejection,
]
SCHEMA = schemathesis.openapi.from_dict(contract(), config=SchemathesisConfig())
FREE_TEXT = [{"type": "string"}, {"type": "null"}]
"""The schema of an optional header that may hold anything."""
Mode = schemathesis.GenerationMode
Case = schemathesis.Case[Any]

load_all_checks()


@cache
def cases(method: str, path: str) -> list[Case]:
    """Return valid and invalid requests, the same for every role and in every run."""
    found: list[Case] = []
    for mode in Mode if can_be_wrong(method, path) else [Mode.POSITIVE]:
        strategy = SCHEMA[path][method].as_strategy(mode)

        @given(strategy)
        @settings(
            max_examples=EXAMPLES.requests,
            derandomize=True,
            database=None,
            phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
        )
        def collect(case: Case) -> None:
            found.append(case)

        collect()
    return found


def can_be_wrong(method: str, path: str) -> bool:
    """Return whether a request can violate its schemas. If none can, Schemathesis would find no example."""
    operation = operation_of(method, path)
    schemas = [parameter["schema"] for parameter in operation.get("parameters", [])]
    return "requestBody" in operation or any(schema.get("anyOf") != FREE_TEXT for schema in schemas)


def arguments(case: Case) -> dict[str, Any]:
    """Return the case as arguments of httpx, which has a name of its own for raw bodies."""
    prepared = {**case.as_transport_kwargs(base_url="http://test")}
    del prepared["cookies"]
    if isinstance(prepared.get("data"), str | bytes):
        prepared["content"] = prepared.pop("data")
    return prepared
