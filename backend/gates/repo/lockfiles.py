"""The locks: the versions and hashes that uv installs, in the form in which it writes them."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from gates.model import Project
from gates.repo.files import text

FOLDER = "backend/requirements"
LOCKS = {
    "runtime": "production",
    "dev": "tests and tools",
    "nox": "noxw",
    "audit": "the audit",
    "docs": "the documentation",
}
"""The environment of each lock."""
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
    return project.memoize(("pins", name), lambda: [*pins_in(lock_lines(project, name))])


def lock_lines(project: Project, name: str) -> list[str]:
    """Return the lines of a lock, none when it is missing."""
    path = path_of(name)
    return text(project, path).splitlines() if (project.root / path).exists() else []


def pins_in(lines: Sequence[str]) -> Iterator[Pin]:
    """Yield the pins in the lines of a lock."""
    starts = [number for number, line in enumerate(lines) if PIN.fullmatch(line)]
    for start, end in zip(starts, [*starts[1:], len(lines)], strict=False):
        name, version, marker = PIN.findall(lines[start])[0]
        hashes = [match[1] for match in map(HASH.fullmatch, lines[start + 1 : end]) if match]
        marker = marker.removeprefix(" ; ")
        yield Pin(name=name, version=version, marker=marker, line=start + 1, hashes=hashes)
