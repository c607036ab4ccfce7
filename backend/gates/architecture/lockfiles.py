"""R05: the locks as text: exact versions with hashes, in the form and order in which `lock` writes them."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import zip_longest

from gates.model import Finding, Project
from gates.repo.files import text

FOLDER = "backend/requirements"
LOCKS = {"runtime": "production", "dev": "tests and tools", "nox": "noxw", "audit": "the audit"}
"""Who installs each."""
PIN = re.compile(r"([a-z0-9][a-z0-9-]*)==(\S+)( ; [^\\]+)? \\")
HASH = re.compile(r"    --hash=sha256:([0-9a-f]{64})( \\)?")
LOCK = "./noxw -s lock"


@dataclass(frozen=True, kw_only=True)
class Pin:
    """One version of a package. `marker` is "" when every environment installs it."""

    name: str
    version: str
    marker: str
    line: int
    hashes: Sequence[str]

    def lines(self) -> Iterator[str]:
        """Yield what uv writes for it."""
        yield f"{self.name}=={self.version}{f' ; {self.marker}' if self.marker else ''} \\"
        yield from (f"    --hash=sha256:{digest} \\" for digest in sorted({*self.hashes})[:-1])
        yield from (f"    --hash=sha256:{digest}" for digest in sorted({*self.hashes})[-1:])


def path_of(name: str) -> str:
    """Return the file of a lock."""
    return f"{FOLDER}/{name}.txt"


def pins(project: Project, name: str) -> list[Pin]:
    """Return the pins of a lock; lines that are neither a pin nor a hash are passed over."""
    return project.once(("pins", name), lambda: [*_pins(_lines(project, name))])


def malformed(project: Project, name: str) -> Iterator[Finding]:
    """Yield each line that no lock has; of a lock that has none, the first line that uv would not write."""
    lines = _lines(project, name)
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
            message = f"uv writes {_shown(expected)} here, the lock has {_shown(line)}: somebody edited it"
            yield Finding(file=path_of(name), line=number, message=message, fix=LOCK)
            return


def disagreeing(project: Project) -> Iterator[Finding]:
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


def _lines(project: Project, name: str) -> list[str]:
    path = path_of(name)
    return text(project, path).splitlines() if (project.root / path).exists() else []


def _pins(lines: Sequence[str]) -> Iterator[Pin]:
    starts = [number for number, line in enumerate(lines) if PIN.fullmatch(line)]
    for start, end in zip(starts, [*starts[1:], len(lines)], strict=False):
        name, version, marker = PIN.findall(lines[start])[0]
        hashes = [match[1] for match in map(HASH.fullmatch, lines[start + 1 : end]) if match]
        marker = marker.removeprefix(" ; ")
        yield Pin(name=name, version=version, marker=marker, line=start + 1, hashes=hashes)


def _shown(line: str | None) -> str:
    return "nothing" if line is None else repr(line.strip(" \\")[:60])
