"""Everything about a change that its reviewer needs, each part with its data or why they are missing."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from gates.model import Project
from gates.repo.git import Base, changed_paths, merge_base
from gates.report.gate_states import GateState, Verdict, verdict_of
from gates.report.new_code import NewCode, new_code
from gates.report.pull_request.changed_files import LayerFiles, changed_files
from gates.report.pull_request.contract_changes import ContractChanges, contract_changes
from gates.report.pull_request.dependency_changes import DependencyChange, dependency_changes
from gates.report.pull_request.revision_costs import RevisionCost, known_costs
from gates.report.runs import current_tree, load_runs
from gates.report.section import Section, section
from gates.testing.durations.summary import Duration, summarize

MUTANTS = "mutants"
"""The gate that tries the tests of the change."""


@dataclass(frozen=True, kw_only=True)
class PullRequest:
    """The parts of the summary. `tests` are the slowest in files that the change edits."""

    base: Section[Base]
    verdict: Verdict
    coverage: Section[NewCode]
    contract: Section[ContractChanges]
    revisions: Section[list[RevisionCost]]
    dependencies: Section[list[DependencyChange]]
    files: Section[list[LayerFiles]]
    tests: Section[list[Duration]]

    @property
    def is_empty(self) -> bool:
        """True when the base is known and no file differs from it."""
        return self.files.data == []

    @property
    def mutants(self) -> GateState | None:
        """The newest mutation test, None when there was none."""
        return next((state for state in self.verdict.states if state.gate == MUTANTS), None)


def collect(
    project: Project, costs: Callable[[Project], Sequence[RevisionCost]] = known_costs
) -> PullRequest:
    """Return the facts. `costs` returns the new revisions; by default nothing is measured."""
    return PullRequest(
        base=section(lambda: merge_base(project)),
        verdict=verdict_of(project, load_runs(project), current_tree(project)),
        coverage=section(lambda: new_code(project)),
        contract=section(lambda: contract_changes(project)),
        revisions=section(lambda: list(costs(project))),
        dependencies=section(lambda: dependency_changes(project)),
        files=section(lambda: changed_files(project)),
        tests=section(lambda: _changed_tests(project)),
    )


def _changed_tests(project: Project) -> list[Duration]:
    return summarize(project, changed_paths(project, merge_base(project)))["changed_tests"]
