"""Every gate by the name that the rule book gives it. A gate's module is imported when the gate runs."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from importlib import import_module
from inspect import cleandoc

from gates.model import Check, Outcome, Project


@dataclass(frozen=True, kw_only=True)
class Inputs:
    """All that a gate's result depends on, apart from the rule book, the lock, Python, and variables.

    `code` and `files` are patterns of paths. Of code, everything that it imports counts, but no comment.
    `everything` stands for all files of the checkout, and `base` for the commit that the change starts from.
    With `server` the gate needs PostgreSQL. `outputs` are files in reports/ that it reads, or writes
    for the page.
    """

    code: tuple[str, ...] = ()
    files: tuple[str, ...] = ()
    everything: bool = False
    base: bool = False
    server: bool = False
    outputs: tuple[str, ...] = ()


EVERYTHING = Inputs(everything=True, base=True)
MEASURED = ("coverage/coverage.json", "coverage/stamp.json")
COVERAGE = replace(EVERYTHING, outputs=MEASURED)
NEW_CODE = replace(EVERYTHING, outputs=(*MEASURED, "new-code.html", "new-code.md"))
MUTANTS = replace(EVERYTHING, outputs=("mutants.md",))
APPLICATION = ("backend/app/*", "backend/alembic/*")
MIGRATIONS = ("backend/alembic/*",)


@dataclass(frozen=True)
class LazyGate:
    """The gate `module:function`, which imports its module when it runs.

    Without `inputs` the gate always runs.
    """

    path: str
    inputs: Inputs | None = None

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
    "format": LazyGate("gates.lint.ruff:check_format", EVERYTHING),
    "lint": LazyGate("gates.lint.ruff:check_lint", EVERYTHING),
    "secrets": LazyGate("gates.lint.secrets:check", EVERYTHING),
    "workflows": LazyGate("gates.lint.workflows:check", EVERYTHING),
    "vulnerabilities": LazyGate("gates.audit.vulnerabilities:check"),
    "types": LazyGate("gates.lint.mypy:check", EVERYTHING),
    "layers": LazyGate("gates.architecture.layers:check", EVERYTHING),
    "imports": LazyGate("gates.architecture.imports:check", EVERYTHING),
    "handlers": LazyGate("gates.architecture.handlers:check", EVERYTHING),
    "stack": LazyGate("gates.architecture.stack:check", EVERYTHING),
    "structure": LazyGate("gates.architecture.structure:check", EVERYTHING),
    "exclusions": LazyGate("gates.architecture.exclusions:check", EVERYTHING),
    "change-control": LazyGate("gates.architecture.change_control:check", EVERYTHING),
    "openapi": LazyGate(
        "gates.contract.openapi:check",
        Inputs(code=APPLICATION, files=("backend/openapi.json", "docs/decisions/*"), base=True),
    ),
    "routes": LazyGate(
        "gates.contract.routes:check",
        Inputs(code=(*APPLICATION, "backend/gates/contract/route_report.py"), outputs=("policy.json",)),
    ),
    "migration-head": LazyGate("gates.migrations.head:check", EVERYTHING),
    "migration-code": LazyGate("gates.migrations.revision_code:check", EVERYTHING),
    "migration-drift": LazyGate(
        "gates.migrations.drift:check",
        Inputs(code=MIGRATIONS, files=MIGRATIONS, server=True, outputs=("tables.json",)),
    ),
    "migration-cycle": LazyGate(
        "gates.migrations.cycle:check", Inputs(code=MIGRATIONS, files=MIGRATIONS, server=True)
    ),
    "tests": LazyGate("gates.testing.runs:check_tests"),
    "tests-unit": LazyGate("gates.testing.runs:check_unit_tests"),
    "tests-affected": LazyGate("gates.testing.affected:check"),
    "coverage-global": LazyGate("gates.coverage.thresholds:check_global", COVERAGE),
    "coverage-critical": LazyGate("gates.coverage.thresholds:check_critical", COVERAGE),
    "coverage-new": LazyGate("gates.coverage.new:check", NEW_CODE),
    "coverage-trend": LazyGate("gates.coverage.trend:check", COVERAGE),
    "mutants": LazyGate("gates.mutation.check:check", MUTANTS),
}
