"""Benchmark of the start: importing and making the application, against importing the libraries under it."""

import os
import subprocess
import sys
from collections.abc import Iterator

from benchmarks.requests import Effort
from benchmarks.results import Result, Target, ratio
from benchmarks.servers import BACKEND

OURS = "from app.main import create_app; create_app()"
FLOOR = "import fastapi, psycopg, sqlalchemy.ext.asyncio"


def start(effort: Effort) -> Iterator[Result]:
    """Seconds of processor time until the application is made, without a database."""
    ours, floor = [], []
    for _ in range(effort.rounds):
        ours.append(_processor_seconds(OURS))
        floor.append(_processor_seconds(FLOOR))
    yield ratio(
        "Import and create_app: processor time against importing FastAPI, SQLAlchemy and psycopg",
        ours,
        floor,
        target=Target(relation="<=", value=1.6),
        floor_unit="s",
    )


def _processor_seconds(code: str) -> float:
    before = os.times()
    subprocess.run([sys.executable, "-c", code], cwd=BACKEND, check=True)
    after = os.times()
    return after.children_user + after.children_system - before.children_user - before.children_system
