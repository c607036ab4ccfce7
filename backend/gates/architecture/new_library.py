"""The steps to add a library. Several gates find that one is missing, and each prints all of them."""

from gates.repo.lockfiles import FOLDER, LOCK
from gates.rulebook import PATH


def steps_to_add(lock: str, *, name: str = "NAME", layer: str = "LAYER") -> str:
    """Return the steps to add a library to a lock and, for production, to a layer that imports it."""
    block = f"[stack] {lock}"
    quoted = f"`+stack.{lock} {name}`"
    if lock == "runtime":
        block += f" and [layers.{layer}] libraries"
        quoted += f" and `+layers.{layer}.libraries IMPORT`"
    return (
        f"a new library needs, in one change: its name in {FOLDER}/{lock}.in, the locks ({LOCK}), "
        f"{block} in {PATH}, and a decision in docs/decisions/ that quotes {quoted}"
    )
