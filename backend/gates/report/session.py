"""The process of a followed session: `python -m gates.report.session SESSION [arguments]`.

It is not part of the command line, because it shows nothing and need not load what shows things.
"""

import os
import sys
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from gates.model import Check, Outcome, Project
from gates.registry import CHECKS
from gates.report.events import FOLDER_VARIABLE, events_file, write_event
from gates.runner import Result, gates_of, run_gate, save, side_by_side

COMMIT = "commit"
"""The session of the commit hook."""
DECISIVE = {"push": "tests-unit"}
"""Gates that run first and alone: the others judge their output, and do not run when one refuses."""


def run_followed(project: Project, session: str, checks: Mapping[str, Check], folder: Path) -> int:
    """Run a session's gates, write their events to a folder, and save each result before its gate ends.

    Return 1 when a gate failed, else 0.
    """

    def run(name: str, checks: Mapping[str, Check] = checks) -> Result:
        events = events_file(folder, session, name)
        write_event(events, "started")
        seen = replace(project, events=events, staged=session == COMMIT)
        result = run_gate(seen, session, name, checks)
        save(project, [result])
        write_event(events, "ended")
        return result

    fast = DECISIVE.get(session, "")
    decisive = run(fast) if fast in gates_of(project, session) else None

    def run_rest(name: str) -> Result:
        if decisive is None:
            return run(name)
        if name == decisive.gate:
            return decisive
        if decisive.status == "failed":
            return run(name, {name: lambda _: Outcome(skipped=f"{decisive.gate} refused first")})
        return run(name)

    return 1 if any(result.status == "failed" for result in side_by_side(project, session, run_rest)) else 0


def main(arguments: list[str]) -> int:
    """Run the session that the arguments name, for the process that gave the folder; return the exit code."""
    session, *rest = arguments
    project = Project(root=Path(__file__).resolve().parents[3], arguments=rest)
    return run_followed(project, session, CHECKS, Path(os.environ[FOLDER_VARIABLE]))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
