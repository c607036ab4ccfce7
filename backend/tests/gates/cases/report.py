"""The cases as a table, reports/cases.md: each change, and where which gate refused it."""

from pathlib import Path

from tests.gates.cases.case import ValidCase

REPORTS = Path(__file__).resolve().parents[4] / "reports"
ROWS = REPORTS / "cases"
TABLE_HEADER = "| change | gate | rule | where | ms |\n|---|---|---|---|---|\n"


def write_row(case: ValidCase, rule: str, place: str, seconds: float) -> None:
    """Write a case's row to a file of its own: several processes run cases in parallel."""
    ROWS.mkdir(parents=True, exist_ok=True)
    row = f"| {case.id} | {case.gate} | {rule} | {place} | {1000 * seconds:.0f} |\n"
    (ROWS / f"{case.gate} {case.id}.md").write_text(row, encoding="utf-8")


def write_table(cases: list[ValidCase]) -> None:
    """Write the existing rows in the order of the cases; again when another process adds one meanwhile."""
    paths = [ROWS / f"{case.gate} {case.id}.md" for case in cases]
    written: list[Path] = []
    while written != (found := [path for path in paths if path.exists()]):
        rows = "".join(path.read_text(encoding="utf-8") for path in found)
        (REPORTS / "cases.md").write_text(TABLE_HEADER + rows, encoding="utf-8")
        written = found
