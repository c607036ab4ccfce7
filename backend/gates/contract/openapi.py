"""The OpenAPI document is published, kept, and says everything: its gates."""

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from gates.contract.openapi_diff import breaks
from gates.model import Finding, GateError, Outcome, Project
from gates.repo.environment import for_tools
from gates.repo.git import content_at, merge_base
from gates.repo.process import run

FILE = "backend/openapi.json"
REPORT = Path(__file__).with_name("route_report.py")


def openapi(project: Project) -> Outcome:
    """R08: the published OpenAPI document, and its breaking changes.

    Why: Clients are generated from the contract; an unannounced change breaks them after the release.
    Refuses: A document that differs from the application's, and changes that an existing client would not
        survive.
    Instead: Run `./noxw -s openapi` and read its diff. Add fields and operations; do not change existing
        ones.
    Exceptions: [[contract-breaks]] with the pointer that the finding prints and a new decision.
    """
    served = _run(project, "-m", "app", "openapi")
    path = project.root / FILE
    published = path.read_text(encoding="utf-8") if path.exists() else ""
    findings = []
    if served != published:
        message = "the published contract is not what the application serves"
        findings.append(Finding(file=FILE, message=message, fix="./noxw -s openapi, and read its diff"))
    base = merge_base(project)
    before, now = content_at(project, base.commit, FILE), json.loads(served)
    if before is not None:
        findings += _broken(project, base.commit, before, now)
    count = sum(len(path) for path in now["paths"].values())
    note = f"{count} operations, " + (f"compared with {base}" if before else "nothing published before")
    return Outcome(findings=findings, checked=count, note=note)


def publish(project: Project) -> None:
    """Write the document that the application serves. Raises GateError."""
    (project.root / FILE).write_text(_run(project, "-m", "app", "openapi"), encoding="utf-8")


def _broken(project: Project, base: str, before: str, now: dict[str, Any]) -> Iterator[Finding]:
    declared = {
        entry["pointer"]
        for entry in project.book.block.get("contract-breaks", [])
        if (project.root / entry["decision"]).is_file()
        and content_at(project, base, entry["decision"]) is None
    }
    fix = "add, do not change; or declare the pointer in [[contract-breaks]] with a new decision"
    for found in breaks(json.loads(before), now):
        if found.pointer not in declared:
            yield Finding(file=FILE, message=f"{found.pointer} breaks clients: {found.message}", fix=fix)


def routes(project: Project) -> Outcome:
    """R09: each route has schemas and a row of the policy table.

    Why: A route without a policy row was open to everybody, and one without a schema published nothing
        about its fields.
    Refuses: Routes without a response schema, bodies that accept unknown fields, raw responses, routes
        outside the contract, routes without an action of the policy table.
    Instead: Name the action with `operation(Action.…)`, return a schema, derive bodies from `Schema`.
    Exceptions: [routes.undocumented] and [routes.open-bodies], each with a reason.
    """
    rows = json.loads(_run(project, "-P", str(REPORT)))
    declared = project.book["routes"]
    findings = []
    for row in rows:
        file, operation = _relative(project, row["file"]), f"{' '.join(row['methods'])} {row['path']}"
        for message, fix in _faults(row, declared):
            findings.append(Finding(file=file, line=row["line"], message=f"{operation}: {message}", fix=fix))
    return Outcome(findings=findings, checked=len(rows), note=f"{len(rows)} routes")


def _faults(row: dict[str, Any], declared: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """Yield what a route lacks, and what to do."""
    if not row["documented"]:
        if row["path"] not in declared["undocumented"]:
            yield "it is not in the contract", "make it an APIRoute in the schema, or declare it in [routes]"
        return
    faults = (
        (not row["answers"], "it answers without a schema", "return a model, or declare 204 or the content"),
        (row["bypasses"], "a raw Response bypasses the model that it declares", "return the model"),
        (row["raw_request"], "it reads the request itself, past every schema", "declare what it reads"),
        (not row["errors"], "it declares no error response", "pass operation(Action.…, …Error)"),
        (not row["summary"], "it has no summary", "pass summary=…"),
        (not row["description"], "it has no description", "write a docstring for the API's users"),
        (not row["bound"], "it is bound to no row of the policy table", "pass operation(Action.…)"),
    )
    yield from ((message, fix) for failed, message, fix in faults if failed)
    for name in row["loose"]:
        if name not in declared["open-bodies"]:
            yield f"the body {name} takes fields that it does not name", 'a model with extra="forbid"'


def _relative(project: Project, file: str) -> str:
    path = Path(file)
    return project.relative(path) if path.is_relative_to(project.root) else file


def _run(project: Project, *arguments: str) -> str:
    """Run the project's Python in backend/ and return what it prints. Raises GateError with its last line."""
    env = for_tools() | {"PAU2_ENVIRONMENT": "test", "PYTHONIOENCODING": "utf-8"}
    result = run(project.backend, sys.executable, *arguments, env=env)
    if result.returncode:
        last = (result.stderr.strip().splitlines() or ["no reason given"])[-1]
        raise GateError(f"The application does not start: {last}")
    return result.stdout
