"""Coverage as exact counts of lines and branches, valid only for the files that were tested.

`store` keeps the data of a passed run of all tests. `load_current` refuses them once the code of any file
below backend/ differs from the code that was tested.
"""

import ast
import hashlib
import json
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gates.model import GateError, Project
from gates.repo.cache import cached_per_file
from gates.repo.environment import for_tests
from gates.repo.files import content, files
from gates.repo.git import BASE_VARIABLE
from gates.repo.modules import module_name
from gates.repo.process import PYTHON_M, run
from gates.repo.python import parse_source
from gates.report.events import FOLDER_VARIABLE

RUN_TESTS = "run `./noxw -s tests`"
# The report has its own settings: pyproject.toml hides no file, and `pragma: no branch` means nothing.
DATA_FILE = "coverage/.coverage"
EXIT_NO_TESTS = 5  # pytest's exit code when it found none
REPORT_SETTINGS = """[run]
branch = true
relative_files = true
data_file = ../reports/coverage/.coverage
[report]
include_namespace_packages = true
partial_branches = (?!)
"""

GATES_ROOT = Path(__file__).parents[2]
PLUGIN = "gates.coverage.probes.plugin"

Branch = tuple[int, int]


def environment_for_pytest(project: Project) -> dict[str, str]:
    """Return the environment of a project's tests.

    A project without gates uses the pytest plugins of these.
    """
    search_path = {} if own_plugin(project) else {"PYTHONPATH": str(GATES_ROOT)}
    return for_tests(BASE_VARIABLE, FOLDER_VARIABLE) | search_path


def own_plugin(project: Project) -> str:
    """Return the name of the project's own plugin that measures; "" if it has none.

    A base may have it in another package than the change.
    """
    found = next(project.backend.glob("gates/**/probes/plugin.py"), None)
    return module_name(project.relative(found)) if found else ""


def measurement_options(project: Project, data: Path, *options: str, plugin: str = PLUGIN) -> list[str]:
    """Return pytest's options for measuring the project's code; `data` is where coverage.py's data go."""
    packages = [f"--measure={name}" for name in project.rulebook["coverage"]["measured"]]
    cache = project.reports / "cache/probes"
    places = [f"--measure-data={data}", f"--measure-cache={cache}"]
    return ["-p", plugin, *packages, *places, *options]


@dataclass(frozen=True)
class Count:
    """Covered and all things of a kind. Comparisons are exact: a rounded 95 % may be 94.996 %."""

    covered: int
    total: int

    @property
    def missing(self) -> int:
        """The number of things that are not covered."""
        return self.total - self.covered

    def reaches(self, percent: int) -> bool:
        """Return whether at least this percentage is covered. Without anything to cover, it always is."""
        return self.covered * 100 >= percent * self.total

    def is_lower_than(self, other: "Count") -> bool:
        """Return whether the covered share is smaller than that of another count."""
        return self.covered * other.total < other.covered * self.total

    def __str__(self) -> str:
        if not self.total:
            return "none"
        hundredths = self.covered * 10_000 // self.total
        return f"{hundredths // 100}.{hundredths % 100:02} %"


@dataclass(frozen=True, kw_only=True)
class Coverage:
    """The coverage of a file: lines, each the first of a statement, and branches from line to line.

    A branch that ends in a negative line leaves the function, class or module.
    """

    executed_lines: frozenset[int]
    missing_lines: frozenset[int]
    excluded_lines: frozenset[int]
    executed_branches: frozenset[Branch]
    missing_branches: frozenset[Branch]

    @classmethod
    def from_report(cls, report: Mapping[str, Any]) -> "Coverage":
        """Read a file's entry in coverage's JSON report."""
        return cls(
            executed_lines=frozenset(report["executed_lines"]),
            missing_lines=frozenset(report["missing_lines"]),
            excluded_lines=frozenset(report["excluded_lines"]),
            executed_branches=frozenset((start, end) for start, end in report["executed_branches"]),
            missing_branches=frozenset((start, end) for start, end in report["missing_branches"]),
        )

    @property
    def lines(self) -> Count:
        """The file's lines."""
        return Count(len(self.executed_lines), len(self.executed_lines) + len(self.missing_lines))

    @property
    def branches(self) -> Count:
        """The file's branches."""
        return Count(len(self.executed_branches), len(self.executed_branches) + len(self.missing_branches))

    def within(self, lines: set[int]) -> "Coverage":
        """Return the coverage of the given lines, and of branches that start from them."""
        return Coverage(
            executed_lines=self.executed_lines & lines,
            missing_lines=self.missing_lines & lines,
            excluded_lines=self.excluded_lines & lines,
            executed_branches=frozenset(branch for branch in self.executed_branches if branch[0] in lines),
            missing_branches=frozenset(branch for branch in self.missing_branches if branch[0] in lines),
        )


