"""Every gate by the name that the rule book gives it."""

from collections.abc import Mapping

from gates import imports, layers, tools
from gates.model import Check

CHECKS: Mapping[str, Check] = {
    "format": tools.formatted,
    "lint": tools.linted,
    "types": tools.typed,
    "layers": layers.check,
    "imports": imports.check,
    "tests": tools.tested,
    "tests-unit": tools.unit_tested,
}
