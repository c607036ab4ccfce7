"""A repository with this project's tool configuration."""

from pathlib import Path

import pytest

from tests.gates.support.packages import PACKAGES
from tests.gates.support.sample_project import Part, SampleProject

BACKEND = Path(__file__).resolve().parents[3]
TIDY = '"""Sums."""\n\n\ndef double(number: int) -> int:\n    return 2 * number\n'


@pytest.fixture
def tooled(tmp_path: Path) -> SampleProject:
    """A repository with this project's own tool configuration and one tidy module."""
    packages = {f"backend/{name}/__init__.py": "" for name in PACKAGES}
    configuration = (BACKEND / "pyproject.toml").read_text(encoding="utf-8")
    files = {"backend/pyproject.toml": configuration, "backend/app/sums.py": TIDY}
    return SampleProject.build(tmp_path, Part(packages | files))
