"""The gate `routes`: every route has a schema and is bound to a row of the policy table."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from gates.contract.application import run_application
from gates.model import Finding, Outcome, Project

POLICY_FILE = "policy.json"
REPORT_SCRIPT = Path(__file__).with_name("route_report.py")


def check(project: Project) -> Outcome:
    """R09: each route has schemas and a row of the policy table.

    Why: A route without a policy row was open to everybody, and one without a schema published nothing
        about its fields.
    Refuses: Routes without a response schema, bodies that accept unknown fields, raw responses, routes
        outside the contract, routes without an action of the policy table.
    Instead: Name the action with `operation(Action.…)`, return a schema, derive bodies from `Schema`.
    Exceptions: [routes.undocumented] and [routes.open-bodies], each with a reason.
    """
    rows = json.loads(run_application(project, "-P", str(REPORT_SCRIPT)))
    _store_policy(project, rows)
    declared = project.rulebook["routes"]
    findings = []
    for row in rows:
        file = _file_of(project, row["file"])
        operation = f"{' '.join(row['methods'])} {row['path']}"
        for message, fix in _route_problems(row, declared):
            findings.append(Finding(file=file, line=row["line"], message=f"{operation}: {message}", fix=fix))
    return Outcome(findings=findings, checked=len(rows), note=f"{len(rows)} routes")


def _store_policy(project: Project, rows: list[dict[str, Any]]) -> None:
    """Store for the page who may call each route that the contract has."""
    kept = ("path", "methods", "action", "role", "password_hours")
    policy = [{key: row.get(key) for key in kept} for row in rows if row["documented"]]
    project.reports.mkdir(exist_ok=True)
    (project.reports / POLICY_FILE).write_text(json.dumps(policy, indent=1), encoding="utf-8")


def _route_problems(row: dict[str, Any], declared: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """Yield the problems of a route, each with its repair."""
    if not row["documented"]:
        if row["path"] not in declared["undocumented"]:
            yield "it is not in the contract", "make it an APIRoute in the schema, or declare it in [routes]"
        return
    faults = (
        (
            not row["has_response_schema"],
            "it answers without a schema",
            "return a model, or declare 204 or the content",
        ),
        (
            row["returns_raw_response"],
            "a raw Response bypasses the model that it declares",
            "return the model",
        ),
        (
            row["raw_request"],
            "it reads the request itself, past every schema",
            "declare the parameters and the body that it reads",
        ),
        (not row["errors"], "it declares no error response", "pass operation(Action.…, …Error)"),
        (not row["summary"], "it has no summary", "pass summary=…"),
        (not row["description"], "it has no description", "write a docstring for the API's users"),
        (not row["has_policy"], "it names no action of the policy table", "pass operation(Action.…)"),
    )
    yield from ((message, fix) for failed, message, fix in faults if failed)
    for name in row["open_bodies"]:
        if name not in declared["open-bodies"]:
            yield f"the body {name} takes fields that it does not name", 'use a model with extra="forbid"'


def _file_of(project: Project, file: str) -> str:
    path = Path(file)
    return project.relative(path) if path.is_relative_to(project.root) else file
