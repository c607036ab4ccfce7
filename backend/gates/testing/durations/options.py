"""pytest's options for the durations of tests."""

from gates.model import Project
from gates.testing.durations.history import SECONDS_FILE
from gates.testing.durations.order import DISTRIBUTION
from gates.testing.durations.summary import DURATIONS_FILE


def timing_options(project: Project) -> list[str]:
    """Return the options for recording durations, and for an order by those of earlier runs."""
    return [
        "-p",
        "gates.testing.durations.plugin",
        f"--durations-data={project.reports / DURATIONS_FILE}",
        "-p",
        "gates.testing.durations.order",
        f"--test-seconds={project.reports / SECONDS_FILE}",
        *DISTRIBUTION,
    ]
