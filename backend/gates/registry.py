"""Every gate by the name that the rule book gives it. A gate's module is imported when the gate runs."""

from collections.abc import Mapping
from importlib import import_module
from operator import attrgetter

from gates.model import Check, Outcome, Project


def late(function: str) -> Check:
    """Return the gate `module:function`, which imports its module when it runs."""
    module, _, name = function.partition(":")

    def check(project: Project) -> Outcome:
        outcome: Outcome = attrgetter(name)(import_module(module))(project)
        return outcome

    return check


FUNCTIONS: Mapping[str, str] = {
    "format": "gates.lint.ruff:formatted",
    "lint": "gates.lint.ruff:linted",
    "secrets": "gates.lint.secrets:check",
    "workflows": "gates.lint.workflows:check",
    "vulnerabilities": "gates.audit.vulnerabilities:check",
    "types": "gates.lint.ruff:typed",
    "layers": "gates.architecture.layers:check",
    "imports": "gates.architecture.imports:check",
    "handlers": "gates.architecture.handlers:check",
    "stack": "gates.architecture.dependencies:check",
    "structure": "gates.architecture.structure:check",
    "exclusions": "gates.architecture.exclusions:check",
    "change-control": "gates.architecture.change_control:check",
    "openapi": "gates.contract.openapi:openapi",
    "routes": "gates.contract.openapi:routes",
    "migration-head": "gates.migrations.revisions:head",
    "migration-code": "gates.migrations.revision_code:code",
    "migration-drift": "gates.migrations.drift:drift",
    "migration-cycle": "gates.migrations.drift:cycle",
    "tests": "gates.testing.runs:check_tests",
    "tests-unit": "gates.testing.runs:check_unit_tests",
    "tests-affected": "gates.testing.affected:check",
    "coverage-global": "gates.coverage.thresholds:check_global",
    "coverage-critical": "gates.coverage.thresholds:check_critical",
    "coverage-new": "gates.coverage.new:check",
    "coverage-trend": "gates.coverage.trend:check",
    "mutants": "gates.mutation.check:check",
}

CHECKS: Mapping[str, Check] = {gate: late(function) for gate, function in FUNCTIONS.items()}
