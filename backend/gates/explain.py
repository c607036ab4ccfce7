"""Explanations of gates: their documentation, and examples from the cases that they are tested with."""

import re
from collections.abc import Sequence
from importlib import import_module

from gates.model import GateError, Project
from gates.registry import CHECKS
from gates.repo.process import executable, run

PARTS = ("Why:", "Refuses:", "Instead:", "Exceptions:")
"""The parts of every gate's documentation."""
EXAMPLES = "tests.gates.cases.examples"
"""Tests are not a dependency of the gates: only this command imports them."""
LINT_RULE = re.compile(r"[A-Z]+\d{3,4}")


def explain(project: Project) -> str:
    """Return explanations of the rules, gates, sessions and linter's codes in the arguments.

    Raises GateError when a word is none of them.
    """
    words = [word.strip("[]`,") for word in project.arguments]
    codes = [word for word in words if LINT_RULE.fullmatch(word)]
    gates = named(project, [word for word in words if word not in codes])
    explained = [_lint_rule(project, code) for code in codes]
    return "\n".join([*explained, *(explanation(project, gate) for gate in gates)])


def named(project: Project, words: Sequence[str]) -> list[str]:
    """Return the gates that words name. A finding names rule and gate: that is the gate alone.

    Raises GateError when a word is not a rule, a gate or a session.
    """
    known = {number: list(rule["gates"]) for number, rule in project.rulebook["rules"].items()}
    known |= project.rulebook["sessions"] | {gate: [gate] for gate in CHECKS}
    for word in words:
        if word not in known:
            raise GateError(f"{word} is not a rule, a gate or a session. Name one of {', '.join(known)}.")
    gates = [word for word in words if word in CHECKS]
    return gates or list(dict.fromkeys(gate for word in words for gate in known[word]))


def documentation(gate: str) -> str:
    """Return a gate's documentation: its function's, or its module's where the module has one gate."""
    texts = CHECKS[gate].docstrings()
    return next((text for text in texts if PARTS[0] in text), texts[0])


def explanation(project: Project, gate: str) -> str:
    """Return a gate's name, rule, session and documentation, a refused change and an accepted one."""
    session = f"Run it with: ./noxw -s {project.rulebook.session_of(gate)}"
    examples: Sequence[str] = [*import_module(EXAMPLES).examples(gate)]
    return "\n\n".join([f"{gate}\n{'=' * len(gate)}\n{session}", documentation(gate), *examples]) + "\n"


def _lint_rule(project: Project, code: str) -> str:
    """Return what ruff says about one of its rules. Raises GateError."""
    result = run(project.backend, executable("ruff"), "rule", code)
    if result.returncode:
        raise GateError(f"{code} is not a rule of ruff. Copy the code from the finding.")
    return result.stdout
