"""R14: declared exclusions, and no others.

Why: Exclusions in comments and configurations accumulate, and nobody remembers their reasons.
Refuses: Comments such as `noqa`, `type: ignore` or `pragma: no cover`, ignores in tool configurations,
    hooks that deselect tests, and declarations that are not in use.
Instead: Change the code so that the rule holds.
Exceptions: An entry in [[exclusions]] with kind, path, rules and a reason, plus a decision.

The run of the tests shows what keeps a test from running.
"""

import ast
import io
import re
import tokenize
import tomllib
from collections.abc import Iterator
from fnmatch import fnmatchcase
from typing import Any, NamedTuple

from gates.model import Finding, Outcome, Project
from gates.repo.cache import cached_per_file
from gates.repo.files import files, text
from gates.repo.python import dotted_name, functions, parse_file, walk
from gates.rulebook import PATH

PYPROJECT = "backend/pyproject.toml"
CHECKED_BY_OTHER_GATES = ("dependencies", "secrets", "tests", "vulnerabilities")
KINDS = ("coverage", "lint", "types", *CHECKED_BY_OTHER_GATES)
COMMENTS = {
    "lint": (
        r"noqa|ruff:|flake8[:-]|fmt:|isort:|yapf:|pylint:|nosec|nosemgrep|squawk-ignore|zizmor: ?ignore"
        r"|hadolint +(?:global +)?ignore|shellcheck +disable"
    ),
    "types": r"type:\s*ignore|mypy:|pyright:|pyre-",
    "coverage": r"pragma[:\s]?\s*no\s*(?:cover|branch)",
    "secrets": r"pragma:\s*(?:white|allow)list|gitleaks:|ggignore",
}
DIRECTIVES = {
    kind: re.compile(rf"(?:#|--|//)\s*({words})", re.IGNORECASE) for kind, words in COMMENTS.items()
}
PYTEST_HOOK = re.compile(r"pytest_(?!plugins$)")
TYPE_CHECK_SWITCHES = re.compile(
    "MYPY | PY[23] | TYPE_CHECKING | no_type_check | sys[.](platform|version_info)", re.VERBOSE
)
"""Names by which mypy knows what it need not check; those of `sys` where something depends on them."""


class Exclusion(NamedTuple):
    """An exclusion of a tool's `rule` in `path`, a glob below backend/ ("**" matches everything)."""

    kind: str
    path: str
    rule: str


FoundExclusion = tuple[Exclusion, str, int]
"""An exclusion with the file and the line that make it."""


def check(project: Project) -> Outcome:
    """Compare both ways; CHECKED_BY_OTHER_GATES are compared by the gates that look for them."""
    found = [
        *_in_comments(project),
        *_in_configuration(project),
        *_unchecked_code(project),
        *_pytest_hooks(project),
    ]
    wanted = declared(project)
    findings = [*_malformed(project)]
    for exclusion, file, line in found:
        if exclusion not in wanted:
            message = f"an undeclared exclusion from {exclusion.kind} in {exclusion.path}: {exclusion.rule}"
            fix = f"remove it, or declare it in [[exclusions]] of {PATH} with a reason"
            findings.append(Finding(file=file, line=line, message=message, fix=fix))
    not_found = wanted - {exclusion for exclusion, _, _ in found} - declared(project, *CHECKED_BY_OTHER_GATES)
    findings += [unused(project, exclusion) for exclusion in sorted(not_found) if exclusion.kind in KINDS]
    return Outcome(findings=findings, checked=len(wanted) + 1, note=f"{len(wanted)} declared")


def declared(project: Project, *kinds: str) -> set[Exclusion]:
    """Return the exclusions of the rule book, one for each rule of an entry."""
    return {
        Exclusion(entry["kind"], entry["path"], rule)
        for entry in project.rulebook.block.get("exclusions", [])
        for rule in entry["rules"]
        if not kinds or entry["kind"] in kinds
    }


def applies(exclusion: Exclusion, file: str) -> bool:
    """Tell whether an exclusion's path means a file, given relative to the root."""
    return fnmatchcase(file, exclusion.path) or fnmatchcase(file, f"backend/{exclusion.path}")


def is_excluded(project: Project, kind: str, file: str) -> bool:
    """Tell whether the rule book declares that a file is out of sight of tools of a kind."""
    return any(applies(exclusion, file) for exclusion in declared(project, kind))


def unused(project: Project, exclusion: Exclusion) -> Finding:
    """Return the finding for a declaration that nothing needs."""
    message = f"{exclusion.kind} exclusion {exclusion.rule} of {exclusion.path} is declared but not in use"
    line = project.rulebook.line_of(f'path = "{exclusion.path}"')
    return Finding(file=PATH, line=line, message=message, fix="remove it from [[exclusions]]")


def _malformed(project: Project) -> Iterator[Finding]:
    for entry in project.rulebook.block.get("exclusions", []):
        line = project.rulebook.line_of(f'path = "{entry["path"]}"')
        if entry["kind"] not in KINDS:
            message = f"there are no exclusions from {entry['kind']!r}, only from {', '.join(KINDS)}"
            yield Finding(file=PATH, line=line, message=message, fix="change the rule in its own table")
        if not entry.get("reason", "").strip():
            message = f"the exclusion of {entry['path']} gives no reason"
            yield Finding(file=PATH, line=line, message=message, fix="add a reason")


def _in_comments(project: Project) -> Iterator[FoundExclusion]:
    for name in files(project):
        if name.endswith((".md", ".json", ".txt")) or (project.root / name).is_symlink():
            continue
        for number, line in _comment_lines(project, name):
            for kind, pattern in DIRECTIVES.items():
                for match in pattern.finditer(line):
                    yield Exclusion(kind, name.removeprefix("backend/"), match[1].lower()), name, number


