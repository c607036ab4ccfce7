"""R06: noxfile, registry, rule book and documents name the same sessions, gates and rules."""

import ast
import re
from collections.abc import Iterator
from pathlib import PurePosixPath

from gates.model import Finding, Project
from gates.repo.cache import cached_per_file
from gates.repo.files import files, text
from gates.repo.python import dotted_name, parse_file, walk
from gates.rulebook import PATH, RuleBook

NOXFILE = "noxfile.py"
README = "README.md"
REGISTRY = "backend/gates/registry.py"
CASE_FILES = "backend/tests/gates/*.py"
CASE_CLASS = "InvalidCase"
DOCUMENTS = (
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
NOX_CALL = re.compile(r"\b(?:noxw|nox) -s ([a-z][\w-]*(?: [a-z][\w-]*)*)")
README_ROW = re.compile(r"^\| `([a-z][\w-]*)` \|")
"""A row of the README's table of sessions. Names in capitals are explained in other tables."""
THRESHOLD = re.compile(r"(?i)(?=.*\b(coverage|covered|lines|branches)\b).*\d ?%")
"""A percentage in a line about coverage. No rule has another percentage."""
DECISIONS = "docs/decisions/"
TABLE_BLOCK = re.compile(r"(?<=<!-- gates -->\n).*?(?=<!-- /gates -->)", re.DOTALL)


def check_sessions(project: Project) -> Iterator[Finding]:
    """Yield the disagreements of the rule book, the noxfile, the registry and the documents."""
    yield from _check_sessions(project)
    yield from _check_gates(project)
    yield from _check_documents(project)
    if TABLE_BLOCK.findall(project.rulebook.text) != [table(project.rulebook, cases_by_gate(project))]:
        line = project.rulebook.line_of("<!-- gates -->")
        message = "the table of rules, gates and sessions is not what the block says"
        yield Finding(file=PATH, line=line, message=message, fix="./noxw -s fix")


def cases_by_gate(project: Project) -> set[tuple[str, str]]:
    """Return pairs of a gate and a test file that holds a change which the gate must refuse."""
    return project.memoize("cases by gate", lambda: _cases_by_gate(project))


def _cases_by_gate(project: Project) -> set[tuple[str, str]]:
    found = cached_per_file(project, files(project, CASE_FILES), _gates_with_cases)
    return {(gate, PurePosixPath(name).stem) for name, gates in found.items() for gate in gates}


def table(book: RuleBook, proved: set[tuple[str, str]]) -> str:
    """Return the table rule → gates → sessions → proofs, as it stands between the rule book's markers."""
    rows = ["| rule | summary | gates | sessions | cases |", "|---|---|---|---|---|"]
    for number, rule in book["rules"].items():
        run = [name for name, gates in book["sessions"].items() if set(gates) & set(rule["gates"])]
        tests = sorted({test for gate, test in proved if gate in rule["gates"]})
        cells = (f"`{'`, `'.join(names)}`" for names in (rule["gates"], run, tests))
        rows.append(f"| {number} | {rule['summary']} | {' | '.join(cells)} |")
    return "\n".join(rows) + "\n"


def write_table(project: Project) -> None:
    """Bring the rule book's table in line with its block."""
    written = TABLE_BLOCK.sub(
        lambda _: table(project.rulebook, cases_by_gate(project)), project.rulebook.text
    )
    (project.root / PATH).write_text(written, encoding="utf-8")


def _gates_with_cases(project: Project, name: str) -> list[str]:
    calls = (node for node in walk(parse_file(project, name)) if isinstance(node, ast.Call))
    words = (word for call in calls if dotted_name(call.func) == CASE_CLASS for word in call.keywords)
    return [ast.unparse(word.value).strip("'") for word in words if word.arg == "gate"]


def _check_sessions(project: Project) -> Iterator[Finding]:
    tree = parse_file(project, NOXFILE)
    found = {_session_name(f): f for f in tree.body if isinstance(f, ast.FunctionDef) and _session_name(f)}
    with_gates = project.rulebook["sessions"]
    listed = project.rulebook["commands"]["other"]
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
    if sum(dotted_name(node) == "nox.session" for node in ast.walk(tree)) != len(found):
        yield _finding(NOXFILE, 0, "nox.session is used other than as the one decorator of a function")
    default = f"nox.options.sessions = {project.rulebook['default']['sessions']!r}"
    if default not in [ast.unparse(statement) for statement in tree.body]:
        yield _finding(NOXFILE, 0, f"does not say {default}, as [default] does")


def _session_name(function: ast.FunctionDef) -> str:
    """Return the session that a decorator makes of a function, "" for none."""
    for decorator in function.decorator_list:
        call = decorator if isinstance(decorator, ast.Call) else ast.Call(decorator, [], [])
        if dotted_name(call.func) == "nox.session":
            names = [ast.literal_eval(option.value) for option in call.keywords if option.arg == "name"]
            return str(names[0]) if names else function.name
    return ""


def _check_gates(project: Project) -> Iterator[Finding]:
    tables = (node for node in walk(parse_file(project, REGISTRY)) if isinstance(node, ast.Dict))
    registered = {str(key.value) for node in tables for key in node.keys if isinstance(key, ast.Constant)}
    sessions = project.rulebook["sessions"]
    run = {gate for gates in sessions.values() for gate in gates}
    default = project.rulebook["default"]
    judging = [*default["sessions"], *default.get("on-request", [])]
    judges = {gate for name in judging for gate in sessions.get(name, [])}
    for gate in sorted(registered - run):
        yield _finding(REGISTRY, 0, f"no session runs the gate {gate}")
    for gate in sorted(run - registered):
        yield _finding(PATH, project.rulebook.line_of(f'"{gate}"'), f"the registry has no gate {gate}")
    proved = {gate for gate, _ in cases_by_gate(project)}
    for number, rule in project.rulebook["rules"].items():
        line = project.rulebook.line_of(f"[rules.{number}]")
        for gate in rule["gates"]:
            if gate not in judges:
                message = f"no session of [default] runs {gate}, so {number} is not enforced"
                yield _finding(PATH, line, message)
            if gate not in proved:
                message = f"no {CASE_CLASS}(gate={gate!r}, …) in backend/tests/gates shows what it refuses"
                yield _finding(PATH, line, message)


def _check_documents(project: Project) -> Iterator[Finding]:
    known = {*project.rulebook["sessions"], *project.rulebook["commands"]["other"]}
    for name in files(project, *DOCUMENTS):
        most = 1 if name.endswith(".py") else None  # in a message, words of a sentence may follow the session
        for number, line in enumerate(text(project, name).splitlines(), 1):
            named = [word for match in NOX_CALL.finditer(line) for word in match[1].split()[:most]]
            if name == README:
                named += README_ROW.findall(line)
            for session in named:
                if session not in known:
                    yield _finding(name, number, f"names the session {session}, which does not exist")
            if name.endswith(".md") and not name.startswith(DECISIONS) and THRESHOLD.match(line):
                message = "it repeats a threshold of the rule book"
                yield Finding(
                    file=name, line=number, message=message, fix=f"remove the number: {PATH} has it"
                )
    for session in project.rulebook["default"]["sessions"]:
        if f"`{session}`" not in text(project, README):
            yield _finding(README, 0, f"does not say what the session {session} checks")


def _finding(file: str, line: int, message: str) -> Finding:
    return Finding(file=file, line=line, message=message, fix=f"change it or {PATH} so that they agree")
