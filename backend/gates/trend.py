"""The share of covered code never drops against the commit that a change started from.

A committed baseline could be edited, so the gate measures that commit: it runs its tests in a work tree of
its own, which takes as long as the tests do, once for each base. A passed run of all tests on a clean tree
keeps its counts under the tree's name, so that a base that was tested on this machine is known already.
"""

import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from devtools.postgres import PostgresUnavailableError, server_url
from gates.changes import Base, changed_paths, git, merge_base
from gates.measurement import Count, environment, load, read, report, totals
from gates.model import Finding, GateError, Outcome, Project
from gates.rulebook import PATH

LONGEST = 1800  # seconds

Totals = tuple[Count, Count]  # of lines, of branches


def check(project: Project) -> Outcome:
    """Neither lines nor branches are covered to a smaller share than before.

    Deleting covered code may lower the share: that is allowed while no more lines or branches are uncovered
    than before.
    """
    base = merge_base(project)
    if not any(path.startswith("backend/") for path in changed_paths(project, base)):
        return Outcome(skipped=f"nothing changed below backend/ since {base}")
    now = totals(read(project).values())
    before, how = _at(project, base)
    if not before[0].total:
        return Outcome(skipped=f"the tests of {base} measure nothing")
    kinds = list(zip(("lines", "branches"), before, now, strict=True))
    findings = [finding for kind, old, new in kinds for finding in _drop(kind, old, new)]
    note = ", ".join(f"{kind} {old} → {new}" for kind, old, new in kinds)
    return Outcome(findings=findings, checked=now[0].total, note=f"{note}; base {how}")


def remember(project: Project) -> None:
    """Keep the counts of a full test run for the day when its tree is a base; one with edits has no name."""
    if not git(project, "status", "--porcelain", "--", "backend").strip():
        _keep(_place(project, "HEAD"), totals(load(project).values()))


def _drop(kind: str, before: Count, now: Count) -> Iterator[Finding]:
    if now.below(before) and now.missing > before.missing:
        was, is_now = (f"{count} ({count.missing} uncovered)" for count in (before, now))
        message = f"the change lowers the coverage of {kind} from {was} to {is_now}"
        fix = "test what the change adds or what lost its test; reports/new-code.html shows the new lines"
        yield Finding(file="", message=message, fix=fix)


def _at(project: Project, base: Base) -> tuple[Totals, str]:
    """Return the counts at the base, and how they came to be known."""
    place = _place(project, base.commit)
    if place.exists():
        lines, branches = json.loads(place.read_text())
        return (Count(*lines), Count(*branches)), "known"
    start = time.monotonic()
    with _checkout(project, base) as checkout:
        passed = _run_tests(project, checkout)
        counts = _counts(project, checkout)
    if passed:
        _keep(place, counts)
    seconds = f"{time.monotonic() - start:.0f} s"
    return counts, f"measured in {seconds}" if passed else f"measured in {seconds} by tests that fail there"


def _place(project: Project, commit: str) -> Path:
    """Return where the counts of a tree are kept: one tree, one Python, one choice of measured folders."""
    tree = git(project, "rev-parse", f"{commit}:./backend").strip()
    folders = "-".join(project.book["coverage"]["measured"])
    return project.reports / f"trend/{tree}-{sys.version_info.major}.{sys.version_info.minor}-{folders}.json"


def _keep(place: Path, counts: Totals) -> None:
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_text(json.dumps([[count.covered, count.total] for count in counts]))


@contextmanager
def _checkout(project: Project, base: Base) -> Iterator[Project]:
    """Yield the base in a git work tree that is removed afterwards."""
    with tempfile.TemporaryDirectory(prefix="pau2-base-") as folder:
        root = Path(folder).resolve() / "base"
        git(project, "worktree", "prune")  # what a killed run left
        git(project, "worktree", "add", "--quiet", "--detach", str(root), base.commit)
        try:
            yield Project(root=root)
        finally:
            git(project, "worktree", "remove", "--force", str(root))


def _run_tests(project: Project, checkout: Project) -> bool:
    """Run the base's tests with today's tools under coverage; return whether they pass."""
    (checkout.reports / "coverage").mkdir(parents=True)
    folders = [name for name in project.book["coverage"]["measured"] if (checkout.backend / name).is_dir()]
    options = ["-q", "-n", "auto", "--cov-report=", *(f"--cov={folder}" for folder in folders)]
    try:
        result = subprocess.run(
            [sys.executable, "-m", "pytest", *options],
            cwd=checkout.backend,
            env=environment() | {"DATABASE_URL": _server()},
            capture_output=True,
            timeout=LONGEST,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise GateError(f"The tests of the base take longer than {LONGEST} s: run them there.") from None
    return result.returncode == 0


def _counts(project: Project, checkout: Project) -> Totals:
    """Count what today's rule book calls measured; nothing when the base's tests left no data."""
    (checkout.root / PATH).parent.mkdir(parents=True, exist_ok=True)
    (checkout.root / PATH).write_text(project.book.text, encoding="utf-8")
    try:
        report(checkout)
        return totals(load(checkout).values())
    except GateError:
        return Count(0, 0), Count(0, 0)


def _server() -> str:
    """Return this project's PostgreSQL: the base's work tree would start its own and leave it behind."""
    try:
        return server_url()
    except PostgresUnavailableError as error:
        raise GateError(str(error)) from None
