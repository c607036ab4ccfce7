"""The tests that a change affects, for the inner loop.

Why: All tests take minutes; most changes affect few of them.
Refuses: Failures of tests that executed or read something that changed since they passed. Where no results
    are remembered: failures of tests that import, directly or not, a module that the change edits.
Instead: Run one with `./noxw -s tests -- -k NAME`.
Exceptions: Skipped when nothing below `backend/` changed. `./noxw` runs all tests.
"""

import ast
from collections.abc import Iterator
from pathlib import PurePosixPath

from gates.model import Outcome, Project
from gates.repo.files import files
from gates.repo.git import changed_paths, merge_base
from gates.repo.modules import imported_modules, module_name
from gates.repo.python import parse_file
from gates.testing.result_cache.runs import CachedRun
from gates.testing.result_cache.selection import Selection
from gates.testing.result_cache.store import cache_folder
from gates.testing.runs import run_pytest
from gates.testing.workers import workers_for

UNIT_TESTS = "tests/unit"
PARALLEL_FROM_FILES = 8  # files from which on parallel workers are worth their start
MAX_FILES_SHOWN = 3


def check(project: Project) -> Outcome:
    """Changed tests pass, and those that depend on what changed, nearest first, until one fails."""
    base = merge_base(project)
    changed = {path for path in changed_paths(project, base) if path.startswith("backend/")}
    if not changed:
        return Outcome(skipped=f"nothing changed below backend/ since {base}")
    if folder := cache_folder():
        cached = CachedRun.of(project, folder)
        selection = cached.known(cached.select(), changed)
        if not selection.is_whole:
            return _run_known(cached, selection)
    return _run_importing(project, changed)


def _run_known(cached: CachedRun, selection: Selection) -> Outcome:
    """Run what has to run, and keep the results of what passes before a test fails."""
    outcome = Outcome(checked=len(selection.tests), note="0 tests")
    if selection.arguments:
        options = ["-x", "-p", "no:randomly", "-n", workers_for(cached.project, selection), *cached.options()]
        outcome = run_pytest(cached.project, [*options, cached.write_arguments(selection)])
        cached.keep(selection)
    return Outcome(findings=outcome.findings, checked=outcome.checked, note=selection.describe(outcome.note))


def _run_importing(project: Project, changed: set[str]) -> Outcome:
    """Run the tests that import changed modules.

    All unit tests run, too, when a changed file is not Python, or no test imports the changed modules.
    """
    selected = affected_tests(project, changed)
    if not selected or not all(path.endswith(".py") for path in changed):
        selected = [name for name in selected if not name.startswith(UNIT_TESTS)]
        selected.append(UNIT_TESTS)
    arguments = selected
    if len(selected) > PARALLEL_FROM_FILES:
        arguments = ["-n", "auto", *selected]
    outcome = run_pytest(project, arguments)
    rest = f" and {len(selected) - MAX_FILES_SHOWN} more" if len(selected) > MAX_FILES_SHOWN else ""
    note = f"{outcome.note} of {', '.join(selected[:MAX_FILES_SHOWN])}{rest}"
    return Outcome(findings=outcome.findings, checked=outcome.checked, note=note)


def affected_tests(project: Project, changed: set[str]) -> list[str]:
    """Return the test files, relative to backend/, that a change of the given files reaches.

    A changed file reaches what imports it. A changed conftest reaches all tests below its folder, while a
    module that a conftest imports reaches those that ask for one of its fixtures.
    """
    names = files(project, "backend/*.py")
    tests = [name for name in names if PurePosixPath(name).name.startswith("test_")]
    trees = {module_name(name): parse_file(project, name) for name in names}
    uses = {module: set(imported_modules(tree)) for module, tree in trees.items()}
    testing = {module: tree for module, tree in trees.items() if module.startswith("tests.")}
    shared = testing.keys() - {module_name(name) for name in tests}
    fixtures = [(name, module) for module in shared for name in _fixtures(testing[module])]
    for module, tree in testing.items():
        asked = {node.arg for node in ast.walk(tree) if isinstance(node, ast.arg)}
        uses[module] |= {home for name, home in fixtures if name in asked}
    folders = tuple(path.removesuffix("conftest.py") for path in changed if path.endswith("/conftest.py"))
    reached = {module_name(path) for path in changed if path.endswith(".py")}
    reached |= {module_name(path) for path in tests if path.startswith(folders)}
    while more := {module for module, used in uses.items() if used & reached} - reached:
        reached |= more
    return [name.removeprefix("backend/") for name in tests if module_name(name) in reached]


def _fixtures(tree: ast.Module) -> Iterator[str]:
    for node in tree.body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            decorators = (ast.unparse(decorator) for decorator in node.decorator_list)
            if any(decorator.startswith("pytest.fixture") for decorator in decorators):
                yield node.name
