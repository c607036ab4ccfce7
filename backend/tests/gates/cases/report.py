"""The corpus as a table, reports/corpus.md: what was tried, and where which gate refused it."""

from pathlib import Path

from tests.gates.cases.case import Innocent

REPORTS = Path(__file__).resolve().parents[4] / "reports"
ROWS = REPORTS / "corpus"
HEAD = "| change | gate | rule | where | ms |\n|---|---|---|---|---|\n"


def note(entry: Innocent, rule: str, place: str, seconds: float) -> None:
    """Keep an entry's row, in a file of its own: processes run the corpus side by side."""
    ROWS.mkdir(parents=True, exist_ok=True)
    row = f"| {entry.what} | {entry.gate} | {rule} | {place} | {1000 * seconds:.0f} |\n"
    (ROWS / f"{entry.gate} {entry.what}.md").write_text(row, encoding="utf-8")


def write(entries: list[Innocent]) -> None:
    """Write the rows that there are, in the corpus's order; again when another process adds one meanwhile."""
    paths = [ROWS / f"{entry.gate} {entry.what}.md" for entry in entries]
    written: list[Path] = []
    while written != (found := [path for path in paths if path.exists()]):
        rows = "".join(path.read_text(encoding="utf-8") for path in found)
        (REPORTS / "corpus.md").write_text(HEAD + rows, encoding="utf-8")
        written = found
