"""The reference of problems: each error code with its status, meaning, and the requests that return it."""

from collections.abc import Mapping, Sequence
from typing import Any

from app.presentation.http.errors import ProblemType
from devtools.docs_site.contract import Operation, operations

MAX_LISTED = 4
"""The maximum of requests that are listed one by one."""
HEAD = """# Problems

Every error is a problem document (RFC 9457), `application/problem+json`. Clients decide by `code`; `detail`
is for people and may change. The service has the same list at `/problems`, and a page for each code.

| status | code | when | requests |
|---|---|---|---|
"""


def problems_page(contract: Mapping[str, Any], types: Sequence[ProblemType]) -> str:
    """Return the page. `types` are all problem types, `contract` says which requests return them."""
    declared = operations(contract)
    ordered = sorted(types, key=lambda each: (each.status, each.code))
    return HEAD + "".join(_row(each, declared) for each in ordered)


def _row(problem: ProblemType, declared: Sequence[Operation]) -> str:
    code = f"`{problem.code}`{{ #{problem.code} }}"
    return f"| {problem.status} | {code} | {problem.detail} | {_requests(problem.code, declared)} |\n"


def _requests(code: str, declared: Sequence[Operation]) -> str:
    found = [operation for operation in declared if code in operation.codes]
    if not found:
        return "any"
    if len(found) > MAX_LISTED:
        return f"{len(found)} of {len(declared)}"
    return ", ".join(f"[{each.id}](api/{each.tag}.md#{each.id})" for each in found)
