"""The state of each gate for the current files, and the verdict."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from gates.model import Project
from gates.report.runs import Run
from gates.report.session import COMMIT
from gates.runner import Result

Conclusion = Literal["accepted", "refused", "unknown"]
CLOSING: dict[Conclusion, str] = {
    "accepted": "The change may be merged",
    "refused": "The change is refused",
    "unknown": "Not every gate has run on these files",
}


@dataclass(frozen=True, kw_only=True)
class GateState:
    """A gate and its newest result, with the run that it comes from.

    It is current when the gate saw the same files that are here now.
    """

    gate: str
    session: str
    required: bool
    result: Result | None = None
    run: Run | None = None
    is_current: bool = False

    @property
    def status(self) -> str:
        """The result in words: passed, failed, skipped, or not run."""
        return self.result.status if self.result else "not run"

    @property
    def command(self) -> str:
        """The command that runs the gate."""
        return f"./noxw -s {self.session}"

    @property
    def when(self) -> str:
        """The minute in UTC at which the gate ran; "" if it never did."""
        return self.run.started[:16].replace("T", " ") if self.run else ""


@dataclass(frozen=True)
class Verdict:
    """The states of the gates that a change must pass, and of others that have run."""

    states: Sequence[GateState]

    @property
    def required(self) -> list[GateState]:
        """The states of the gates that a change must pass."""
        return [state for state in self.states if state.required]

    @property
    def current(self) -> list[GateState]:
        """The states of the gates that saw the files as they are now."""
        return [state for state in self.states if state.is_current]

    @property
    def failed(self) -> list[GateState]:
        """The current states that failed."""
        return [state for state in self.current if state.status == "failed"]

    @property
    def stale(self) -> list[GateState]:
        """The required gates that ran, but on other files."""
        return [state for state in self.required if state.result and not state.is_current]

    @property
    def not_run(self) -> list[GateState]:
        """The required gates without any result."""
        return [state for state in self.required if not state.result]

    @property
    def missing_sessions(self) -> list[str]:
        """The sessions of the required gates without a current result, in the rule book's order."""
        return list(dict.fromkeys(state.session for state in self.required if not state.is_current))

    @property
    def conclusion(self) -> Conclusion:
        """Return `refused` if a current result failed, and `accepted` if all required results are current."""
        if any(state.required for state in self.failed):
            return "refused"
        return "unknown" if self.missing_sessions else "accepted"

    @property
    def closing(self) -> str:
        """The conclusion in words."""
        return CLOSING[self.conclusion]


def verdict_of(project: Project, runs: Sequence[Run], tree: str) -> Verdict:
    """Return the state of every gate. `runs` come newest first; `tree` identifies the files here now."""
    sessions = project.rulebook["sessions"]
    required = project.rulebook["default"]["sessions"]
    gates = {gate: session for session in required for gate in sessions[session]}
    others = (result.gate for run in runs for result in run.results if result.gate not in gates)
    found = [_state(gate, session, runs, tree, required=True) for gate, session in gates.items()]
    for gate in dict.fromkeys(others):
        session = project.rulebook.session_of(gate)
        found.append(_state(gate, session, runs, tree, required=False))
    return Verdict([state for state in found if state.required or state.result])


def _state(gate: str, session: str, runs: Iterable[Run], tree: str, *, required: bool) -> GateState:
    """Return the newest result of a gate; one of a part of the files or of the tests does not count."""
    for run in runs:
        if COMMIT in run.sessions or (run.arguments and required):
            continue
        for result in run.results:
            if result.gate == gate:
                return GateState(
                    gate=gate,
                    session=session,
                    required=required,
                    result=replace(result, session=session),
                    run=run,
                    is_current=run.tree == tree,
                )
    return GateState(gate=gate, session=session, required=required)
