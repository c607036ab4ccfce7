"""The gates that fail at the base of a change, as far as runs on its files are known."""

from collections.abc import Sequence
from dataclasses import dataclass

from gates.model import Finding, Project
from gates.repo.git import Base, merge_base
from gates.repo.tree import tree_of_commit
from gates.report.runs import Run
from gates.runner import Result


@dataclass(frozen=True, kw_only=True)
class BaseFailures:
    """The newest results of the gates that have run on the files of the base."""

    base: Base
    gates: Sequence[Result]

    @property
    def failed(self) -> list[Result]:
        """The results of the gates that failed."""
        return [result for result in self.gates if result.status == "failed"]

    @property
    def findings(self) -> list[Finding]:
        """The findings of the gates that failed."""
        return [finding for result in self.failed for finding in result.findings]


def base_failures(project: Project, runs: Sequence[Run]) -> BaseFailures:
    """Return the known results of the base. `runs` come newest first. Raises GateError without a base."""
    base = merge_base(project)
    tree = tree_of_commit(project, base.commit)
    gates: dict[str, Result] = {}
    for run in runs:
        if run.tree == tree and not run.arguments:
            gates = {result.gate: result for result in run.results} | gates
    return BaseFailures(base=base, gates=list(gates.values()))
