"""Copies of this checkout, in which tests run gates and programs on changed code."""

import shutil
from pathlib import Path

from devtools.postgres import PROJECT
from gates.model import Project
from gates.repo.files import files

MYPY_RESULTS = ".mypy_cache"
GATE_RESULTS = "reports/cache"
LINKS_TO_ENVIRONMENTS = {".venv", ".noxw"}


def copy_checkout(destination: Path) -> None:
    """Copy the files that a commit of this checkout would have."""
    for name in files(Project(root=PROJECT)):
        if name not in LINKS_TO_ENVIRONMENTS:
            (destination / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(PROJECT / name, destination / name)


def copy_results(destination: Path) -> None:
    """Copy what mypy and the gates have found out about single files, which saves minutes."""
    if (PROJECT / MYPY_RESULTS).is_dir():
        shutil.copytree(PROJECT / MYPY_RESULTS, destination / MYPY_RESULTS)
    (destination / GATE_RESULTS).mkdir(parents=True)
    for path in (PROJECT / GATE_RESULTS).glob("*.json"):
        shutil.copy(path, destination / GATE_RESULTS)
