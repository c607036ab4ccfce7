"""Views of a run's progress: a live table on a terminal, lines in a log."""

import sys
from collections.abc import Sequence
from typing import Protocol

from rich.console import Console
from rich.live import Live

from gates.model import Project
from gates.report import table
from gates.report.progress import Clock, RunProgress
from gates.report.terminal import make_console, show_findings
from gates.runner import Result

REDRAW_EVERY = 0.5  # seconds
LINE_EVERY = 10.0  # seconds; the longest silence that is allowed is 15


class View(Protocol):
    """Shows a run from its start to its end."""

    def update(self, progress: RunProgress) -> None:
        """Show how far the run is, as often as it makes sense."""

    def show(self, project: Project, results: Sequence[Result], secret: set[str]) -> None:
        """Show findings that were not shown before. `secret`: the files of which no line may be shown."""

    def close(self) -> None:
        """Restore the terminal."""


class LiveView:
    """A table that is drawn again and again below the findings."""

    def __init__(self, console: Console, clock: Clock) -> None:
        self._console = console
        self._clock = clock
        self._drawn: float | None = None
        self._live: Live | None = None

    def update(self, progress: RunProgress) -> None:
        """Draw the table twice a second."""
        now = self._clock()
        if self._drawn is not None and now - self._drawn < REDRAW_EVERY:
            return
        self._drawn = now
        width, height = self._console.size
        if self._live is None:
            self._live = self._started()
        self._live.update(table.table(progress, width=width, height=height), refresh=True)

    def show(self, project: Project, results: Sequence[Result], secret: set[str]) -> None:
        """Print the findings above the table, which the next update draws again."""
        self.close()
        show_findings(project, results, secret)

    def close(self) -> None:
        """Remove the table and its position, so that later output stays."""
        if self._live is not None:
            self._live.stop()
        self._live = self._drawn = None

    def _started(self) -> Live:
        live = Live(
            console=self._console,
            auto_refresh=False,  # no thread: it might draw while findings are printed
            transient=True,
            redirect_stdout=False,
            redirect_stderr=False,
            vertical_overflow="crop",
        )
        live.start()
        return live


class PlainView:
    """A line now and then, for pipes, logs and terminals that cannot move the cursor."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._printed: float | None = None

    def update(self, progress: RunProgress) -> None:
        """Print a line unless the last one is fresh."""
        now = self._clock()
        if self._printed is None or now - self._printed >= LINE_EVERY:
            self._printed = now
            print(table.line(progress), flush=True)

    def show(self, project: Project, results: Sequence[Result], secret: set[str]) -> None:
        """Print the findings and flush: a pipe would buffer them."""
        show_findings(project, results, secret)
        sys.stdout.flush()

    def close(self) -> None:
        """Do nothing: a log cannot be redrawn."""


def view_for_output(clock: Clock) -> View:
    """Return the view that standard output can show. Rich's FORCE_COLOR makes no terminal of a pipe."""
    console = make_console()
    if console.file.isatty() and not console.is_dumb_terminal:
        return LiveView(console, clock)
    return PlainView(clock)
