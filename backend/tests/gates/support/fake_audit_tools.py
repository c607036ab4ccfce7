"""Stands in for the audit's two programs: they ask a service that tests cannot reach."""

import json
from pathlib import Path
from subprocess import CompletedProcess

from gates.model import Project

VULNERABLE = "fastapi==0.9"
UNFIXED = "ruff==0.9"
FORGOTTEN = "ruff==0.1"
"""Versions with an advisory, and one that the database has no response for."""
KNOWN = {
    VULNERABLE: [
        {"id": "CVE-1", "aliases": ["GHSA-1"], "description": "It answers anybody.", "fix_versions": ["1.0"]}
    ],
    UNFIXED: [{"id": "PYSEC-2", "aliases": [], "description": "It loops.", "fix_versions": []}],
}
HOME = {"externalReferences": [{"url": "https://example.org"}]}


def program(project: Project, name: str, *options: str) -> CompletedProcess[str]:
    """Answer as pip-audit or cyclonedx-py does."""
    if name == "cyclonedx-py":
        pins = (project.root / options[1]).read_text().splitlines()[::2]
        bill = {"components": [{"name": pin} for pin in pins], "metadata": {"tools": {"components": [HOME]}}}
        return CompletedProcess([name], 0, json.dumps(bill), "")
    values = dict(option.split("=", 1) for option in options if "=" in option)
    asked = Path(values["--requirement"]).read_text().split()
    names = [pin.partition("==")[0] for pin in asked]
    assert len(names) == len({*names}), "pip-audit refuses duplicates"
    rows = [
        {"name": pin.partition("==")[0], "version": pin.partition("==")[2], "vulns": KNOWN.get(pin, [])}
        if pin != FORGOTTEN
        else {"name": "ruff", "skip_reason": "unknown"}
        for pin in asked
    ]
    Path(values["--output"]).write_text(json.dumps({"dependencies": rows, "fixes": []}))
    return CompletedProcess([name], 0, "", "No known vulnerabilities found")
