"""Code blocks of pages that tests execute."""

import re
from pathlib import Path
from typing import NamedTuple

FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


class Block(NamedTuple):
    """A code block: its language and its text."""

    kind: str
    text: str


def read_blocks(page: Path) -> list[Block]:
    """Return the code blocks of a page in their order."""
    return [Block(*match) for match in FENCE.findall(page.read_text(encoding="utf-8"))]
