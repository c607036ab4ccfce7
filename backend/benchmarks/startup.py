"""Benchmark of the start: importing and creating the application, against importing its libraries."""

import os
import subprocess
import sys
from collections.abc import Iterator

from benchmarks.requests import RunOptions
from benchmarks.results import Result, Target, ratio
from benchmarks.servers import BACKEND

APPLICATION = "from app.main import create_app; create_app()"
BASELINE = "import fastapi, psycopg, sqlalchemy.ext.asyncio"


def start(options: RunOptions) -> Iterator[Result]:
    """Measure the processor time to import and create the application, without a database."""
    ours = []
    baseline = []
    for _ in range(options.rounds):
        ours.append(_processor_seconds(APPLICATION))
        baseline.append(_processor_seconds(BASELINE))
    yield ratio(
        "Import and create_app: processor time against importing FastAPI, SQLAlchemy and psycopg",
        ours,
        baseline,
        target=Target(relation="<=", value=1.6),
        baseline_unit="s",
    )


def _processor_seconds(code: str) -> float:
    before = os.times()
    subprocess.run([sys.executable, "-c", code], cwd=BACKEND, check=True)
    after = os.times()
    return after.children_user + after.children_system - before.children_user - before.children_system
