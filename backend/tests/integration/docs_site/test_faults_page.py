"""The page about faults."""

import json
from pathlib import Path

from devtools.docs_site.faults_page import faults_page

RESULTS = [
    {"name": "killed-api", "kept": True, "broken": [], "recovery": 1.26, "not_tried": ""},
    {"name": "held-lock", "kept": False, "broken": ["a write is lost"], "recovery": None, "not_tried": ""},
    {"name": "full-disk", "kept": True, "broken": [], "recovery": None, "not_tried": "needs root"},
]


def test_shows_the_last_run_below_the_page(tmp_path: Path) -> None:
    report = tmp_path / "faults.json"
    report.write_text(json.dumps(RESULTS), encoding="utf-8")

    page = faults_page("# Faults\n", report)

    assert page.startswith("# Faults\n\n## Last run\n")
    assert page.splitlines()[-3:] == [
        "| `killed-api` | kept | 1.3 |",
        "| `held-lock` | a write is lost |  |",
        "| `full-disk` | needs root |  |",
    ]


def test_is_unchanged_without_a_run(tmp_path: Path) -> None:
    assert faults_page("# Faults\n", tmp_path / "faults.json") == "# Faults\n"
