"""R07: what a change loosens, compared with the merge base, stands word for word in a decision that it adds.

The comparison is made on facts, `key value`, taken from the rule book, the tools' configuration, the hooks
and the workflows. Losing a fact loosens, except for the keys of GROWING, where gaining one does. Numbers have
a direction.
"""

import re
import tomllib
from collections.abc import Callable, Iterator

from gates import yamls
from gates.changes import changed_paths, content_at, git, merge_base
from gates.model import Finding, Outcome, Project
from gates.rulebook import PATH, RuleBook
from gates.sources import files

DECISIONS = "docs/decisions/"
DECISION = re.compile(rf"{DECISIONS}\d{{4}}-[a-z0-9-]+\.md")
PARTS = ("Context", "Decision", "Consequences")
GROWING = re.compile(
    r"stack\.(runtime|dev|nox)|layers\.|exclusions|migrations\.(imports|library-|squawk-)|routes\.|.*\.if$"
    r"|.*\.continue-on-error"
)
CHANGING = re.compile(
    r"tool\.(ruff\.lint\.(?!(extend-)?select$)|coverage\.|pytest\.ini_options\.(python_|addopts))|handlers\.state"
)
"""Where gaining a fact and losing one may both loosen: options that are not simply lists of rules."""
UNCOMPARED = re.compile(
    r"tree\.|rules\.\w+\.says|tool\..*(ignore|omit|exclude|line-length|cache|paths?$|_file)"
)
LOWER_IS_LOOSER, HIGHER_IS_LOOSER = "coverage.", ("budgets.", "migrations.lock-timeout")
HOOKS, OWNERS, WORKFLOWS = ".pre-commit-config.yaml", ".github/CODEOWNERS", ".github/workflows/"

Fact = tuple[str, str]
Reader = Callable[[str], Iterator[Fact]]


def check(project: Project) -> Outcome:
    """Every loosening is named in a decision that is new in this change."""
    base = merge_base(project)
    if content_at(project, base.commit, PATH) is None:
        return Outcome(skipped=f"there is no rule book at {base} to compare with")
    if not changed_paths(project, base):
        return Outcome(checked=1, note=f"nothing changed since {base}")
    decisions = _new_decisions(project, base.commit)
    findings, checked = [], 0
    for name in sorted({*files(project), *_files_at(project, base.commit)}):
        if reader := _reader(name):
            before = {*reader(content_at(project, base.commit, name) or "")}
            now = project.root / name
            after = {*reader(now.read_text(encoding="utf-8") if now.is_file() else "")}
            checked += len(before)
            findings += [
                _finding(project, name, fact)
                for fact in loosened(before, after)
                if not any(f"`{fact}`" in text for text in decisions)
            ]
    return Outcome(findings=findings, checked=checked, note=f"{checked} facts since {base}")


def loosened(before: set[Fact], after: set[Fact]) -> list[str]:
    """Return what was loosened as a decision has to quote it: `+key value`, `-key value`, `key old → new`."""
    old, new = dict(sorted(before)), dict(sorted(after))
    found = []
    for key, value in sorted(before - after):
        if key in new and (key, new[key]) not in before and _is_number(value) and _is_number(new[key]):
            found += [f"{key} {value} → {new[key]}"] if _is_looser(key, float(value), float(new[key])) else []
        elif CHANGING.match(key) or not GROWING.match(key):
            found.append(f"-{key} {value}")
    for key, value in sorted(after - before):
        grows = GROWING.match(key) or CHANGING.match(key)
        if grows and not (key in old and _is_number(value)):
            found.append(f"+{key} {value}")
    return found


def flatten(value: object, key: str = "") -> Iterator[Fact]:
    """Yield the facts of parsed TOML or YAML: a table's keys joined by dots, a list's items one by one."""
    if isinstance(value, dict):
        for name, item in value.items():
            yield from flatten(item, f"{key}.{name}" if key else str(name))
    elif isinstance(value, list):
        for item in value:
            yield from flatten(item, key)
    elif not UNCOMPARED.match(key):
        yield key, " ".join(str(value).split())


def _is_looser(key: str, before: float, after: float) -> bool:
    if key.startswith(LOWER_IS_LOOSER):
        return after < before
    return after > before or not key.startswith(HIGHER_IS_LOOSER)


def _is_number(value: str) -> bool:
    return re.fullmatch(r"\d+(\.\d+)?", value) is not None


def _reader(name: str) -> Reader | None:
    if name.startswith(WORKFLOWS):
        return lambda text: _workflow(name, text)
    readers: dict[str, Reader] = {
        PATH: _book,
        "backend/pyproject.toml": _tools,
        HOOKS: _hooks,
        OWNERS: _owners,
    }
    return readers.get(name)


def _book(text: str) -> Iterator[Fact]:
    block = dict(RuleBook.parse(text).block) if text else {}
    for entry in block.pop("exclusions", []):
        yield from (("exclusions", f"{entry['kind']} {entry['path']} {rule}") for rule in entry["rules"])
    yield from flatten(block)


def _tools(text: str) -> Iterator[Fact]:
    yield from flatten({"tool": tomllib.loads(text).get("tool", {})})


def _hooks(text: str) -> Iterator[Fact]:
    for repository in yamls.load(HOOKS, text).get("repos", []):
        for hook in repository["hooks"]:
            for key in ("entry", "stages", "always_run"):
                yield from flatten(hook.get(key, ""), f"hooks.{hook['id']}.{key}")


def _owners(text: str) -> Iterator[Fact]:
    lines = (line.split("#")[0].split() for line in text.splitlines())
    yield from (("codeowners", " ".join(line)) for line in lines if line)


def _workflow(name: str, text: str) -> Iterator[Fact]:
    """Yield triggers and environment, and what each job waits for, runs and lets pass; no pins, no titles."""
    workflow = yamls.load(name, text)
    yield from ((f"{name}.on", str(event)) for event in workflow.get("on", ()))
    yield from flatten(workflow.get("env", {}), f"{name}.env")
    for job, content in workflow.get("jobs", {}).items():
        yield f"{name}.jobs", str(job)
        for part in (content, *content.get("steps", [])):
            for word in ("needs", "strategy", "env", "run", "if", "continue-on-error"):
                yield from flatten(part.get(word, []), f"{name}.{job}.{word}")


def _files_at(project: Project, commit: str) -> list[str]:
    return git(project, "ls-tree", "-r", "-z", "--name-only", commit).split("\0")


def _new_decisions(project: Project, commit: str) -> list[str]:
    """Return the texts of complete decisions that the base does not have."""
    names = [name for name in files(project, f"{DECISIONS}*") if DECISION.fullmatch(name)]
    texts = [
        (project.root / name).read_text(encoding="utf-8")
        for name in names
        if content_at(project, commit, name) is None
    ]
    return [text for text in texts if all(part in text for part in PARTS)]


def _finding(project: Project, name: str, fact: str) -> Finding:
    key, _, value = fact.rpartition(" ")
    entry = f"{key.split(' ')[0].rpartition('.')[2]} = {value}"
    line = project.book.line_of(entry) or project.book.line_of(f'"{value}"')
    return Finding(
        file=name,
        line=line if name == PATH else 0,
        message=f"loosened without a decision: {fact}",
        fix=f"undo it, or add {DECISIONS}NNNN-slug.md ({', '.join(PARTS)}) that quotes `{fact}`",
    )
