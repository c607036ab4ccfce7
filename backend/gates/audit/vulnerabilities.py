"""R18: known vulnerabilities of locked versions, and the bill of materials.

Why: A lock guarantees which version is installed, not that the version is safe (OWASP ASVS 5.0, 15.1.2,
    15.2.1).
Refuses: New versions with an advisory in the OSV database; with `-- all` every version. No response is a
    failure.
Instead: Run `./noxw -s lock -- --upgrade-package NAME`.
Exceptions: Declared in [[exclusions]] by package and identifier, while no fixed version exists.

A change answers for the versions that it adds. A schedule audits all: advisories published today must not
stop unrelated changes. Versions are looked up for every platform.
"""

import json
import os
import shutil
import tempfile
from collections.abc import Iterable, Iterator
from itertools import groupby, zip_longest
from operator import itemgetter
from pathlib import Path
from subprocess import CompletedProcess
from typing import Any

from gates.architecture.exclusions import PYPROJECT, Exclusion, declared, unused
from gates.model import Finding, GateError, Outcome, Project
from gates.repo.files import text
from gates.repo.git import content_at, merge_base
from gates.repo.lockfiles import FOLDER, LOCKS, PIN
from gates.repo.process import run

BILL = "reports/sbom.cdx.json"
KIND, ALL = "vulnerabilities", "all"
LONGEST = 200  # characters of what others wrote

Pin = tuple[str, str]
"""Name and version of a package."""


def check(project: Project) -> Outcome:
    """List what production installs; ask about the versions that are new since the merge base, or all."""
    listed = f"{BILL} lists {_bill(project)} components"
    base = None if ALL in project.arguments else merge_base(project)
    pins = _pins(project, base.commit if base else None)
    if not pins:
        return Outcome(skipped=f"nothing to audit: no locked version is new since {base}; {listed}")
    allowed, used, findings = declared(project, KIND), set[Exclusion](), []
    for name, version, flaw in _flaws(project, pins):
        reasons = {Exclusion(KIND, name, known) for known in (flaw["id"], *flaw["aliases"])} & allowed
        used |= reasons
        if not reasons:
            findings.append(_finding(name, version, flaw, *pins[name, version]))
    findings += [unused(project, exclusion) for exclusion in sorted(allowed - used) if base is None]
    return Outcome(findings=findings, checked=len(pins), note=f"{len(pins)} versions audited; {listed}")


def _pins(project: Project, base: str | None) -> dict[Pin, tuple[str, int]]:
    """Return the first lock and the line of each version that is new since the base; of all without one."""
    found: dict[Pin, tuple[str, int]] = {}
    for lock in LOCKS:
        name = f"{FOLDER}/{lock}.txt"
        known = {*((base and content_at(project, base, name)) or "").splitlines()}
        for number, line in enumerate(text(project, name).splitlines(), 1):
            if line not in known and (match := PIN.fullmatch(line)):
                found.setdefault((match[1], match[2]), (lock, number))
    return found


def _flaws(project: Project, pins: Iterable[Pin]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Yield name, version and each vulnerability in the OSV database. Raises GateError without an answer.

    pip-audit leaves out what it could not ask about, and refuses two versions of a package at once.
    """
    packages = (list(versions) for _, versions in groupby(sorted(pins), itemgetter(0)))
    for turn in zip_longest(*packages):
        asked = {pin for pin in turn if pin}
        with tempfile.TemporaryDirectory() as folder:
            question, answer = Path(folder) / "question.txt", Path(folder) / "answer.json"
            question.write_text("".join(f"{name}=={version}\n" for name, version in asked))
            options = ["--vulnerability-service=osv", "--no-deps", "--disable-pip", "--progress-spinner=off"]
            options += ["--format=json", f"--requirement={question}", f"--output={answer}"]
            said = _tool(project, "pip-audit", *options).stderr.strip().rpartition("\n")[2]
            rows = json.loads(answer.read_text())["dependencies"] if answer.exists() else []
        found = {(row["name"], row["version"]): row["vulns"] for row in rows if "vulns" in row}
        if missing := sorted(asked - found.keys()):
            what = f"{len(missing)} of {len(asked)} versions, {'=='.join(missing[0])} among them"
            raise GateError(f"Not audited: {what}. The OSV database gave no answer ({said[:LONGEST]}).")
        yield from ((*pin, flaw) for pin, flaws in found.items() for flaw in flaws)


def _finding(name: str, version: str, flaw: dict[str, Any], lock: str, line: int) -> Finding:
    names, mended = ", ".join([flaw["id"], *flaw["aliases"]]), ", ".join(flaw["fix_versions"])
    message = f"{LOCKS[lock]} installs {name} {version}: {names}: {flaw['description'][:LONGEST]}"
    fix = f"nothing mends it yet: do without {name}, or declare {flaw['id']} in [[exclusions]], {KIND}"
    if mended:
        fix = f"mended in {mended}: ./noxw -s lock -- --upgrade-package {name}"
    return Finding(file=f"{FOLDER}/{lock}.txt", line=line, message=message, fix=fix)


def _bill(project: Project) -> int:
    """Write what production installs as CycloneDX, and return how many components that are.

    Components have names, versions and digests; no address says where an installation gets them.
    """
    options = ("--index-url=pkg:pypi", f"--pyproject={project.root / PYPROJECT}", "--output-reproducible")
    made = _tool(project, "cyclonedx-py", "requirements", f"{FOLDER}/runtime.txt", *options)
    if made.returncode:
        raise GateError(f"cyclonedx-py could not run: {made.stderr.strip()[-LONGEST:]}")
    bill = json.loads(made.stdout)
    for tool in bill["metadata"]["tools"]["components"]:
        tool.pop("externalReferences", None)
    project.reports.mkdir(exist_ok=True)
    (project.root / BILL).write_text(json.dumps(bill, indent=1), encoding="utf-8")
    return len(bill["components"])


def _tool(project: Project, name: str, *options: str) -> CompletedProcess[str]:
    """Run a program of the audit's own environment, which the session installs."""
    places = (str(project.root / ".audit" / folder) for folder in ("bin", "Scripts"))
    program = shutil.which(name, path=os.pathsep.join(places))
    if program is None:
        raise GateError(f"{name} is missing: ./noxw -s audit installs it.")
    return run(project.root, program, *options)
