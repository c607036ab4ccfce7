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


CHECKS: Mapping[str, Check] = {
    "format": late("gates.lint.ruff:formatted"),
    "lint": late("gates.lint.ruff:linted"),
    "secrets": late("gates.lint.secrets:check"),
    "workflows": late("gates.lint.workflows:check"),
    "vulnerabilities": late("gates.audit.vulnerabilities:check"),
    "types": late("gates.lint.ruff:typed"),
    "layers": late("gates.architecture.layers:check"),
    "imports": late("gates.architecture.imports:check"),
    "handlers": late("gates.architecture.handlers:check"),
    "stack": late("gates.architecture.dependencies:check"),
    "structure": late("gates.architecture.structure:check"),
    "exclusions": late("gates.architecture.exclusions:check"),
    "change-control": late("gates.architecture.change_control:check"),
    "openapi": late("gates.contract.openapi:openapi"),
    "routes": late("gates.contract.openapi:routes"),
    "migration-head": late("gates.migrations.revisions:head"),
    "migration-code": late("gates.migrations.revision_code:code"),
    "migration-drift": late("gates.migrations.drift:drift"),
    "migration-cycle": late("gates.migrations.drift:cycle"),
    "tests": late("gates.testing.runs:tested"),
    "tests-unit": late("gates.testing.runs:unit_tested"),
    "tests-touched": late("gates.testing.affected:check"),
    "coverage-global": late("gates.coverage.thresholds:everything"),
    "coverage-critical": late("gates.coverage.thresholds:critical"),
    "coverage-new": late("gates.coverage.new:check"),
    "coverage-trend": late("gates.coverage.trend:check"),
    "mutants": late("gates.mutation.check:check"),
}