CoverageByFile = Mapping[str, Coverage]


def totals(files: Iterable[Coverage]) -> tuple[Count, Count]:
    """Return the counts of lines and of branches of all files together."""
    files = list(files)
    return _sum(file.lines for file in files), _sum(file.branches for file in files)


def measured_folders(project: Project) -> list[str]:
    """Return the folders whose Python files the tests have to measure, relative to the root."""
    return [f"backend/{folder}" for folder in project.rulebook["coverage"]["measured"]]


def measured_files(project: Project) -> list[str]:
    """Return the files that the tests have to measure, relative to the root."""
    return files(project, *(f"{folder}/*.py" for folder in measured_folders(project)))


def snapshot(project: Project) -> dict[str, str]:
    """Return a digest of each file below backend/: what a run of the tests depends on.

    A comment may change as long as the code stays on its lines, which is where coverage was counted.
    """
    names = [name for name in files(project, "backend/*") if (project.root / name).is_file()]
    return cached_per_file(project, names, _digest)


def _digest(project: Project, name: str) -> str:
    found = content(project, name)
    if name.endswith(".py"):
        with suppress(SyntaxError, ValueError):
            tree = parse_source(found)
            lines = [getattr(node, "lineno", 0) for node in ast.walk(tree)]
            found = f"{ast.dump(tree)}{lines}".encode("utf-8", "surrogatepass")
    return hashlib.sha256(found).hexdigest()


def store(project: Project, tested: Mapping[str, str]) -> None:
    """Keep the data of a passed run of all tests, together with the snapshot taken before it."""
    write_report(project)
    (project.reports / "coverage/stamp.json").write_text(json.dumps(tested))


def load_current(project: Project) -> CoverageByFile:
    """Return the coverage of each file that the tests have to measure, as far as they did.

    Raises GateError when there are no data or a file changed since the tests ran.
    """
    return project.memoize("current coverage", lambda: _load_current(project))


def _load_current(project: Project) -> CoverageByFile:
    stale = changed_since_tests(project)
    if stale is None:
        raise GateError(f"There are no coverage data of a full, passed test run: {RUN_TESTS}.")
    if stale:
        names = stale[0] + (f" and {len(stale) - 1} more" if len(stale) > 1 else "")
        raise GateError(f"The coverage data are old: {names} changed since the tests ran; {RUN_TESTS}.")
    return load_report(project)


def changed_since_tests(project: Project) -> list[str] | None:
    """Return the files that changed since all tests passed, None when no such run is known."""
    stamp = project.reports / "coverage/stamp.json"
    if not stamp.exists():
        return None
    tested = json.loads(stamp.read_text())
    now = snapshot(project)
    return sorted(name for name in tested | now if tested.get(name) != now.get(name))


def is_current(project: Project) -> bool:
    """Return whether the report is that of a passed run of all tests on these files."""
    report = project.reports / "coverage/coverage.json"
    return report.exists() and changed_since_tests(project) == []


def write_report(project: Project, kind: str = "json", name: str = "coverage.json") -> None:
    """Turn coverage's data into a report in reports/coverage/. Raises GateError with coverage's own words."""
    folder = project.reports / "coverage"
    settings = folder / "report.ini"
    settings.write_text(REPORT_SETTINGS)
    options = (f"--rcfile={settings}", "-o", str(folder / name))
    result = run(project.backend, *PYTHON_M, "coverage", kind, *options, env=for_tests())
    if result.returncode:
        raise GateError(f"coverage cannot report ({(result.stdout + result.stderr).strip()}): {RUN_TESTS}.")


def load_report(project: Project) -> CoverageByFile:
    """Return the files that have to be measured from coverage's JSON report, whatever its age.

    Raises GateError when it has no branches.
    """
    report = json.loads((project.reports / "coverage/coverage.json").read_text())
    if not report["meta"]["branch_coverage"]:
        raise GateError("The tests measured no branches: set `branch = true` in [tool.coverage.run].")
    entries = {f"backend/{name}": entry for name, entry in report["files"].items()}
    return {name: Coverage.from_report(entries[name]) for name in measured_files(project) if name in entries}


def _sum(counts: Iterable[Count]) -> Count:
    counts = list(counts)
    return Count(sum(count.covered for count in counts), sum(count.total for count in counts))
