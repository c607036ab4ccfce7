"""What a new library needs: several gates meet a part of it, and each of them names all parts."""

from gates.repo.lockfiles import FOLDER, LOCK
from gates.rulebook import PATH


def steps_to_add(lock: str, *, name: str = "NAME", layer: str = "LAYER") -> str:
    """Return what a library needs that a lock brings in and that, in production, a layer imports."""
    block, quoted = f"[stack] {lock}", f"`+stack.{lock} {name}`"
    if lock == "runtime":
        block += f" and [layers.{layer}] libraries"
        quoted += f" and `+layers.{layer}.libraries IMPORT`"
    return (
        f"a new library needs, in one change: its name in {FOLDER}/{lock}.in, the locks ({LOCK}), "
        f"{block} in {PATH}, and a decision in docs/decisions/ that quotes {quoted}"
    )
