"""Every gate by the name that the rule book gives it. A gate's module is imported when the gate runs."""

from collections.abc import Mapping
from dataclasses import dataclass
from importlib import import_module
from inspect import cleandoc

from gates.model import Check, Outcome, Project


@dataclass(frozen=True)
class LazyGate:
    """The gate `module:function`, which imports its module when it runs."""

    path: str

    def __call__(self, project: Project) -> Outcome:
        return self._function()(project)

    def docstrings(self) -> tuple[str, str]:
        """Return the docstring of the function and that of its module, without indentation."""
        function = self._function()
        module = import_module(function.__module__)
        return cleandoc(function.__doc__ or ""), cleandoc(module.__doc__ or "")

    def _function(self) -> Check:
        module, _, name = self.path.partition(":")
        function: Check = getattr(import_module(module), name)
        return function


CHECKS: Mapping[str, LazyGate] = {
    "format": LazyGate("gates.lint.ruff:check_format"),
    "lint": LazyGate("gates.lint.ruff:check_lint"),
    "secrets": LazyGate("gates.lint.secrets:check"),
    "workflows": LazyGate("gates.lint.workflows:check"),
    "vulnerabilities": LazyGate("gates.audit.vulnerabilities:check"),
    "types": LazyGate("gates.lint.mypy:check"),
    "layers": LazyGate("gates.architecture.layers:check"),
    "imports": LazyGate("gates.architecture.imports:check"),
    "handlers": LazyGate("gates.architecture.handlers:check"),
    "stack": LazyGate("gates.architecture.stack:check"),
    "structure": LazyGate("gates.architecture.structure:check"),
    "exclusions": LazyGate("gates.architecture.exclusions:check"),
    "change-control": LazyGate("gates.architecture.change_control:check"),
    "openapi": LazyGate("gates.contract.openapi:check"),
    "routes": LazyGate("gates.contract.routes:check"),
    "migration-head": LazyGate("gates.migrations.head:check"),
    "migration-code": LazyGate("gates.migrations.revision_code:check"),
    "migration-drift": LazyGate("gates.migrations.drift:check"),
    "migration-cycle": LazyGate("gates.migrations.cycle:check"),
    "tests": LazyGate("gates.testing.runs:check_tests"),
    "tests-unit": LazyGate("gates.testing.runs:check_unit_tests"),
    "tests-affected": LazyGate("gates.testing.affected:check"),
    "coverage-global": LazyGate("gates.coverage.thresholds:check_global"),
    "coverage-critical": LazyGate("gates.coverage.thresholds:check_critical"),
    "coverage-new": LazyGate("gates.coverage.new:check"),
    "coverage-trend": LazyGate("gates.coverage.trend:check"),
    "mutants": LazyGate("gates.mutation.check:check"),
}
