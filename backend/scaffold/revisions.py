"""The revision that a new one follows, and the new one's identifier."""

import re
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from scaffold.errors import ScaffoldError

VERSIONS = "backend/alembic/versions"
_ID = re.compile(r'^revision: str = "(\w+)"', re.MULTILINE)
_PREVIOUS = re.compile(r'^down_revision: .* = "(\w+)"', re.MULTILINE)


@dataclass(frozen=True)
class Revision:
    """A revision to be written. Its identifier follows from its slug and its predecessor."""

    slug: str
    previous: str

    @property
    def id(self) -> str:
        return sha256(f"{self.previous} {self.slug}".encode()).hexdigest()[:12]


def next_revision(root: Path, slug: str) -> Revision:
    """Return a revision that follows the head. Raises ScaffoldError unless there is exactly one head."""
    texts = [file.read_text(encoding="utf-8") for file in sorted((root / VERSIONS).glob("*.py"))]
    followed = {name for text in texts for name in _PREVIOUS.findall(text)}
    heads = sorted({name for text in texts for name in _ID.findall(text)} - followed)
    if len(heads) != 1:
        raise ScaffoldError(
            f"The revisions have {len(heads)} heads ({', '.join(heads)}), and a new one follows exactly one. "
            "Run ./noxw -s migrations, which says how to put them into one chain."
        )
    return Revision(slug, heads[0])
