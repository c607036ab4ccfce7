"""R17: tests fail when the code that they run is changed.

Why: A test without an assertion covers as much as a good one.
Refuses: A share of killed mutants below `[mutation]` in the rule book, of the change or of named modules.
Instead: Assert the result that the surviving mutant changes.
Exceptions: [mutation.excluded] for made-up content.

In `./noxw` the mutants of the change are judged after the tests have passed, for a minute at most on a
developer's machine: CI judges the rest, and so does `./noxw -s mutants -- --whole`. One survivor is forgiven,
because a change may have one mutant that behaves as the code does. Arguments are patterns of modules as in
the rule book, or `critical`.
"""

import os
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby

from gates.coverage.data import Count, measured_files, measured_folders
from gates.coverage.statements import Statements
from gates.model import Finding, GateError, Outcome, Project
from gates.mutation.engine import NO_COVERAGE, NOT_JUDGED, Candidate, MutantResult, judge
from gates.mutation.judges import Judges, find_judges, matches
from gates.mutation.operators import Mutant, mutants
from gates.mutation.verdicts import Verdicts
from gates.repo import files, python
from gates.repo.git import changed_lines, merge_base
from gates.testing.result_cache.store import cache_folder

REPORT_FILE = "reports/mutants.md"
WHOLE = "--whole"
"""The argument that lets all mutants of the change run, however long it takes."""
COMPLETE = 100  # percent: with this threshold no survivor is forgiven

Selection = Mapping[str, set[int] | None]  # lines of a file, None for all


def check(project: Project) -> Outcome:
    """Tests kill enough of the mutants of a change, or of the named modules."""
    start = time.monotonic()
    what, chosen = _select(project)
    if not chosen:
        return Outcome(skipped=f"there are no statements {what}")
    found = [(name, mutant) for name, lines in chosen.items() for mutant in _mutants(project, name, lines)]
    if not found:
        return _without_mutants(project, what, min(chosen))
    outcome, judges = find_judges(project, sorted(chosen))
    if outcome.status != "passed":
        return outcome
    seconds: int = project.rulebook["mutation"]["desk-seconds"]
    deadline = start + seconds if _is_limited(project) else None
    candidates = [judges.candidate(project, name, mutant) for name, mutant in found]
    results, remembered = _judge(project, judges, candidates, deadline)
    return _outcome(project, what, results, remembered)


def _is_limited(project: Project) -> bool:
    return not project.arguments and not os.environ.get("CI")


def _without_mutants(project: Project, what: str, file: str) -> Outcome:
    """Return the outcome where no mutant can be made. Named modules were expected to have some."""
    message = f"no mutant can be made {what}"
    if not _patterns(project):
        return Outcome(skipped=message)
    message += ": nothing shows that a test would find a fault"
    fix = "name modules with code: ./noxw -s mutants -- critical"
    return Outcome(findings=[Finding(file=file, message=message, fix=fix)])


def _judge(
    project: Project, judges: Judges, candidates: Sequence[Candidate], deadline: float | None
) -> tuple[list[MutantResult], int]:
    """Return the results of the candidates in their order, and how many of them were remembered.

    Those whose tests take least run first.
    """
    verdicts = _remembered_verdicts(project, judges, candidates)
    known = verdicts.load(candidates) if verdicts else []
    ended = {(result.file, result.mutant.number): result for result in known}
    open_candidates = [
        candidate for candidate in candidates if (candidate.file, candidate.mutant.number) not in ended
    ]
    open_candidates.sort(key=lambda candidate: judges.total_seconds(candidate.tests))
    new = judge(project, open_candidates, deadline)
    if verdicts:
        verdicts.save(open_candidates, new)
    ended |= {(result.file, result.mutant.number): result for result in new}
    return [ended[candidate.file, candidate.mutant.number] for candidate in candidates], len(known)


def _remembered_verdicts(
    project: Project, judges: Judges, candidates: Sequence[Candidate]
) -> Verdicts | None:
    """Return the verdicts of earlier runs, None where it is unknown what the tests depend on."""
    folder = cache_folder()
    if not folder or not judges.digests:
        return None
    names = {candidate.file for candidate in candidates}
    return Verdicts(folder, judges, {name: files.text(project, name) for name in names})


