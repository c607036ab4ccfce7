"""Every gate by the name that the rule book gives it."""

from collections.abc import Mapping

from gates import coverage, handlers, imports, layers, new_code, structure, testing, tools, touched, trend
from gates.model import Check

CHECKS: Mapping[str, Check] = {
    "format": tools.formatted,
    "lint": tools.linted,
    "types": tools.typed,
    "layers": layers.check,
    "imports": imports.check,
    "handlers": handlers.check,
    "structure": structure.check,
    "tests": testing.tested,
    "tests-unit": testing.unit_tested,
    "tests-touched": touched.check,
    "coverage-global": coverage.everything,
    "coverage-critical": coverage.critical,
    "coverage-new": new_code.check,
    "coverage-trend": trend.check,
}
