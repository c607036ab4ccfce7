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

SBOM = "reports/sbom.cdx.json"
KIND = "vulnerabilities"
ALL = "all"
MAX_TEXT_LENGTH = 200  # of an advisory, of a tool's output

Pin = tuple[str, str]
"""Name and version of a package."""


def check(project: Project) -> Outcome:
    """Write the bill of materials, and look up the versions that are new since the merge base, or all."""
    listed = f"{SBOM} lists {_write_sbom(project)} components"
    base = None if ALL in project.arguments else merge_base(project)
    pins = _pins(project, base.commit if base else None)
    if not pins:
        return Outcome(skipped=f"nothing to audit: no locked version is new since {base}; {listed}")
    allowed = declared(project, KIND)
    used: set[Exclusion] = set()
    findings: list[Finding] = []
    for name, version, advisory in _advisories(project, pins):
        reasons = {Exclusion(KIND, name, known) for known in (advisory["id"], *advisory["aliases"])} & allowed
        used |= reasons
        if not reasons:
            findings.append(_finding(name, version, advisory, *pins[name, version]))
    if base is None:
        findings += [unused(project, exclusion) for exclusion in sorted(allowed - used)]
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


def _advisories(project: Project, pins: Iterable[Pin]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Yield name, version and each vulnerability in the OSV database. Raises GateError without an answer.

    pip-audit omits packages that it could not look up, and refuses two versions of a package in one run.
    """
    packages = (list(versions) for _, versions in groupby(sorted(pins), itemgetter(0)))
    for batch in zip_longest(*packages):
        asked = {pin for pin in batch if pin}
        with tempfile.TemporaryDirectory() as folder:
            requirements = Path(folder) / "requirements.txt"
            report = Path(folder) / "report.json"
            requirements.write_text("".join(f"{name}=={version}\n" for name, version in asked))
            options = ["--vulnerability-service=osv", "--no-deps", "--disable-pip", "--progress-spinner=off"]
            options += ["--format=json", f"--requirement={requirements}", f"--output={report}"]
            error = _tool(project, "pip-audit", *options).stderr.strip().rpartition("\n")[2]
            rows = json.loads(report.read_text())["dependencies"] if report.exists() else []
        found = {(row["name"], row["version"]): row["vulns"] for row in rows if "vulns" in row}
        if missing := sorted(asked - found.keys()):
            what = f"{len(missing)} of {len(asked)} versions, {'=='.join(missing[0])} among them"
            raise GateError(
                f"Not audited: {what}. The OSV database gave no answer ({error[:MAX_TEXT_LENGTH]})."
            )
        yield from ((*pin, advisory) for pin, advisories in found.items() for advisory in advisories)


def _finding(name: str, version: str, advisory: dict[str, Any], lock: str, line: int) -> Finding:
    names = ", ".join([advisory["id"], *advisory["aliases"]])
    fixed_in = ", ".join(advisory["fix_versions"])
    message = f"{LOCKS[lock]} installs {name} {version}: {names}: {advisory['description'][:MAX_TEXT_LENGTH]}"
    fix = f"no version fixes it yet: remove {name}, or declare {advisory['id']} in [[exclusions]], {KIND}"
    if fixed_in:
        fix = f"upgrade it, fixed in {fixed_in}: ./noxw -s lock -- --upgrade-package {name}"
    return Finding(file=f"{FOLDER}/{lock}.txt", line=line, message=message, fix=fix)


def _write_sbom(project: Project) -> int:
    """Write production's bill of materials in CycloneDX, and return the number of its components.

    Components have names, versions and digests; no address says where an installation gets them.
    """
    options = ("--index-url=pkg:pypi", f"--pyproject={project.root / PYPROJECT}", "--output-reproducible")
    made = _tool(project, "cyclonedx-py", "requirements", f"{FOLDER}/runtime.txt", *options)
    if made.returncode:
        raise GateError(f"cyclonedx-py could not run: {made.stderr.strip()[-MAX_TEXT_LENGTH:]}")
    sbom = json.loads(made.stdout)
    for tool in sbom["metadata"]["tools"]["components"]:
        tool.pop("externalReferences", None)
    project.reports.mkdir(exist_ok=True)
    (project.root / SBOM).write_text(json.dumps(sbom, indent=1), encoding="utf-8")
    return len(sbom["components"])


def _tool(project: Project, name: str, *options: str) -> CompletedProcess[str]:
    """Run a program of the audit's own environment, which the session installs."""
    places = (str(project.root / ".audit" / folder) for folder in ("bin", "Scripts"))
    program = shutil.which(name, path=os.pathsep.join(places))
    if program is None:
        raise GateError(f"{name} is missing: ./noxw -s audit installs it.")
    return run(project.root, program, *options)
