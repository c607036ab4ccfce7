"""R06: the repository is what the rule book lists: tree, sizes, versions, sessions and pages.

Why: Folders appeared that no gate read, pages named files and commands that were gone, and functions
    outgrew readers.
Refuses: Files outside [tree], unlisted packages, untracked code, second configurations, files, functions
    and names of tests over [budgets], other versions than [versions], unknown sessions, broken links,
    decisions without a date, changes of the contract without a change log entry.
Instead: List the place in [tree], split the file, correct the page, or run `./noxw -s fix` for generated
    tables.
Exceptions: None. Your own files belong in `.git/info/exclude`.
"""

from collections.abc import Iterator
from fnmatch import fnmatchcase
from pathlib import PurePosixPath

from gates.architecture.change_log import check_change_log
from gates.architecture.decisions import check_decisions
from gates.architecture.documents import check_documents
from gates.architecture.sessions import check_sessions
from gates.architecture.versions import check_versions
from gates.model import Finding, Outcome, Project
from gates.repo.cache import cached_per_file
from gates.repo.files import files, ignored, modes, text, tracked, unproven, untracked
from gates.repo.python import NOT_SOURCE, functions, parse_file
from gates.rulebook import PATH

SYMLINK_MODE = "120000"
SUBMODULE_MODE = "160000"
APPLICATION = ("backend", "app")
TESTS = "backend/tests/"
LISTED_DEPTHS = (3, 4)  # parts of the path of a layer, and of a package in a layer

Sizes = tuple[int, list[tuple[str, int, int]]]
"""A file's lines, and each function's name, line and length."""


def check(project: Project) -> Outcome:
    """The tree both ways, no stray code or configuration, sizes in budget, versions and commands agree."""
    names = [*tracked(project), *untracked(project)]
    checks = (_tree, _packages, _untracked_or_shadowing, _configurations, _sizes)
    findings = [finding for check in checks for finding in check(project, names)]
    findings += [*check_sessions(project), *check_versions(project)]
    findings += [*check_documents(project), *check_decisions(project), *check_change_log(project)]
    return Outcome(findings=findings, checked=len(names), note=f"{len(names)} files")


def _tree(project: Project, names: list[str]) -> Iterator[Finding]:
    listed = project.rulebook["tree"]
    folders = tuple(entry for entry in listed if entry.endswith("/"))
    existing = {*names} | {folder for folder in folders if any(name.startswith(folder) for name in names)}
    for entry in listed:
        if entry not in existing:
            message = f"[tree] lists {entry}, which does not exist"
            fix = "restore it, or remove it from [tree] in the same change"
            yield Finding(file=PATH, line=project.rulebook.line_of(f'"{entry}"'), message=message, fix=fix)
    for name in names:
        if name not in listed and not name.startswith(folders):
            message = f"{name} is not below anything that [tree] lists"
            fix = f"move it, or list its place in {PATH}; your own files go into .git/info/exclude"
            yield Finding(file=name, message=message, fix=fix)


def _packages(project: Project, names: list[str]) -> Iterator[Finding]:
    """Yield packages of the application that [tree] does not list."""
    found = {
        "/".join(parts[:depth]) + "/"
        for parts in (name.split("/") for name in names)
        for depth in LISTED_DEPTHS
        if tuple(parts[:2]) == APPLICATION and len(parts) > depth
    }
    for package in sorted(found - {*project.rulebook["tree"]}):
        message = f"the package {package} is not in [tree]"
        yield Finding(
            file=package, message=message, fix=f"list it in {PATH}, or use a package that is listed"
        )


def _untracked_or_shadowing(project: Project, _names: list[str]) -> Iterator[Finding]:
    """Code that works on this machine only, or that the other gates would not read."""
    for name in untracked(project):
        if name.startswith("backend/") and name.endswith(".py"):
            fix = f"git add {name}, or remove it"
            yield Finding(file=name, message="git does not track this file", fix=fix)
    for name in ignored(project, "backend/*.py"):
        if PurePosixPath(name).name.startswith(NOT_SOURCE):
            continue
        message = "git ignores this file, so it exists on this machine only"
        yield Finding(file=name, message=message, fix="rename it, or correct .gitignore")
    for name in files(project, "*.pyi"):
        if (project.root / name[:-1]).exists():
            message = "the type checker reads this instead of the code beside it"
            yield Finding(file=name, message=message, fix="annotate the code itself")
    for name, mode in modes(project).items():
        if mode in {SYMLINK_MODE, SUBMODULE_MODE}:
            message = "a link or submodule: gates read the files of this repository only"
            yield Finding(file=name, message=message, fix="replace it with the files themselves")


def _configurations(project: Project, names: list[str]) -> Iterator[Finding]:
    """One place configures the tools: a second one could switch rules off for a folder."""
    refused = project.rulebook["structure"]["forbidden-files"]
    for name in names:
        base = PurePosixPath(name).name
        if name not in project.rulebook["tree"] and any(fnmatchcase(base, pattern) for pattern in refused):
            message = f"a second configuration: {base} could switch rules off for a folder"
            yield Finding(file=name, message=message, fix="configure tools in backend/pyproject.toml alone")


def _sizes(project: Project, _names: list[str]) -> Iterator[Finding]:
    budgets = project.rulebook["budgets"]
    fix = "split it where one part can be understood without the other"
    names = unproven(project, "backend/*.py", "noxfile.py")
    for name, (lines, lengths) in cached_per_file(project, names, _sizes_of).items():
        limit = _file_limit(name, budgets)
        if lines > limit:
            message = f"{lines} lines, this file may have {limit}: {lines - limit} too many"
            yield Finding(file=name, message=message, fix=fix)
        for function, line, length in lengths:
            longest = budgets["function-lines"]
            if length > longest:
                excess = f"{length - longest} too many"
                message = f"{function} has {length} lines, a function may have {longest}: {excess}"
                yield Finding(file=name, line=line, message=message, fix=fix)
        if name.startswith(TESTS):
            yield from _long_test_names(name, lengths, budgets["test-name-characters"])


def _long_test_names(name: str, lengths: list[tuple[str, int, int]], longest: int) -> Iterator[Finding]:
    for function, line, _ in lengths:
        excess = len(function) - longest
        if function.startswith("test_") and excess > 0:
            message = f"{function} is a name of {len(function)} characters, "
            message += f"a test's may have {longest}: {excess} too many"
            fix = "name the outcome and its condition only; put the rest into a docstring"
            yield Finding(file=name, line=line, message=message, fix=fix)


def _file_limit(name: str, budgets: dict[str, int]) -> int:
    """Return how many lines a file may have."""
    if name == "backend/app/main.py":
        return budgets["main-lines"]
    if name == "noxfile.py":
        return budgets["noxfile-lines"]
    if name.startswith(TESTS):
        return budgets["test-file-lines"]
    return budgets["file-lines"]


def _sizes_of(project: Project, name: str) -> Sizes:
    tree = parse_file(project, name)
    lengths = [(f.name, f.lineno, (f.end_lineno or 0) - f.lineno + 1) for f in functions(tree)]
    return text(project, name).count("\n"), lengths
