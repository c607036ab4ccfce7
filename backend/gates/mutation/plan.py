"""The work of a worker: mutants, and the tests that judge each of them.

The gate writes a plan as JSON, and the worker, a process of its own, reads it.
"""

from collections.abc import Mapping
from typing import TypedDict

PLAN_VARIABLE = "PAU2_MUTATION_PLAN"
"""The environment variable that names the file of a worker's plan."""


class Task(TypedDict):
    """A mutant, by its number in a file below backend/, and its tests in the order in which they run.

    Each test has the seconds after which it counts as endless.
    """

    file: str
    number: int
    is_patchable: bool
    tests: Mapping[str, int]


class Plan(TypedDict):
    """The tasks of a worker, which runs as many of them at a time as there are `jobs`.

    `parent_pid` is the gate's process. No mutant runs after the `deadline`, a time of `time.monotonic`.
    `preload` are modules to import before the first task; the results are appended to a file.
    """

    parent_pid: int
    jobs: int
    deadline: float | None
    preload: list[str]
    results: str
    tasks: list[Task]


class TaskResult(TypedDict):
    """How the tests of a mutant ended: pytest's exit code, and the test that ran last."""

    file: str
    number: int
    code: int
    test: str
