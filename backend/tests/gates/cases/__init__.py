"""Changes as a colleague might propose them, each with the one gate that must refuse it.

Each module holds the changes of some rules; `test_cases` makes a branch of each and runs every gate on it.
"""

from tests.gates.cases import (
    change_control,
    contract,
    dependencies,
    handlers,
    layers,
    lint,
    migrations,
    structure,
    testing,
    valid,
    workflows,
)

MODULES = (
    lint,
    layers,
    handlers,
    dependencies,
    structure,
    change_control,
    contract,
    migrations,
    testing,
    workflows,
)
INVALID_CASES = [case for module in MODULES for case in module.CASES]
VALID_CASES = valid.CASES
