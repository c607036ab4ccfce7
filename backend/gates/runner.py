"""Runs a session's gates side by side, prints what they found, and leaves one JSON file a gate."""

import json
import sys
import time
from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass

from gates.model import Check, Finding, GateError, Outcome, Project, Status


@dataclass(frozen=True, kw_only=True)
class Result:
    """A gate's line in the table. `seconds` is wall-clock time; `findings` as in reports/gates.json."""

    gate: str
    rule: str
    session: str
    status: Status
    seconds: float
    note: str
    findings: list[Finding]

    @property
    def command(self) -> str:
        """What to type to run this gate's session again."""
        return f"./noxw -s {self.session}"


def run_session(project: Project, session: str, checks: Mapping[str, Check]) -> list[Result]:
    """Run the gates that the rule book gives to a session; return their results in its order."""
    names: list[str] = project.book["sessions"].get(session, [])
    if not names:
        raise GateError(f"The rule book gives the session {session!r} no gates. Add it to [sessions].")
    with ThreadPoolExecutor() as pool:
        return list(pool.map(lambda name: run_gate(project, session, name, checks), names))


def run_gate(project: Project, session: str, name: str, checks: Mapping[str, Check]) -> Result:
    """Run one gate. A gate that cannot do its work has failed, with the reason as its finding."""
    start = time.perf_counter()
    try:
        outcome = checks[name](project) if name in checks else _unknown(name)
    except GateError as error:
        outcome = Outcome(findings=[Finding(file="", message=str(error), fix="see the message")])
    findings = list(outcome.findings)
    if outcome.status == "failed" and not findings:
        findings = [
            Finding(file="", message="the gate found nothing to check", fix="restore what it looks at")
        ]
    return Result(
        gate=name,
        rule=project.book.rule_of(name),
        session=session,
        status=outcome.status,
        seconds=round(time.perf_counter() - start, 2),
        note=outcome.skipped or outcome.note,
        findings=findings,
    )


def save(project: Project, results: Iterable[Result]) -> None:
    """Write each result to reports/gates/<gate>.json, where the verdict collects it."""
    folder = project.reports / "gates"
    folder.mkdir(parents=True, exist_ok=True)
    for result in results:
        (folder / f"{result.gate}.json").write_text(json.dumps(asdict(result), indent=1))


def show(project: Project, results: Iterable[Result]) -> bool:
    """Print the results, findings first in reading order; return whether all gates let the change pass."""
    good = True
    for result in results:
        good = good and result.status != "failed"
        note = f"  ({result.note})" if result.note else ""
        print(f"{result.status:7} {result.gate:18} {result.seconds:6.2f} s{note}")
        for finding in result.findings:
            line = f":{finding.line}" if finding.line else ""
            print(f"  {finding.file or '-'}{line}: {finding.message} [{result.rule}]\n    fix: {finding.fix}")
        if result.status == "failed":
            print(f"  rule {result.rule}: {_says(project, result.rule)}\n  again: {result.command}")
        sys.stdout.flush()
    return good


def _says(project: Project, rule: str) -> str:
    return str(project.book["rules"].get(rule, {}).get("says", "not in the rule book"))


def _unknown(name: str) -> Outcome:
    raise GateError(f"The rule book names a gate {name!r} that backend/gates does not have.")
