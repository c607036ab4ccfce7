"""R05: the locks as text: exact versions with hashes, in the form and order in which `lock` writes them."""

from collections.abc import Iterator
from itertools import zip_longest

from gates.model import Finding, Project
from gates.repo.lockfiles import HASH, LOCK, LOCKS, PIN, Pin, lock_lines, path_of, pins


def check_format(project: Project, name: str) -> Iterator[Finding]:
    """Yield each line that no lock has; of a lock that has none, the first line that uv would not write."""
    lines = lock_lines(project, name)
    strange = [
        (n, line) for n, line in enumerate(lines, 1) if not PIN.fullmatch(line) and not HASH.fullmatch(line)
    ]
    for number, line in strange:
        message = f"{line.strip()[:60]!r} is neither a pinned version nor its hash"
        yield Finding(file=path_of(name), line=number, message=message, fix=LOCK)
    ordered = sorted(pins(project, name), key=lambda pin: (pin.name, pin.version))
    written = [line for pin in ordered for line in pin.lines()]
    bare = [pin for pin in ordered if not pin.hashes]
    for pin in bare:
        message = f"{pin.name} has no hash, so anything may be installed under its name"
        yield Finding(file=path_of(name), line=pin.line, message=message, fix=LOCK)
    if strange or bare:
        return
    for number, (line, expected) in enumerate(zip_longest(lines, written), 1):
        if line != expected:
            message = f"uv writes {_shown(expected)} here, the lock has {_shown(line)}: it was edited by hand"
            yield Finding(file=path_of(name), line=number, message=message, fix=LOCK)
            return


def check_agreement(project: Project) -> Iterator[Finding]:
    """Yield pins that differ between locks: other hashes of a version, other versions than in production."""
    known: dict[tuple[str, str], tuple[str, Pin]] = {}
    for name in LOCKS:
        for pin in pins(project, name):
            other, first = known.setdefault((pin.name, pin.version), (name, pin))
            if {*pin.hashes} != {*first.hashes}:
                message = f"{pin.name} {pin.version} has other hashes than in {path_of(other)}"
                yield Finding(file=path_of(name), line=pin.line, message=message, fix=LOCK)
    tested = {pin.name: pin.version for pin in pins(project, "dev")}
    for pin in pins(project, "runtime"):
        if tested.get(pin.name) != pin.version:
            message = f"{pin.name} is {pin.version} in production but not here, so tests say nothing about it"
            yield Finding(file=path_of("dev"), message=message, fix=LOCK)


def _shown(line: str | None) -> str:
    return "nothing" if line is None else repr(line.strip(" \\")[:60])