def _comment_lines(project: Project, name: str) -> Iterator[tuple[int, str]]:
    """Yield where a comment may stand: every line, but of Python only the comments themselves."""
    if not name.endswith(".py"):
        source = (project.root / name).read_text(encoding="utf-8", errors="replace")
        yield from enumerate(source.splitlines(), 1)
    elif any(pattern.search(text(project, name)) for pattern in DIRECTIVES.values()):
        parse_file(project, name)
        for token in tokenize.generate_tokens(io.StringIO(text(project, name)).readline):
            if token.type == tokenize.COMMENT:
                yield token.start[0], token.string


def _in_configuration(project: Project) -> Iterator[FoundExclusion]:
    source = text(project, PYPROJECT)
    tools = tomllib.loads(source).get("tool", {})
    for name, reader in {"ruff": _ruff, "mypy": _mypy, "coverage": _coverage, "pytest": _pytest}.items():
        for exclusion in reader(tools.get(name, {})):
            key = exclusion.rule if exclusion.path == "**" else exclusion.path
            line = source[: max(source.find(f'"{key}"'), 0)].count("\n") + 1
            yield exclusion, PYPROJECT, line


def _ruff(config: dict[str, Any]) -> Iterator[Exclusion]:
    lint = config.get("lint", {})
    for key in ("per-file-ignores", "extend-per-file-ignores"):
        for path, rules in lint.get(key, {}).items():
            yield from (Exclusion("lint", path, rule) for rule in rules)
    for rule in [*lint.get("ignore", []), *lint.get("extend-ignore", [])]:
        yield Exclusion("lint", "**", rule)
    for table in (config, lint, config.get("format", {})):
        for path in [*table.get("exclude", []), *table.get("extend-exclude", [])]:
            yield Exclusion("lint", path, "all")


def _mypy(config: dict[str, Any]) -> Iterator[Exclusion]:
    for override in config.get("overrides", []):
        modules = override["module"]
        for module in modules if isinstance(modules, list) else [modules]:
            yield from (Exclusion("types", module, key) for key in override if key != "module")
    for path in [config["exclude"]] if isinstance(config.get("exclude"), str) else config.get("exclude", []):
        yield Exclusion("types", path, "all")
    yield from (Exclusion("types", "**", code) for code in config.get("disable_error_code", []))
    for key, value in config.items():
        if (key.startswith(("allow_", "ignore_")) and value) or (value is False) or key == "follow_imports":
            yield Exclusion("types", "**", key)
    if config.get("strict") is not True and "strict" not in config:
        yield Exclusion("types", "**", "strict")


def _coverage(config: dict[str, Any]) -> Iterator[Exclusion]:
    run = config.get("run", {})
    report = config.get("report", {})
    for path in [*run.get("omit", []), *report.get("omit", [])]:
        yield Exclusion("coverage", path, "all")
    for key in ("include", "exclude_lines", "exclude_also", "partial_branches", "partial_also"):
        for pattern in [*run.get(key, []), *report.get(key, [])]:
            yield Exclusion("coverage", "**", pattern)


def _pytest(config: dict[str, Any]) -> Iterator[Exclusion]:
    options = config.get("ini_options", config)
    for rule in [*options.get("norecursedirs", []), *options.get("filterwarnings", [])]:
        if rule != "error":
            yield Exclusion("tests", "**", rule)


def _unchecked_code(project: Project) -> Iterator[FoundExclusion]:
    for name in files(project, "*.py"):
        if not TYPE_CHECK_SWITCHES.search(text(project, name)):
            continue
        tree = parse_file(project, name)
        plain = {id(node.test) for node in walk(tree) if isinstance(node, ast.If) and not node.orelse}
        for node in walk(tree):
            word = _word(node)
            harmless = word == "TYPE_CHECKING" and (isinstance(node, ast.alias) or id(node) in plain)
            if TYPE_CHECK_SWITCHES.fullmatch(word) and not harmless:
                found = Exclusion("types", name.removeprefix("backend/"), word)
                yield found, name, getattr(node, "lineno", 0)


def _word(node: ast.AST) -> str:
    if isinstance(node, ast.Compare | ast.Call):
        inner = ast.walk(node.func if isinstance(node, ast.Call) else node)
        return next((name for name in map(dotted_name, inner) if TYPE_CHECK_SWITCHES.fullmatch(name)), "")
    return getattr(node, "id", "") or getattr(node, "attr", "") or getattr(node, "name", "") or ""


def _pytest_hooks(project: Project) -> Iterator[FoundExclusion]:
    """Yield hooks of pytest: they could change the meaning of a test's outcome."""
    for name, hooks in cached_per_file(project, files(project, "backend/tests/*.py"), _hooks_in).items():
        for line, hook in hooks:
            yield Exclusion("tests", name.removeprefix("backend/"), hook), name, line


def _hooks_in(project: Project, name: str) -> list[tuple[int, str]]:
    """Return the hooks that a file defines, assigns or imports."""
    tree = parse_file(project, name)
    bound = [(node.lineno, node.name) for node in functions(tree)]
    bound += [
        (n.lineno, n.id) for n in walk(tree) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)
    ]
    imports = (node for node in walk(tree) if isinstance(node, ast.ImportFrom))
    bound += [(node.lineno, alias.asname or alias.name) for node in imports for alias in node.names]
    return [(line, word) for line, word in bound if PYTEST_HOOK.match(word)]
