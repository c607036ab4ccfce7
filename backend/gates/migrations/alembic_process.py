"""A process that runs Alembic for the gates: env.py imports the application, which gates never do."""

import os
import sys
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from importlib import import_module
from multiprocessing import get_context
from threading import Lock
from typing import Protocol

from devtools.postgres import forget_libpq_variables
from gates.model import Project
from gates.repo.process import STARTS_CHILD

COMMANDS = "gates.migrations.alembic_commands"


class AlembicError(Exception):
    """Alembic, env.py, a revision or PostgreSQL failed. The message is the first line of the reason."""


class Run(Protocol):
    """Calls a function of gates/migrations/alembic_commands.py in the worker. Raises AlembicError."""

    def __call__(self, name: str, *arguments: object) -> object: ...


class _Workers:
    """One process a project: starting it takes longer than most of what it does, so gates share it."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._running: dict[str, tuple[ProcessPoolExecutor, int]] = {}

    def acquire(self, backend: str) -> ProcessPoolExecutor:
        with self._lock:
            if backend not in self._running:
                variables = {"PYTHONPATH": os.pathsep.join(sys.path)}
                sys.audit(STARTS_CHILD, [sys.executable, "-m", COMMANDS], backend, variables)
                pool = ProcessPoolExecutor(1, get_context("spawn"), _enter, (backend,))
                self._running[backend] = pool, 0
            pool, users = self._running[backend]
            self._running[backend] = pool, users + 1
            return pool

    def release(self, backend: str) -> None:
        with self._lock:
            pool, users = self._running.pop(backend)
            if users > 1:
                self._running[backend] = pool, users - 1
                return
        pool.shutdown()


WORKERS = _Workers()


@contextmanager
def alembic_runner(project: Project) -> Iterator[Run]:
    """Yield a function that runs commands on the project's revisions and models, one at a time."""
    backend = str(project.backend)
    pool = WORKERS.acquire(backend)

    def run(name: str, *arguments: object) -> object:
        return pool.submit(_call, name, *arguments).result()

    try:
        yield run
    finally:
        WORKERS.release(backend)


def _enter(backend: str) -> None:
    """Make the process like one that was started in backend/; what env.py prints is not the gates' output."""
    os.chdir(backend)
    os.environ["PAU2_ENVIRONMENT"] = "test"
    forget_libpq_variables()  # the process may have been started before its parent did so
    sys.path.insert(0, backend)
    os.dup2(2, 1)


def _call(name: str, *arguments: object) -> object:
    """Run a command, and turn every error into one that any process can read."""
    try:
        return getattr(import_module(COMMANDS), name)(*arguments)
    except Exception as error:
        reason = str(getattr(error, "orig", None) or error).strip() or "no reason given"
        kind = type(getattr(error, "orig", None) or error).__name__
        raise AlembicError(f"{kind}: {reason.splitlines()[0]}") from error
