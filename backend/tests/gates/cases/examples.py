"""Examples of gates for `python -m gates explain`, taken from the cases."""

import re
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.gates.cases import INVALID_CASES, VALID_CASES
from tests.gates.cases.case import Change
from tests.gates.support.parts.all_gates import COMPLETE
from tests.gates.support.sample_project import SampleProject

HEADER = re.compile(r"^(?:diff --git|index|new file mode|deleted file mode|@@).*\n", re.MULTILINE)
MAX_LINES = 20


def examples(gate: str) -> Iterator[str]:
    """Yield as diffs a change that a gate must refuse, at a line if possible, and one it must accept."""
    cases = [case for case in INVALID_CASES if case.gate == gate]
    for refused in sorted(cases, key=lambda case: not case.line)[:1]:
        place = f"{refused.file}: " if refused.file else ""
        finding = f"{place}{refused.message}\n    fix: {refused.fix}"
        yield f"Refused, {refused.id}:\n\n{_diff(refused.change)}\n\n    {finding}"
    for accepted in [case for case in VALID_CASES if case.gate == gate][:1]:
        yield f"Accepted, {accepted.id}:\n\n{_diff(accepted.change)}"


def _diff(change: Change) -> str:
    """Return what a change does to the sample project, without the headers that git writes."""
    with TemporaryDirectory(prefix="pau2-explain-") as folder:
        sample = SampleProject.build(Path(folder), *COMPLETE)
        change(sample)
        sample.git("add", "--all")
        diff = sample.git("diff", "--cached", "--unified=1")
    lines = HEADER.sub("", f"{diff}\n").rstrip().splitlines()
    shown = [*lines[:MAX_LINES], "…"] if len(lines) > MAX_LINES else lines
    return "\n".join(f"    {line}" for line in shown)
