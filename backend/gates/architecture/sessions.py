"""R06: noxfile, registry, rule book and documents name the same sessions, gates and rules."""

import ast
import re
from collections.abc import Iterator
from pathlib import PurePosixPath

from gates.model import Finding, Project
from gates.repo.cache import remembered
from gates.repo.files import dotted, files, nodes, parse, text
from gates.rulebook import PATH, RuleBook

NOXFILE, README = "noxfile.py", "README.md"
REGISTRY = "backend/gates/registry.py"
PROOFS, PROOF = "backend/tests/gates/*.py", "Violation"
READERS = (
    "*.md",
    ".ci/*",
    ".devcontainer/*",
    ".github/*",
    ".pre-commit-config.yaml",
    ".vscode/*",
    "backend/app/*.py",
    "backend/devtools/*.py",
    "backend/gates/*.py",
    "noxfile.py",
    "noxw",
)
"""Files that name sessions, also in the messages that people read."""
CALL = re.compile(r"\b(?:noxw|nox) -s ([a-z][\w-]*(?: [a-z][\w-]*)*)")
ROW = re.compile(r"^\| `([a-z][\w-]*)` \|")
"""A row of the README's table of sessions; what other tables explain is written in capitals."""
THRESHOLD = re.compile(r"(?i)(?=.*\b(coverage|covered|lines|branches)\b).*\d ?%")
"""A percentage in a line about coverage. No rule has another percentage."""
DECISIONS = "docs/decisions/"
TABLE = re.compile(r"(?<=<!-- gates -->\n).*?(?=<!-- /gates -->)", re.DOTALL)


def commands(project: Project) -> Iterator[Finding]:
    """Yield what the rule book, the noxfile, the registry and the documents do not agree on."""
    yield from _sessions(project)
    yield from _gates(project)
    yield from _readers(project)
    if TABLE.findall(project.book.text) != [table(project.book, proofs(project))]:
        line = project.book.line_of("<!-- gates -->")
        message = "the table of rules, gates and sessions is not what the block says"
        yield Finding(file=PATH, line=line, message=message, fix="./noxw -s fix")


def proofs(project: Project) -> set[tuple[str, str]]:
    """Return pairs of a gate and a test file that holds a change which the gate must refuse."""
    found = remembered(project, files(project, PROOFS), _proofs_in)
    return {(gate, PurePosixPath(name).stem) for name, gates in found.items() for gate in gates}


def table(book: RuleBook, proved: set[tuple[str, str]]) -> str:
    """Return the table rule → gates → sessions → proofs, as it stands between the rule book's markers."""
    rows = ["| rule | says | gates | sessions | proved by |", "|---|---|---|---|---|"]
    for number, rule in book["rules"].items():
        run = [name for name, gates in book["sessions"].items() if set(gates) & set(rule["gates"])]
        tests = sorted({test for gate, test in proved if gate in rule["gates"]})
        cells = (f"`{'`, `'.join(names)}`" for names in (rule["gates"], run, tests))
        rows.append(f"| {number} | {rule['says']} | {' | '.join(cells)} |")
    return "\n".join(rows) + "\n"


def write_table(project: Project) -> None:
    """Bring the rule book's table in line with its block."""
    written = TABLE.sub(lambda _: table(project.book, proofs(project)), project.book.text)
    (project.root / PATH).write_text(written, encoding="utf-8")


def _proofs_in(project: Project, name: str) -> list[str]:
    calls = (node for node in nodes(parse(project, name)) if isinstance(node, ast.Call))
    words = (word for call in calls if dotted(call.func) == PROOF for word in call.keywords)
    return [ast.unparse(word.value).strip("'") for word in words if word.arg == "gate"]


