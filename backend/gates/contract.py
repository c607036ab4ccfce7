"""The OpenAPI document is published, kept, and says everything: its gates."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from gates.changes import content_at, merge_base
from gates.contract_diff import breaks
from gates.model import Finding, GateError, Outcome, Project

FILE = "backend/openapi.json"
REPORT = Path(__file__).with_name("route_report.py")


def openapi(project: Project) -> Outcome:
    """The published document is what the application serves, and breaks no client of the merge base's.

    A break that must be is declared in [[contract-breaks]] with a decision that the same change adds.
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
    return Outcome(
        findings=findings,
        checked=count,
        note=f"{count} operations, " + (f"compared with {base}" if before else "nothing published before"),
    )


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
    for found in breaks(json.loads(before), now):
        if found.pointer not in declared:
            yield Finding(
                file=FILE,
                message=f"{found.pointer} breaks clients: {found.message}",
                fix="add, do not change; or declare the pointer in [[contract-breaks]] with a new decision",
            )


def routes(project: Project) -> Outcome:
    """Every route is documented, answers with a schema, reads strict models and is bound to the policy."""
    rows = json.loads(_run(project, "-P", str(REPORT)))
    undocumented = project.book["routes"]["undocumented"]
    findings = [
        Finding(
            file=_relative(project, row["file"]),
            line=row["line"],
            message=f"{' '.join(row['methods'])} {row['path']}: {message}",
            fix=fix,
        )
        for row in rows
        for message, fix in _faults(row, undocumented)
    ]
    return Outcome(findings=findings, checked=len(rows), note=f"{len(rows)} routes")


def _faults(row: dict[str, Any], undocumented: dict[str, str]) -> Iterator[tuple[str, str]]:
    """Yield what a route lacks, and what to do."""
    if not row["documented"]:
        if row["path"] not in undocumented:
            yield "it is not in the contract", "make it an APIRoute in the schema, or declare it in [routes]"
        return
    if not row["answers"]:
        yield "it answers without a schema", "return a Pydantic model, or declare status 204 or the content"
    if row["bypasses"]:
        yield "a raw Response bypasses the model that it declares", "return the model"
    for name in row["loose"]:
        yield f"the body {name} takes fields that it does not name", 'a Pydantic model with extra="forbid"'
    if row["raw_request"]:
        yield "it reads the request itself, past every schema", "declare parameters, headers and body"
    if not row["errors"]:
        yield "it declares no error response", "pass operation(Action.…, …Error)"
    if not row["summary"] or not row["description"]:
        yield "it has no summary or no description", "summary=… and a docstring"
    if not row["bound"]:
        yield "it is bound to no row of the policy table", "pass operation(Action.…), with a row in POLICY"


def _relative(project: Project, file: str) -> str:
    path = Path(file)
    return project.relative(path) if path.is_relative_to(project.root) else file


def _run(project: Project, *arguments: str) -> str:
    """Run the project's Python in backend/ and return what it prints. Raises GateError with its last line."""
    result = subprocess.run(
        [sys.executable, *arguments],
        cwd=project.backend,
        env=os.environ | {"PAU2_ENVIRONMENT": "test", "PYTHONIOENCODING": "utf-8"},
        capture_output=True,
        encoding="utf-8",
        check=False,
    )
    if result.returncode:
        last = (result.stderr.strip().splitlines() or ["no reason given"])[-1]
        raise GateError(f"The application does not start: {last}")
    return result.stdout