def _outcome(project: Project, what: str, results: Sequence[MutantResult], remembered: int) -> Outcome:
    """Compare the share of killed mutants with the rule book's."""
    judged = [result for result in results if result.outcome != NOT_JUDGED]
    left = len(results) - len(judged)
    _write_report(project, what, judged)
    if not judged:
        return Outcome(skipped=f"all {left} mutants {what} are left to CI")
    score = Count(sum(result.is_detected for result in judged), len(judged))
    kind = "min-score-modules" if _patterns(project) else "min-score-changed"
    threshold: int = project.rulebook["mutation"][kind]
    note = f"{score} of {score.total} mutants {what} killed; {score.missing} not killed, see {REPORT_FILE}"
    if remembered:
        note += f"; {remembered} remembered"
    if left:
        note += f"; {left} left to CI"
    is_forgiven = score.missing == 1 and score.covered > 0 and threshold < COMPLETE
    findings: list[Finding] = []
    if not score.reaches(threshold) and not is_forgiven:
        findings = [_finding(result, threshold) for result in judged if not result.is_detected]
    return Outcome(findings=findings, checked=score.total, note=note)


def _patterns(project: Project) -> list[str]:
    """Return the arguments that name modules."""
    return [argument for argument in project.arguments if argument != WHOLE]


def _select(project: Project) -> tuple[str, Selection]:
    """Return the mutated code, in words and by file: the change, or the named modules."""
    excluded = project.rulebook["mutation"].get("excluded", {})
    if _patterns(project):
        what = f"of {', '.join(_patterns(project))}"
        chosen = _named(project)
    else:
        base = merge_base(project)
        what = f"of the change since {base}"
        changed = changed_lines(project, base, *measured_folders(project))
        chosen = {name: _statements(project, name, lines) for name, lines in sorted(changed.items())}
    selection = {name: lines for name, lines in chosen.items() if lines != set()}
    return what, {name: lines for name, lines in selection.items() if not matches(name, excluded)}


def _named(project: Project) -> dict[str, set[int] | None]:
    patterns = [name for name in _patterns(project) if name != "critical"]
    if "critical" in project.arguments:
        patterns += project.rulebook["coverage"]["critical-modules"]
    names = [name for name in measured_files(project) if matches(name, patterns)]
    if not names:
        raise GateError(f"No measured file matches {' or '.join(patterns)}: say app/domain/* or critical.")
    return dict.fromkeys(names)


def _statements(project: Project, name: str, lines: set[int]) -> set[int]:
    """Return the lines of the statements that own a changed line, none for other files than Python."""
    if not name.endswith(".py"):
        return set()
    return Statements(
        (project.root / name).read_bytes(), python.parse_file(project, name)
    ).lines_of_changed_statements(lines)


def _mutants(project: Project, name: str, lines: set[int] | None) -> Iterator[Mutant]:
    source = files.text(project, name)
    for mutant in mutants(source, python.parse_source(source)):
        if lines is None or lines.intersection(mutant.lines):
            yield mutant


def _finding(result: MutantResult, threshold: int) -> Finding:
    reason = "is run by no test" if result.outcome == NO_COVERAGE else "survives its tests"
    message = f"this mutant {reason} ({threshold} % must not):\n{result.mutant.diff}"
    fix = "assert what the statement is for; then ./noxw -s mutants"
    return Finding(file=result.file, line=result.mutant.line, message=message, fix=fix)


def _write_report(project: Project, what: str, results: Sequence[MutantResult]) -> None:
    """Write the counts of each file, and each mutant that survived as a diff."""
    outcomes = ("killed", "timeout", "survived", NO_COVERAGE)
    lines = [
        f"# Mutants {what}",
        "",
        f"| file | mutants | {' | '.join(outcomes)} |",
        "|---|---|---|---|---|---|",
    ]
    for name, group in groupby(results, lambda result: result.file):
        counts = Counter(result.outcome for result in group)
        lines.append(
            f"| {name} | {counts.total()} | {' | '.join(str(counts[outcome]) for outcome in outcomes)} |"
        )
    for result in results:
        if not result.is_detected:
            place = f"{result.file}:{result.mutant.line}"
            lines += ["", f"{place} {result.outcome}", "```diff", result.mutant.diff, "```"]
    (project.root / REPORT_FILE).write_text("\n".join(lines) + "\n", encoding="utf-8")
