"""Runs a session's gates side by side and leaves one JSON file a gate."""

import json
import time
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, replace
from pathlib import PurePosixPath

from gates.gate_cache import run_unless_unchanged
from gates.model import Check, Finding, GateError, Outcome, Project, Status
from gates.registry import LazyGate
from gates.repo.files import tracked


@dataclass(frozen=True, kw_only=True)
class Result:
    """A gate's line in the table. `seconds` is wall-clock time; `findings` as in reports/gates.json.

    `is_unchanged` marks a result of an earlier run, after which nothing changed that the gate depends on.
    """

    gate: str
    rule: str
    session: str
    status: Status
    seconds: float
    note: str
    findings: list[Finding]
    is_unchanged: bool = False

    @property
    def command(self) -> str:
        """The command that runs this gate's session again."""
        return f"./noxw -s {self.session}"


def run_session(project: Project, session: str, checks: Mapping[str, Check]) -> list[Result]:
    """Run the gates that the rule book gives to a session; return their results in its order."""
    return side_by_side(project, session, lambda name: run_gate(project, session, name, checks))


def side_by_side(project: Project, session: str, run: Callable[[str], Result]) -> list[Result]:
    """Run something for each gate of a session; return the results in the rule book's order."""
    with ThreadPoolExecutor() as pool:
        return list(pool.map(run, gates_of(project, session)))


def gates_of(project: Project, session: str) -> list[str]:
    """Return the gates that the rule book gives to a session. Raises GateError when there are none."""
    names: list[str] = project.rulebook["sessions"].get(session, [])
    if not names:
        raise GateError(f"The rule book gives the session {session!r} no gates. Add it to [sessions].")
    return names


def run_gate(project: Project, session: str, name: str, checks: Mapping[str, Check]) -> Result:
    """Run one gate. A gate that cannot do its work has failed, with the reason as its finding."""
    start = time.perf_counter()
    try:
        outcome = _outcome_of(project, name, checks)
        outcome = _of_the_commit(project, outcome) if project.staged else outcome
    except GateError as error:
        outcome = Outcome(
            findings=[
                Finding(
                    file="",
                    message=str(error),
                    fix="do what the message says: a gate that cannot run fails",
                )
            ]
        )
    findings = list(outcome.findings)
    if outcome.status == "failed" and not findings:
        findings = [
            Finding(file="", message="the gate found nothing to check", fix="restore what it looks at")
        ]
    return Result(
        gate=name,
        rule=project.rulebook.rule_of(name),
        session=session,
        status=outcome.status,
        seconds=round(time.perf_counter() - start, 2),
        note=outcome.skipped or outcome.note,
        findings=findings,
        is_unchanged=outcome.is_unchanged,
    )


def save(project: Project, results: Iterable[Result]) -> None:
    """Write each result to reports/gates/<gate>.json, where the process that follows the session reads it."""
    folder = project.reports / "gates"
    folder.mkdir(parents=True, exist_ok=True)
    for result in results:
        (folder / f"{result.gate}.json").write_text(json.dumps(asdict(result), indent=1))


def load(project: Project, session: str, gate: str) -> Result:
    """Return what `save` left of a gate. Nothing usable means that its session broke down: it has failed."""
    try:
        kept = json.loads((project.reports / f"gates/{gate}.json").read_text())
        return Result(**kept | {"findings": [Finding(**finding) for finding in kept["findings"]]})
    except (OSError, ValueError, LookupError, TypeError):
        return missing(project, session, gate, "did not run")


def missing(project: Project, session: str, gate: str, why: str) -> Result:
    """Return the failed result of a gate that left none, with the reason in a few words."""
    return Result(
        gate=gate,
        rule=project.rulebook.rule_of(gate),
        session=session,
        status="failed",
        seconds=0.0,
        note=why,
        findings=[Finding(file="", message=f"the gate {why}", fix=f"./noxw -s {session}")],
    )


def _of_the_commit(project: Project, outcome: Outcome) -> Outcome:
    """Leave out findings about what is only in the work tree: some tools read folders, not git's list."""
    names = tracked(project)
    listed = {
        parent.as_posix() for name in names for parent in (PurePosixPath(name), *PurePosixPath(name).parents)
    }
    findings = [
        finding
        for finding in outcome.findings
        if not (project.root / finding.file).exists() or PurePosixPath(finding.file).as_posix() in listed
    ]
    return replace(outcome, findings=findings)


def _outcome_of(project: Project, name: str, checks: Mapping[str, Check]) -> Outcome:
    if name in checks:
        check = checks[name]
        return run_unless_unchanged(project, name, check) if isinstance(check, LazyGate) else check(project)
    raise GateError(f"The rule book names a gate {name!r} that backend/gates does not have.")
