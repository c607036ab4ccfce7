"""What somebody might try to merge: one entry a change, with the one gate that must refuse it.

Each module holds the changes of some rules; `test_corpus` makes a branch of each and runs every gate on it.
"""

from tests.gates.corpus import (
    automation,
    contract,
    handlers,
    innocent,
    layers,
    loosenings,
    schema,
    stack,
    structure,
    style,
    tested,
)

MODULES = (style, layers, handlers, stack, structure, loosenings, contract, schema, tested, automation)
ENTRIES = [entry for module in MODULES for entry in module.ENTRIES]
INNOCENT = innocent.ENTRIES
