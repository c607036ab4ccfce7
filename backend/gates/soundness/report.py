"""The figures of a measurement, as a table and in reports/soundness.json."""

import json
import platform
from collections import Counter
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import PurePosixPath

from gates.model import Project
from gates.repo.git import git
from gates.soundness.judgement import ESCAPED, KILLED, SURVIVED, Judgement

REPORT_FILE = "soundness.json"
OUTCOMES = (KILLED, SURVIVED, ESCAPED)


@dataclass(frozen=True)
class Settings:
    """The arguments of a measurement."""

    mutants: int
    seed: int
    paths: list[str]
    tests: list[str]


def write_report(project: Project, settings: Settings, judgement: Judgement, total: int) -> None:
    """Write the figures; `total` is the number of tests that judged the survivors."""
    content = {
        "date": datetime.now(UTC).date().isoformat(),
        "commit": git(project, "rev-parse", "--short", "HEAD").strip(),
        "python": platform.python_version(),
        "settings": vars(settings),
        "tests": total,
        "outcomes": Counter(comparison.outcome for comparison in judgement.comparisons),
        "unexplained": judgement.unexplained,
        "mutants": [
            {
                "file": comparison.sampled.file,
                "line": comparison.sampled.mutant.line,
                "number": comparison.sampled.mutant.number,
                "diff": comparison.sampled.mutant.diff,
                "selected": comparison.selected,
                "outcome": comparison.outcome,
                "test": comparison.test,
            }
            for comparison in judgement.comparisons
        ],
    }
    project.reports.mkdir(exist_ok=True)
    (project.reports / REPORT_FILE).write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")


def table(judgement: Judgement) -> str:
    """Return the figures of each package, and the escapes as diffs."""
    rows = ["| package | mutants | killed by selected tests | survived | escaped |", "|---|---|---|---|---|"]
    packages: dict[str, Counter[str]] = {}
    for comparison in judgement.comparisons:
        parts = PurePosixPath(comparison.sampled.file).parts[1:3]
        packages.setdefault("/".join(parts), Counter())[comparison.outcome] += 1
    everything = sum(packages.values(), Counter[str]())
    for name, counts in [*sorted(packages.items()), ("all", everything)]:
        cells = " | ".join(str(counts[outcome]) for outcome in OUTCOMES)
        rows.append(f"| {name} | {counts.total()} | {cells} |")
    for comparison in judgement.comparisons:
        if comparison.outcome == ESCAPED:
            rows += ["", f"{comparison.sampled.name} is killed by {comparison.test}, which is not selected:"]
            rows.append(comparison.sampled.mutant.diff)
    rows += [f"{test} fails with several mutants, but with no single one." for test in judgement.unexplained]
    return "\n".join(rows)
