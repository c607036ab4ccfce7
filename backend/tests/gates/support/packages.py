"""The packages of this project that mypy checks: a sample with the project's settings needs all of them."""

import tomllib
from pathlib import Path

BACKEND = Path(__file__).resolve().parents[3]
SETTINGS = tomllib.loads((BACKEND / "pyproject.toml").read_text(encoding="utf-8"))
PACKAGES: list[str] = SETTINGS["tool"]["mypy"]["packages"]
