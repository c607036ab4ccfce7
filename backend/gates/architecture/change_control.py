"""R07: loosened rules, compared with the merge base, are quoted in a new decision.

Why: A rule that is loosened in passing protects nothing, and later nobody knows why.
Refuses: Lower thresholds, higher limits, removed rules, new exclusions, new dependencies, fewer tests, and
    edits of scripts that start the gates, unless a new page in docs/decisions/ quotes them.
Instead: Undo the change, or write `docs/decisions/NNNN-slug.md` with the quote that the finding prints.
Exceptions: None. Tightening a rule needs no decision.

Entries are compared, `key value`. Numbers have a direction. Losing an entry loosens, except for the keys of
LOOSENED_BY_ADDING, where gaining one does; for those of LOOSENED_BY_ANY_CHANGE either does, since a program
cannot tell.
"""

import re
from collections import Counter

from gates.architecture.policy_snapshot import DECISIONS, PolicyEntry, extractor_for
from gates.model import Finding, Outcome, Project
from gates.repo.cache import cached_per_file
from gates.repo.collected_tests import Test, iter_tests, tests_in_file
from gates.repo.files import files
from gates.repo.git import changed_paths, content_at, merge_base
from gates.repo.python import parse_source
from gates.rulebook import PATH

DECISION = re.compile(rf"{DECISIONS}\d{{4}}-[a-z0-9-]+\.md")
REQUIRED_SECTIONS = ("Context", "Decision", "Consequences")
LOOSENED_BY_ADDING = re.compile(
    r"""
    stack\.(runtime|dev|nox|audit|database)
    | layers\.
    | exclusions
    | mutation\.excluded
    | migrations\.(imports|library-|squawk-)
    | routes\.
    | handlers\.model-validators
    """,
    re.VERBOSE,
)
LOOSENED_BY_ANY_CHANGE = re.compile(
    r"tree$ | handlers\.state | rules\.\w+\.summary$ | tool\. | noxw | noxfile | \.", re.VERBOSE
)
MAY_GROW = re.compile(
    r"""
    tool\.
    ( ruff\.lint\.(extend-)?select
    | mypy\.(strict|packages|plugins|(enable|warn|disallow|extra)_\w+)
    | pydantic-mypy\.\w+
    | coverage\.run\.source
    | pytest\.ini_options\.(testpaths|filterwarnings|xfail_strict)
    )$
    | \..*\.needs$
    """,
    re.VERBOSE,
)
"""Exceptions from LOOSENED_BY_ANY_CHANGE: lists of rules, which may grow."""
LOWER_IS_LOOSER = ("coverage.", "mutation.", "tests.")
HIGHER_IS_LOOSER = ("budgets.", "migrations.lock-timeout")
JOB = re.compile(r".*\.ya?ml\.jobs\.[\w-]+\.")
TEST_FILE = re.compile(r"backend/tests/(\w+)/.*\.py")


def check(project: Project) -> Outcome:
    """Every loosening is named in a decision that is new in this change."""
    base = merge_base(project)
    if content_at(project, base.commit, PATH) is None:
        return Outcome(skipped=f"there is no rule book at {base} to compare with")
    changed = changed_paths(project, base)
    if not changed:
        return Outcome(checked=1, note=f"nothing changed since {base}")
    decisions = _new_decisions(project, base.commit, changed)
    before, after = _tests(project, base.commit, changed)
    found = [("backend/tests/", fact) for fact in loosened(before, after)]
    for name in sorted(changed):
        if read := extractor_for(name):
            now = project.root / name
            before = {*read(content_at(project, base.commit, name) or "")}
            after = {*read(now.read_text(encoding="utf-8") if now.is_file() else "")}
            found += [(name, fact) for fact in loosened(before, after)]
    findings = [
        _finding(project, name, fact)
        for name, fact in found
        if not any(f"`{fact}`" in text for text in decisions)
    ]
    note = f"{len(found)} loosened in {len(changed)} files since {base}"
    return Outcome(findings=findings, checked=len(changed), note=note)


def loosened(before: set[PolicyEntry], after: set[PolicyEntry]) -> list[str]:
    """Return the loosenings as a decision quotes them: `+key value`, `-key value`, `key old → new`."""
    old = dict(sorted(before))
    new = dict(sorted(after))
    found = []
    for key, value in sorted(before - after):
        if key in new and (key, new[key]) not in before and _is_number(value) and _is_number(new[key]):
            if _is_looser(key, float(value), float(new[key])):
                found.append(f"{key} {value} → {new[key]}")
        elif not LOOSENED_BY_ADDING.match(key):
            found.append(f"-{key} {value}")
    for key, value in sorted(after - before):
        job = JOB.match(key)
        added = not before or (job and not any(other.startswith(job[0]) for other in old))
        both = LOOSENED_BY_ANY_CHANGE.match(key) and not MAY_GROW.match(key)
        if (LOOSENED_BY_ADDING.match(key) or both) and not added and not (key in old and _is_number(value)):
            found.append(f"+{key} {value}")
    return found


def _is_looser(key: str, before: float, after: float) -> bool:
    if key.startswith(LOWER_IS_LOOSER):
        return after < before
    return after > before or not key.startswith(HIGHER_IS_LOOSER)


def _is_number(value: str) -> bool:
    return re.fullmatch(r"\d+(\.\d+)?", value) is not None


def _tests(project: Project, commit: str, changed: set[str]) -> tuple[set[PolicyEntry], set[PolicyEntry]]:
    """Return how many cases each kind of tests has, at the base and now."""
    then: Counter[str] = Counter()
    now: Counter[str] = Counter()
    for name, tests in cached_per_file(project, files(project, "backend/tests/*.py"), tests_in_file).items():
        if kind := TEST_FILE.fullmatch(name):
            now[kind[1]] += _cases(tests)
            then[kind[1]] += 0 if name in changed else _cases(tests)
    for name in changed:
        if (kind := TEST_FILE.fullmatch(name)) and (text := content_at(project, commit, name)):
            then[kind[1]] += _cases([*iter_tests(parse_source(text))])
    before = {(f"tests.{kind}", str(then[kind])) for kind in then}
    after = {(f"tests.{kind}", str(now[kind])) for kind in then}
    return before, after


def _cases(tests: list[Test]) -> int:
    return sum(cases for _, _, cases in tests)


def _new_decisions(project: Project, commit: str, changed: set[str]) -> list[str]:
    """Return the texts of complete decisions that the base does not have."""
    names = [name for name in files(project, f"{DECISIONS}*") if DECISION.fullmatch(name)]
    new = [name for name in names if name in changed and content_at(project, commit, name) is None]
    texts = [(project.root / name).read_text(encoding="utf-8") for name in new]
    return [text for text in texts if all(part in text for part in REQUIRED_SECTIONS)]


def _finding(project: Project, name: str, fact: str) -> Finding:
    line = project.rulebook.find_line(*fact.lstrip("+-").split(" ", 1)) if name == PATH else 0
    fix = f"undo it, or add {DECISIONS}NNNN-slug.md ({', '.join(REQUIRED_SECTIONS)}) that quotes `{fact}`"
    return Finding(file=name, line=line, message=f"loosened without a decision: {fact}", fix=fix)
