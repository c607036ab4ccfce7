"""Coverage of everything and of each critical module, lines and branches apart, on exact counts."""

from collections.abc import Iterator, Mapping
from fnmatch import fnmatchcase

from gates.architecture.exclusions import is_excluded
from gates.coverage.data import (
    RUN_TESTS,
    Branch,
    Count,
    Coverage,
    CoverageByFile,
    load_current,
    measured_files,
    measured_folders,
    totals,
)
from gates.coverage.statements import Statements
from gates.model import Finding, Outcome, Project
from gates.repo import files, python
from gates.rulebook import PATH

MAX_FILES_SHOWN = 5


def check_global(project: Project) -> Outcome:
    """R13: coverage of all measured code, lines and branches apart.

    Why: Code that no test runs is found broken by users.
    Refuses: Less coverage than `[coverage] global` in the rule book, files without data, undeclared
        exclusions.
    Instead: Write tests for the files that the finding names.
    Exceptions: Declared in [[exclusions]], kind coverage.
    """
    measurement = load_current(project)
    lines, branches = totals(measurement.values())
    threshold = project.rulebook["coverage"]["global"]
    findings = [*unmeasured(project, measurement), *symbolic_links(project)]
    for name, file in measurement.items():
        findings += undeclared_exclusions(project, name, file)
    findings += below_threshold("", "all code", threshold, lines, branches, fix=_largest_gaps(measurement))
    parts = [f"{folder} {_lines_in(measurement, folder)}" for folder in measured_folders(project)]
    note = f"lines {lines}, branches {branches}; lines by folder: {', '.join(parts)}"
    return Outcome(findings=findings, checked=lines.total, note=note)


def check_critical(project: Project) -> Outcome:
    """R13: coverage of each critical module, lines and branches apart.

    Why: An average hides an untested module of the domain behind well-tested ones.
    Refuses: A module of `[coverage] critical-modules` with less coverage than `[coverage] critical`.
    Instead: Write tests for the lines and branches that the finding names.
    Exceptions: Declared in [[exclusions]], kind coverage.
    """
    measurement = load_current(project)
    threshold = project.rulebook["coverage"]["critical"]
    findings: list[Finding] = []
    modules: set[str] = set()
    for pattern in project.rulebook["coverage"]["critical-modules"]:
        found = {name for name in measured_files(project) if fnmatchcase(name, f"backend/{pattern}")}
        lines, _ = totals(measurement[name] for name in found & measurement.keys())
        if not lines.total:
            message = f"no measured code matches {pattern}: critical code moved out of its rule"
            line = project.rulebook.line_of(f'"{pattern}"')
            fix = "change the pattern to the place where the code is now"
            findings.append(Finding(file=PATH, line=line, message=message, fix=fix))
        modules |= found
    findings += unmeasured(project, measurement, modules)
    for name in sorted(modules & measurement.keys()):
        file = measurement[name]
        missing = [line_ranges(file.missing_lines), *map(branch_text, sorted(file.missing_branches))]
        fix = f"test {', '.join(missing)}"
        findings += below_threshold(name, "this module", threshold, file.lines, file.branches, fix=fix)
        findings += undeclared_exclusions(project, name, file)
    return Outcome(findings=findings, checked=len(modules), note=f"{len(modules)} modules")


def unmeasured(project: Project, measurement: CoverageByFile, names: set[str] | None = None) -> list[Finding]:
    """Return a finding for each file (of the given names) that the tests should measure but did not see."""
    expected = measured_files(project) if names is None else sorted(names)
    message = "the tests did not measure this file: all of it counts as untested"
    fix = f"remove what hides it from coverage (omit, a missing source folder), then {RUN_TESTS}"
    unseen = (name for name in expected if name not in measurement)
    return [
        Finding(file=n, message=message, fix=fix) for n in unseen if not is_excluded(project, "coverage", n)
    ]


def symbolic_links(project: Project) -> list[Finding]:
    """Return a finding for each symbolic link in the measured folders: coverage follows it out of sight."""
    message = "code behind a symbolic link is measured under another name, or not at all"
    names = files.files(project, *(f"{folder}/*" for folder in measured_folders(project)))
    found = (name for name in names if (project.root / name).is_symlink())
    return [Finding(file=name, message=message, fix="replace the link with the file") for name in found]


def undeclared_exclusions(project: Project, name: str, file: Coverage) -> Iterator[Finding]:
    """Yield a finding when coverage left lines of a file out that the rule book does not declare."""
    if not file.excluded_lines or is_excluded(project, "coverage", name):
        return
    statements = Statements((project.root / name).read_bytes(), python.parse_file(project, name))
    hidden = (file.excluded_lines & statements.code_lines()) - statements.excludable_lines()
    if hidden:
        message = f"{line_ranges(hidden)} excluded from coverage without being declared"
        fix = "test them and remove the exclusion, or declare it in [[exclusions]] with a decision"
        yield Finding(file=name, line=min(hidden), message=message, fix=fix)


def below_threshold(
    name: str, what: str, threshold: Mapping[str, int], lines: Count, branches: Count, *, fix: str
) -> Iterator[Finding]:
    """Yield a finding for lines and one for branches when they do not reach the threshold."""
    for kind, count in (("lines", lines), ("branches", branches)):
        if not count.reaches(threshold[kind]):
            least = f"{threshold[kind]} % is the least ({count.missing} of {count.total} are missing)"
            message = f"tests cover {count} of the {kind} of {what}, but {least}"
            yield Finding(file=name, message=message, fix=fix)


def line_ranges(lines: set[int] | frozenset[int]) -> str:
    """Return `line 3` or `lines 3-5, 9`."""
    starts = sorted(line for line in lines if line - 1 not in lines)
    ends = sorted(line for line in lines if line + 1 not in lines)
    parts = [f"{a}" if a == b else f"{a}-{b}" for a, b in zip(starts, ends, strict=True)]
    return f"{'line' if len(lines) == 1 else 'lines'} {', '.join(parts)}"


def branch_text(branch: Branch) -> str:
    """Return `3 → 5`, or `3 → exit` for a branch that leaves its function, class or module."""
    start, end = branch
    return f"{start} → {end if end > 0 else 'exit'}"


def _largest_gaps(measurement: CoverageByFile) -> str:
    worst = sorted(measurement, key=lambda name: -len(measurement[name].missing_lines))[:MAX_FILES_SHOWN]
    return f"most is missing in {', '.join(f'{name} ({measurement[name].lines})' for name in worst)}"


def _lines_in(measurement: CoverageByFile, folder: str) -> str:
    lines, _ = totals(file for name, file in measurement.items() if name.startswith(f"{folder}/"))
    return str(lines)
