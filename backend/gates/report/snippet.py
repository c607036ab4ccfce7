"""The source around a finding, made safe to print: the change under test is not trusted."""

import re
from collections.abc import Iterable

from gates.model import Finding, Project

# Control characters (not tab and newline), other ends of lines, marks that turn text round, lone surrogates.
CONTROL_CHARACTERS = re.compile(
    r"[\0-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]"
)
CONTEXT_LINES = 2  # before and after the finding
MAX_LINE_WIDTH = 200

Lines = list[tuple[int, str]]
"""Numbers and texts of lines that follow each other."""


def escape_control_characters(text: str) -> str:
    """Return a text whose invisible characters are escapes: no name or message may steer a terminal."""
    return CONTROL_CHARACTERS.sub(lambda match: match[0].encode("unicode_escape").decode(), text)


def truncate(text: str, length: int) -> str:
    """Return the beginning of a text that is too long, and a sign that there was more."""
    return text if len(text) <= length else f"{text[:length]}…"


def source(project: Project, name: str) -> list[str]:
    """Return the lines of a file; none for a path outside of this project."""
    path = (project.root / name).resolve()
    if not path.is_relative_to(project.root.resolve()) or not path.is_file():
        return []
    text = path.read_text(encoding="utf-8", errors="replace")
    lines = text.replace("\r\n", "\n").split("\n")
    return [escape_control_characters(truncate(line, MAX_LINE_WIDTH)) for line in lines]


def excerpt(project: Project, finding: Finding, secret: Iterable[str]) -> Lines:
    """Return the lines around a finding; none of a file in which there is a secret."""
    if not finding.line or finding.file in secret:
        return []
    numbered = list(enumerate(source(project, finding.file), 1))
    return numbered[max(finding.line - 1 - CONTEXT_LINES, 0) : finding.line + CONTEXT_LINES]
