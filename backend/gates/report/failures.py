"""Failed tests as findings, the same from pytest's events and from its report."""

import re
import shlex

from gates.model import Finding
from gates.report.snippet import truncate

MAX_MESSAGE_LINES = 10  # the log has the rest
MAX_MESSAGE_LENGTH = 1_000
MAX_TEXT_LENGTH = 10_000  # as events have it: both sources name the same line
FRAME_LOCATION = re.compile(r"^(\S+\.py):(\d+): ", re.MULTILINE)
"""The location of a frame in pytest's text of a failure; the last frame raised the error."""


def test_of(finding: Finding) -> str:
    """Return what pytest takes to run the failed test of a finding again."""
    return shlex.split(finding.fix)[-1]


def failed_test(*, node: str, file: str, line: int | None, name: str, message: str, text: str) -> Finding:
    """Return the finding of a failed test, at the line of the test that fails, as far as it is known.

    `node` is what pytest takes to run it again, `file` is relative to backend/, `line` is where the test
    begins and counts from 0, and `text` is what pytest prints of the failure.
    """
    lines = message.splitlines()[:MAX_MESSAGE_LINES] or ["failed"]
    frames = [(path, int(number)) for path, number in FRAME_LOCATION.findall(text[-MAX_TEXT_LENGTH:])]
    here = next((frame for frame in reversed(frames) if frame[0] == file), (file, (line or 0) + 1))
    if frames and frames[-1] != here:
        lines.append(f"at backend/{frames[-1][0]}:{frames[-1][1]}")
    shown = truncate("\n".join(lines), MAX_MESSAGE_LENGTH)
    return Finding(
        file=f"backend/{file}",
        line=here[1],
        message=f"{name}: {shown}",
        fix=f"./noxw -s tests -- {shlex.quote(node)}",
    )
