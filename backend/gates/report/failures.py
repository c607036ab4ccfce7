"""Failed tests as findings, the same from pytest's events and from its report."""

import re
import shlex

from gates.model import Finding
from gates.report.snippet import clipped

LINES = 10  # of an assertion's message; the log has the rest
LONGEST = 1_000  # characters, likewise
TAIL = 10_000  # characters of pytest's text that events have: both sources shall name the same line
PLACE = re.compile(r"^(\S+\.py):(\d+): ", re.MULTILINE)
"""Where pytest's text of a failure says that a frame is; the last one raised the error."""


def failed_test(*, node: str, file: str, line: int | None, name: str, message: str, text: str) -> Finding:
    """Return the finding of a failed test, at the line of the test that fails, as far as it is known.

    `node` is what pytest takes to run it again, `file` is relative to backend/, `line` is where the test
    begins and counts from 0, and `text` is what pytest prints of the failure.
    """
    lines = message.splitlines()[:LINES] or ["failed"]
    frames = [(path, int(number)) for path, number in PLACE.findall(text[-TAIL:])]
    here = next((frame for frame in reversed(frames) if frame[0] == file), (file, (line or 0) + 1))
    if frames and frames[-1] != here:
        lines.append(f"at backend/{frames[-1][0]}:{frames[-1][1]}")
    shown = clipped("\n".join(lines), LONGEST)
    return Finding(
        file=f"backend/{file}",
        line=here[1],
        message=f"{name}: {shown}",
        fix=f"./noxw -s tests -- {shlex.quote(node)}",
    )
