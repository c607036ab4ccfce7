"""The command line of the gates."""

import sys
from pathlib import Path

from gates.commands import write_table
from gates.contract import publish
from gates.messages import show
from gates.model import GateError, Project
from gates.registry import CHECKS
from gates.rulebook import RuleBookError
from gates.runner import run_session, save
from gates.verdict import verdict

USAGE = "usage: python -m gates run SESSION [arguments of pytest] | verdict | table | openapi"


def main(arguments: list[str]) -> int:
    """Run the named gates; return 0 when they pass, 1 when they refuse, 2 when they cannot run."""
    root = Path(__file__).resolve().parents[2]
    try:
        match arguments:
            case ["run", session, *rest]:
                project = Project(root=root, arguments=rest)
                results = run_session(project, session, CHECKS)
                save(project, results)
                return 0 if show(project, results) else 1
            case ["verdict"]:
                return verdict(Project(root=root))
            case ["openapi"]:
                publish(Project(root=root))
                return 0
            case ["table"]:
                write_table(Project(root=root))
                return 0
    except (GateError, RuleBookError) as error:
        print(f"gates: {error}", file=sys.stderr)
        return 2
    print(USAGE, file=sys.stderr)
    return 2


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
