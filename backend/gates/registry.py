"""Every gate by the name that the rule book gives it."""

from collections.abc import Mapping

from gates import coverage, handlers, imports, layers, new_code, testing, tools, trend
from gates.model import Check

CHECKS: Mapping[str, Check] = {
    "format": tools.formatted,
    "lint": tools.linted,
    "types": tools.typed,
    "layers": layers.check,
    "imports": imports.check,
    "handlers": handlers.check,
    "tests": testing.tested,
    "tests-unit": testing.unit_tested,
    "coverage-global": coverage.everything,
    "coverage-critical": coverage.critical,
    "coverage-new": new_code.check,
    "coverage-trend": trend.check,
}
