"""The number of tests that run at a time."""

import os

import psutil

VARIABLE = "PYTEST_XDIST_AUTO_NUM_WORKERS"  # xdist's own, for `-n auto`


def workers_for_all_tests() -> str:
    """Return the value of xdist's `-n` for a run of all tests: twice the number of cores.

    Half of the time of the tests is waiting. A number in the environment counts, as with `auto`.
    """
    cores = psutil.cpu_count(logical=False) or os.cpu_count() or 1
    return os.environ.get(VARIABLE, str(2 * cores))
