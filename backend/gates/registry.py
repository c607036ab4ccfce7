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
    "format": late("gates.tools:formatted"),
    "lint": late("gates.tools:linted"),
    "secrets": late("gates.secrets:check"),
    "workflows": late("gates.workflows:check"),
    "vulnerabilities": late("gates.vulnerabilities:check"),
    "types": late("gates.tools:typed"),
    "layers": late("gates.layers:check"),
    "imports": late("gates.imports:check"),
    "handlers": late("gates.handlers:check"),
    "stack": late("gates.stack:check"),
    "structure": late("gates.structure:check"),
    "exclusions": late("gates.exclusions:check"),
    "change-control": late("gates.change_control:check"),
    "openapi": late("gates.contract:openapi"),
    "routes": late("gates.contract:routes"),
    "migration-head": late("gates.revisions:head"),
    "migration-code": late("gates.revision_code:code"),
    "migration-drift": late("gates.migrations:drift"),
    "migration-cycle": late("gates.migrations:cycle"),
    "tests": late("gates.testing:tested"),
    "tests-unit": late("gates.testing:unit_tested"),
    "tests-touched": late("gates.touched:check"),
    "coverage-global": late("gates.coverage:everything"),
    "coverage-critical": late("gates.coverage:critical"),
    "coverage-new": late("gates.new_code:check"),
    "coverage-trend": late("gates.trend:check"),
    "mutants": late("gates.mutants:check"),
}
