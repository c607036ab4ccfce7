"""Every gate by the name that the rule book gives it."""

from collections.abc import Mapping
from importlib import import_module
from operator import attrgetter

from gates import (
    coverage,
    exclusions,
    handlers,
    imports,
    layers,
    new_code,
    stack,
    structure,
    testing,
    tools,
    touched,
    trend,
)
from gates.model import Check, Outcome, Project


def late(function: str) -> Check:
    """Return a gate that imports its module when it runs, for modules that take long: `module:function`."""
    module, _, name = function.partition(":")

    def check(project: Project) -> Outcome:
        outcome: Outcome = attrgetter(name)(import_module(module))(project)
        return outcome

    return check


CHECKS: Mapping[str, Check] = {
    "format": tools.formatted,
    "lint": tools.linted,
    "secrets": late("gates.secrets:check"),
    "workflows": late("gates.workflows:check"),
    "types": tools.typed,
    "layers": layers.check,
    "imports": imports.check,
    "handlers": handlers.check,
    "stack": stack.check,
    "structure": structure.check,
    "exclusions": exclusions.check,
    "change-control": late("gates.change_control:check"),
    "openapi": late("gates.contract:openapi"),
    "routes": late("gates.contract:routes"),
    "migration-head": late("gates.revisions:head"),
    "migration-code": late("gates.revision_code:code"),
    "migration-drift": late("gates.migrations:drift"),
    "migration-cycle": late("gates.migrations:cycle"),
    "tests": testing.tested,
    "tests-unit": testing.unit_tested,
    "tests-touched": touched.check,
    "coverage-global": coverage.everything,
    "coverage-critical": coverage.critical,
    "coverage-new": new_code.check,
    "coverage-trend": trend.check,
}
