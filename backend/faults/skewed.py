"""Runs the application with its clock moved: `python -m faults.skewed SECONDS COMMAND …`."""

import sys
from datetime import UTC, datetime, timedelta

import time_machine

from app.main import cli

if __name__ == "__main__":
    moved = datetime.now(UTC) + timedelta(seconds=int(sys.argv[1]))
    with time_machine.travel(moved, tick=True):
        sys.exit(cli(sys.argv[2:]))
