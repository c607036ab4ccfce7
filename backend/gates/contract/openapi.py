"""The gate `openapi`: the document is published, and breaks no client."""

import json
from collections.abc import Iterator
from typing import Any

from gates.contract.application import run_application
from gates.contract.openapi_diff import breaking_changes
from gates.model import Finding, Outcome, Project
from gates.repo.git import content_at, merge_base

CONTRACT = "backend/openapi.json"


def check(project: Project) -> Outcome:
    """R08: the published OpenAPI document, and its breaking changes.

    Why: Clients are generated from the contract; an unannounced change breaks them after the release.
    Refuses: A document that differs from the application's, and changes that an existing client would not
        survive.
    Instead: Run `./noxw -s openapi` and read its diff. Add fields and operations; do not change existing
        ones.
    Exceptions: [[contract-breaks]] with the pointer that the finding prints and a new decision.
    """
    served = run_application(project, "-m", "app", "openapi")
    path = project.root / CONTRACT
    published = path.read_text(encoding="utf-8") if path.exists() else ""
    findings = []
    if served != published:
        message = "the published contract is not what the application serves"
        findings.append(
            Finding(file=CONTRACT, message=message, fix="run ./noxw -s openapi and read its diff")
        )
    base = merge_base(project)
    before = content_at(project, base.commit, CONTRACT)
    now = json.loads(served)
    if before is not None:
        findings += _undeclared_breaks(project, base.commit, before, now)
    count = sum(len(path) for path in now["paths"].values())
    note = f"{count} operations, " + (f"compared with {base}" if before else "nothing published before")
    return Outcome(findings=findings, checked=count, note=note)


def write_snapshot(project: Project) -> None:
    """Write the document that the application serves. Raises GateError."""
    (project.root / CONTRACT).write_text(run_application(project, "-m", "app", "openapi"), encoding="utf-8")


def declared_breaks(project: Project, base: str) -> dict[str, str]:
    """Return the pointers that may break since a commit, each with the new decision that declares it."""
    return {
        entry["pointer"]: entry["decision"]
        for entry in project.rulebook.block.get("contract-breaks", [])
        if (project.root / entry["decision"]).is_file()
        and content_at(project, base, entry["decision"]) is None
    }


def _undeclared_breaks(project: Project, base: str, before: str, now: dict[str, Any]) -> Iterator[Finding]:
    declared = declared_breaks(project, base)
    fix = "keep it and add beside it, or declare the pointer in [[contract-breaks]] with a new decision"
    for found in breaking_changes(json.loads(before), now):
        if found.pointer not in declared:
            yield Finding(file=CONTRACT, message=f"{found.pointer} breaks clients: {found.message}", fix=fix)