def _sessions(project: Project) -> Iterator[Finding]:
    tree = parse(project, NOXFILE)
    found = {_session_name(f): f for f in tree.body if isinstance(f, ast.FunctionDef) and _session_name(f)}
    with_gates, listed = project.book["sessions"], project.book["commands"]["other"]
    for name in sorted({*with_gates, *listed} - {*found}):
        yield _finding(NOXFILE, 0, f"the rule book lists the session {name}, the noxfile has none")
    for name, function in found.items():
        if name not in with_gates and name not in listed:
            yield _finding(NOXFILE, function.lineno, f"the session {name} is not in the rule book")
        if not ast.get_docstring(function):
            yield _finding(NOXFILE, function.lineno, f"the session {name} has no docstring for `nox -l`")
        if name in with_gates and [ast.unparse(line) for line in function.body[1:]] != ["gates(session)"]:
            message = f"the session {name} must do nothing but gates(session), or its gates may not run"
            yield _finding(NOXFILE, function.lineno, message)
    if sum(dotted(node) == "nox.session" for node in ast.walk(tree)) != len(found):
        yield _finding(NOXFILE, 0, "nox.session is used other than as the one decorator of a function")
    default = f"nox.options.sessions = {project.book['default']['sessions']!r}"
    if default not in [ast.unparse(statement) for statement in tree.body]:
        yield _finding(NOXFILE, 0, f"does not say {default}, as [default] does")


def _session_name(function: ast.FunctionDef) -> str:
    """Return the session that a decorator makes of a function, "" for none."""
    for decorator in function.decorator_list:
        call = decorator if isinstance(decorator, ast.Call) else ast.Call(decorator, [], [])
        if dotted(call.func) == "nox.session":
            names = [ast.literal_eval(option.value) for option in call.keywords if option.arg == "name"]
            return str(names[0]) if names else function.name
    return ""


def _gates(project: Project) -> Iterator[Finding]:
    tables = (node for node in nodes(parse(project, REGISTRY)) if isinstance(node, ast.Dict))
    registered = {str(key.value) for node in tables for key in node.keys if isinstance(key, ast.Constant)}
    sessions = project.book["sessions"]
    run = {gate for gates in sessions.values() for gate in gates}
    default = project.book["default"]
    judging = [*default["sessions"], *default.get("on-request", [])]
    judges = {gate for name in judging for gate in sessions.get(name, [])}
    for gate in sorted(registered - run):
        yield _finding(REGISTRY, 0, f"no session runs the gate {gate}")
    for gate in sorted(run - registered):
        yield _finding(PATH, project.book.line_of(f'"{gate}"'), f"the registry has no gate {gate}")
    proved = {gate for gate, _ in proofs(project)}
    for number, rule in project.book["rules"].items():
        line = project.book.line_of(f"[rules.{number}]")
        for gate in rule["gates"]:
            if gate not in judges:
                message = f"no session of [default] runs {gate}, so {number} is not enforced"
                yield _finding(PATH, line, message)
            if gate not in proved:
                message = f"no {PROOF}(gate={gate!r}, …) in backend/tests/gates shows what it refuses"
                yield _finding(PATH, line, message)


def _readers(project: Project) -> Iterator[Finding]:
    known = {*project.book["sessions"], *project.book["commands"]["other"]}
    for name in files(project, *READERS):
        most = 1 if name.endswith(".py") else None  # in a message, words of a sentence may follow the session
        for number, line in enumerate(text(project, name).splitlines(), 1):
            named = [word for match in CALL.finditer(line) for word in match[1].split()[:most]]
            named += ROW.findall(line) if name == README else []
            for session in named:
                if session not in known:
                    yield _finding(name, number, f"names the session {session}, which does not exist")
            if name.endswith(".md") and not name.startswith(DECISIONS) and THRESHOLD.match(line):
                message = "a threshold stands here, and will be wrong once the block's changes"
                yield Finding(file=name, line=number, message=message, fix=f"leave the number to {PATH}")
    for session in project.book["default"]["sessions"]:
        if f"`{session}`" not in text(project, README):
            yield _finding(README, 0, f"does not say what the session {session} checks")


def _finding(file: str, line: int, message: str) -> Finding:
    return Finding(file=file, line=line, message=message, fix=f"make it and {PATH} say the same")
