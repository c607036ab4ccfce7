"""R13: the share of covered code never drops against the merge base.

Why: Coverage far above its threshold can fall for years without a finding.
Refuses: A smaller share of covered lines or branches than at the base, if more of them are uncovered than
    before.
Instead: Test the code that the change adds, or that lost its test.
Exceptions: Skipped on a developer's machine when not all tests of the base have run there; CI measures it.

A committed baseline could be edited. So the counts of a commit come from a passed run of all its tests on a
clean tree, and are kept under the name of that tree.
"""

import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from shutil import ignore_patterns

from gates.coverage.data import (
    DATA_FILE,
    EXIT_NO_TESTS,
    PLUGIN,
    Count,
    environment_for_pytest,
    load_current,
    load_report,
    measurement_options,
    own_plugin,
    totals,
    write_report,
)
from gates.model import Finding, GateError, Outcome, Project
from gates.repo.git import Base, changed_paths, git, merge_base, prefix
from gates.repo.process import PYTEST_OPTIONS
from gates.rulebook import PATH
from gates.testing.result_cache.runs import CachedRun
from gates.testing.result_cache.store import cache_folder
from gates.testing.workers import workers_for_all_tests

TEST_TIMEOUT_SECONDS = 1800
NO_FILTERS = {"core.attributesFile": "/dev/null"}  # such as those that a user has for large files
LOG_LINES_SHOWN = 20  # lines of the output of tests that fail

Totals = tuple[Count, Count]  # of lines, of branches


def check(project: Project) -> Outcome:
    """Neither lines nor branches are covered to a smaller share than before.

    Deleting covered code may lower the share: that is allowed while no more lines or branches are uncovered
    than before.
    """
    base = merge_base(project)
    if not any(path.startswith("backend/") for path in changed_paths(project, base)):
        return Outcome(skipped=f"nothing changed below backend/ since {base}")
    now = totals(load_current(project).values())
    known = _cached_totals(project, base.commit) or _remembered_totals(project, base)
    if known is None and not os.environ.get("CI"):
        return Outcome(skipped=f"left to CI: the tests of {base} have not all run here")
    before, how = (known, "known") if known else _measure_base(project, base)
    if not before[0].total:
        return Outcome(skipped=f"there is no measured code at {base}")
    kinds = list(zip(("lines", "branches"), before, now, strict=True))
    findings = [finding for kind, old, new in kinds for finding in _drop(kind, old, new)]
    note = ", ".join(f"{kind} {old} → {new}" for kind, old, new in kinds)
    return Outcome(findings=findings, checked=now[0].total, note=f"{note}; base {how}")


def store_totals(project: Project) -> None:
    """Store the counts of a full test run, for later changes on this tree.

    A tree with edits is not stored.
    """
    if _cache_path(project, "HEAD").exists():
        return
    if not git(project, "status", "--porcelain", "--untracked-files=all", "--", "backend").strip():
        _store(_cache_path(project, "HEAD"), totals(load_report(project).values()))


def _drop(kind: str, before: Count, now: Count) -> Iterator[Finding]:
    if now.is_lower_than(before) and now.missing > before.missing:
        was, is_now = (f"{count} ({count.missing} uncovered)" for count in (before, now))
        message = f"the change lowers the coverage of {kind} from {was} to {is_now}"
        fix = "test what the change adds or what lost its test; reports/new-code.html shows the new lines"
        yield Finding(file="", message=message, fix=fix)


def _cached_totals(project: Project, commit: str) -> Totals | None:
    place = _cache_path(project, commit)
    if not place.exists():
        return None
    lines, branches = json.loads(place.read_text())
    return Count(*lines), Count(*branches)


def _remembered_totals(project: Project, base: Base) -> Totals | None:
    """Return the counts at the base if the results of all its tests are remembered."""
    folder = cache_folder()
    if folder is None:
        return None
    with _checkout(project, base) as checkout:
        shutil.copytree(
            project.reports / "cache", checkout.reports / "cache", ignore=ignore_patterns("probes")
        )
        cached = CachedRun.of(checkout, folder)
        selection = cached.select()
        if selection.arguments or not selection.tests:
            return None
        cached.write_coverage(selection, {}, checkout.reports / DATA_FILE)
        counts = _totals_of(project, checkout)
    _store(_cache_path(project, base.commit), counts)
    return counts


def _measure_base(project: Project, base: Base) -> tuple[Totals, str]:
    """Return the counts at the base, and how long they took. Raises GateError when its tests fail."""
    start = time.monotonic()
    with _checkout(project, base) as checkout:
        _run_tests(project, checkout, base)
        counts = _totals_of(project, checkout)
    _store(_cache_path(project, base.commit), counts)
    return counts, f"measured in {time.monotonic() - start:.0f} s"


def _cache_path(project: Project, commit: str) -> Path:
    """Return where the counts of a tree are kept, for this Python, kind of server and choice of folders."""
    tree = git(project, "rev-parse", f"{commit}:./backend").strip()
    python = f"{sys.version_info.major}.{sys.version_info.minor}"
    server = "given" if os.environ.get("DATABASE_URL") else "embedded"
    folders = "-".join(project.rulebook["coverage"]["measured"])
    return project.reports / f"trend/{tree}-{python}-{server}-{folders}.json"


def _store(place: Path, counts: Totals) -> None:
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_text(json.dumps([[count.covered, count.total] for count in counts]))


@contextmanager
def _checkout(project: Project, base: Base) -> Iterator[Project]:
    """Yield the base in a git work tree that is removed afterwards."""
    with tempfile.TemporaryDirectory(prefix="pau2-base-") as folder:
        root = Path(folder).resolve() / "base"
        git(project, "worktree", "prune")  # leftovers of a killed run
        git(project, "worktree", "add", "--quiet", "--detach", str(root), base.commit, settings=NO_FILTERS)
        try:
            yield Project(root=root / prefix(project))
        finally:
            git(project, "worktree", "remove", "--force", str(root))


def _run_tests(project: Project, checkout: Project, base: Base) -> None:
    """Run the base's tests with the variables that the tests of the change have. Raises GateError."""
    command = [sys.executable, "-m", "pytest", *PYTEST_OPTIONS, "-q", "-n", workers_for_all_tests()]
    plugin = own_plugin(checkout) or PLUGIN
    log = checkout.reports / "base-tests.log"
    log.parent.mkdir(parents=True)
    try:
        with log.open("wb") as output:
            result = subprocess.run(
                [*command, *measurement_options(project, checkout.reports / DATA_FILE, plugin=plugin)],
                cwd=checkout.backend,
                env=environment_for_pytest(checkout),
                stdout=output,
                stderr=output,
                timeout=TEST_TIMEOUT_SECONDS,
                check=False,
            )
    except subprocess.TimeoutExpired:
        raise GateError(
            f"The tests of {base} take longer than {TEST_TIMEOUT_SECONDS} s: run them there."
        ) from None
    if result.returncode not in {0, EXIT_NO_TESTS}:
        last = "\n".join(log.read_text(encoding="utf-8", errors="replace").splitlines()[-LOG_LINES_SHOWN:])
        raise GateError(f"The tests of {base} fail, so its coverage is unknown: repair them there.\n{last}")


def _totals_of(project: Project, checkout: Project) -> Totals:
    """Count what today's rule book calls measured."""
    (checkout.root / PATH).parent.mkdir(parents=True, exist_ok=True)
    (checkout.root / PATH).write_text(project.rulebook.text, encoding="utf-8")
    write_report(checkout)
    return totals(load_report(checkout).values())
