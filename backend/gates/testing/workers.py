"""The number of tests that run at a time."""

import os

import psutil

from gates.model import Project
from gates.testing.durations.history import SECONDS_FILE, expected_seconds, read_seconds
from gates.testing.result_cache.selection import Selection

WORTH_SEVERAL_PROCESSES = 10.0  # seconds of tests that could run beside the longest one
VARIABLE = "PYTEST_XDIST_AUTO_NUM_WORKERS"  # xdist's own, for `-n auto`


def workers_for_all_tests() -> str:
    """Return the value of xdist's `-n` for a run of all tests: twice the number of cores.

    Half of the time of the tests is waiting. A number in the environment counts, as with `auto`.
    """
    cores = psutil.cpu_count(logical=False) or os.cpu_count() or 1
    return os.environ.get(VARIABLE, str(2 * cores))


def workers_for_arguments(project: Project) -> str:
    """Return the value of xdist's `-n` for pytest's arguments: one process for short tests of named files."""
    named = [argument for argument in project.arguments if ".py" in argument]
    seconds = expected_seconds(read_seconds(project.reports / SECONDS_FILE), named, workers=1)
    return "0" if named and seconds < WORTH_SEVERAL_PROCESSES else "auto"


def workers_for(project: Project, selection: Selection) -> str:
    """Return the value of xdist's `-n` for the tests that have to run.

    Few tests run in one process, unless several would save more time than their start takes.
    """
    workers = workers_for_all_tests()
    if selection.is_large:
        return workers
    seconds = read_seconds(project.reports / SECONDS_FILE)
    known = [seconds.get(name, 0.0) for name in selection.arguments]
    if sum(known) - max(known, default=0.0) < WORTH_SEVERAL_PROCESSES:
        return "0"
    return str(min(len(known), int(workers))) if workers.isdecimal() else workers
