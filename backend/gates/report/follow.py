"""Runs sessions in a child process and shows their progress, until they end or are interrupted."""

import os
import shutil
import signal
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Event

from gates.model import Project
from gates.repo.process import PYTHON_M
from gates.report import github
from gates.report.events import FOLDER_VARIABLE, log_file
from gates.report.processes import end_group, start_group
from gates.report.progress import RunProgress
from gates.report.runs import Run, record, start
from gates.report.snippet import escape_control_characters
from gates.report.terminal import show_findings, show_table
from gates.report.verdict import count, keep, verdict, write_results
from gates.report.views import View, view_for_output
from gates.runner import Result, gates_of

POLL_INTERVAL = 0.1  # seconds
INTERRUPT_TIMEOUT = 1.0  # seconds until the remaining processes are killed; the whole end may take 2
LAST_LINES = 60  # of the log of a run that failed to finish
INTERRUPTED = 130  # the exit code of a program that Ctrl-C ended


@dataclass(frozen=True)
class Ended:
    """A run that is over."""

    progress: RunProgress
    run: Run
    log: Path


def follow_all(project: Project, command: Sequence[str]) -> int:
    """Run the default sessions with a command and end with the verdict; return the exit code."""
    shutil.rmtree(project.reports / "gates", ignore_errors=True)
    sessions = project.rulebook["default"]["sessions"]
    ended = follow(project, sessions, command, project.root)
    if ended.run.interrupted:
        results = ended.progress.results(interrupted=True)
        write_results(project, results)
        return _interrupted(project, ended.run, results)
    _explain(project, ended)
    return verdict(project, ended.run, lambda _, results: _show_rest(project, ended, results))


def follow_session(project: Project, session: str) -> int:
    """Run one session and end with its table; return the exit code. Raises GateError when it has no gates."""
    gates_of(project, session)
    command = [*PYTHON_M, "gates.report.session", session, *project.arguments]
    ended = follow(project, [session], command, project.backend)
    if ended.run.interrupted:
        return _interrupted(project, ended.run, ended.progress.results(interrupted=True))
    results = ended.run.results
    _explain(project, ended)
    _show_rest(project, ended, results)
    github.summarize(results)
    show_table(results)
    keep(project, ended.run)
    return count(results)


def follow(project: Project, sessions: Sequence[str], command: Sequence[str], folder: Path) -> Ended:
    """Start a command that runs the sessions, show their progress, and return when it has ended."""
    beginning = start(project)
    log = project.reports / "logs" / f"run-{'all' if len(sessions) > 1 else sessions[0]}.log"
    with TemporaryDirectory(prefix="pau2-run-") as events, _interruptible() as interrupt:
        progress = RunProgress(project, sessions, Path(events))
        view = view_for_output(progress.clock)
        child = start_group(command, folder, log, os.environ | {FOLDER_VARIABLE: events})
        try:
            while child.poll() is None and not interrupt.is_set():
                _show_new(project, progress, view)
                view.update(progress)
                interrupt.wait(POLL_INTERVAL)
        finally:
            view.close()
            if child.poll() is None:
                end_group(child.pid, INTERRUPT_TIMEOUT)
                child.wait()
        _show_new(project, progress, view)
        if not interrupt.is_set():
            progress.store_durations()
    results = progress.ended_results() if interrupt.is_set() else progress.results()
    run = beginning.ended(sessions, results, arguments=project.arguments, interrupted=interrupt.is_set())
    return Ended(progress=progress, run=run, log=log)


def _show_new(project: Project, progress: RunProgress, view: View) -> None:
    found = progress.read()
    if found:
        view.show(project, found, progress.secret_files(found))


@contextmanager
def _interruptible() -> Iterator[Event]:
    """Yield an event that is set by Ctrl-C, by a request to end, and when the terminal is closed."""
    event = Event()
    names = [name for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name)]
    before = {name: signal.getsignal(signal.Signals[name]) for name in names}
    if before.get("SIGHUP") == signal.SIG_IGN:  # nohup: the run is meant to outlive the terminal
        del before["SIGHUP"]
    for name in before:
        signal.signal(signal.Signals[name], lambda *_: event.set())
    try:
        yield event
    finally:
        for name, handler in before.items():
            signal.signal(signal.Signals[name], handler)


def _show_rest(project: Project, ended: Ended, results: Sequence[Result]) -> None:
    rest = ended.progress.unshown(results)
    show_findings(project, rest, ended.progress.secret_files(rest))
    for result in results:
        log = log_file(project, result.gate)
        if result.status == "failed" and log.exists():
            print(f"The output of {result.gate}: {project.relative(log)}")


def _interrupted(project: Project, run: Run, results: Sequence[Result]) -> int:
    """Print the table after an interrupt; the findings of ended gates were shown already."""
    closing = "The run was interrupted: gates that did not end have failed."
    show_table(results, header=True)
    github.summarize(results, closing)
    print(closing)
    record(project, run)  # without the page: writing it would delay the end after Ctrl-C
    count(results)
    return INTERRUPTED


def _explain(project: Project, ended: Ended) -> None:
    """Print the end of the log when a gate has no result: its session broke down."""
    if ended.progress.complete:
        return
    lines = ended.log.read_text(encoding="utf-8", errors="replace").splitlines()
    print(f"A session broke down. The end of {project.relative(ended.log)}:", file=sys.stderr)
    for line in lines[-LAST_LINES:]:
        print(f"    {escape_control_characters(line)}", file=sys.stderr)
