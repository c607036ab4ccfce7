"""Failed tests as findings, the same from pytest's events and from its report."""

import re

from gates.excerpt import clipped
from gates.model import Finding

LINES = 10  # of an assertion's message; the log has the rest
LONGEST = 1_000  # characters, likewise
PLACE = re.compile(r"^(\S+\.py:\d+): ", re.MULTILINE)
"""Where pytest's text of a failure says that a frame is; the last one raised the error."""


def failed_test(*, file: str, line: int | None, name: str, message: str, text: str) -> Finding:
    """Return the finding of a failed test.

    `file` is relative to backend/, `line` counts from 0, and `text` is what pytest prints of the failure.
    """
    lines = message.splitlines()[:LINES] or ["failed"]
    places = PLACE.findall(text)
    if places:
        lines.append(f"at backend/{places[-1]}")
    shown = clipped("\n".join(lines), LONGEST)
    return Finding(
        file=f"backend/{file}",
        line=(line or 0) + 1,
        message=f"{name}: {shown}",
        fix=f"./noxw -s tests -- {file}::{name}",
    )
