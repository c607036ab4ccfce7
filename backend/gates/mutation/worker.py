"""A pytest plugin that runs the tests of one mutant after the other, each mutant in a child process.

A mutant exists in the memory of its child alone: no file is written, so none can be left behind. A fault in
the body of a function is put into the existing function after the tests were collected, which costs some
milliseconds; any other one needs a child from before the project was imported.
"""

import ast
import gc
import json
import os
import resource
import signal
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import suppress
from importlib import import_module
from importlib.machinery import SourceFileLoader
from pathlib import Path
from types import CodeType, FunctionType
from typing import TypedDict

import pytest
from hypothesis import Phase, settings

from gates.mutation.operators import mutants

PLAN_VARIABLE = "PAU2_MUTATION_PLAN"
MEMORY_LIMIT_BYTES = 4 << 30  # of a child: an endless mutant may fill the memory
POLL_INTERVAL_SECONDS = 0.005
EXIT_NOT_RUN = 90  # exit code of a child that could not do its work; pytest has 0 to 5


class Task(TypedDict):
    """A mutant, by its number in a file below backend/, and its tests in the order in which they run."""

    file: str
    number: int
    is_patchable: bool
    tests: list[str]


class Plan(TypedDict):
    """The tasks of a worker. `parent_pid` is the gate's process; a test may take `seconds`."""

    parent_pid: int
    seconds: int
    preload: list[str]
    results: str
    tasks: list[Task]


class Worker:
    """The plugin."""

    def __init__(self, plan: Plan) -> None:
        """Take a plan; nothing runs yet."""
        self._plan = plan
        self._is_mutant = False
        self._tests: list[str] = []

    @pytest.hookimpl(tryfirst=True)
    def pytest_load_initial_conftests(self) -> None:
        """Run the mutants that must be made before the project is imported."""
        settings.register_profile(PLAN_VARIABLE, phases=[Phase.explicit, Phase.generate], database=None)
        settings.load_profile(PLAN_VARIABLE)  # one failure is enough: shrinking it takes time
        for name in self._plan["preload"]:
            with suppress(Exception):
                import_module(name)
        for task in self._plan["tasks"]:
            if not task["is_patchable"] and self._is_child(task):
                import_mutated(Path(task["file"]).resolve(), task["number"], pytest.MonkeyPatch())
                return
        if not any(task["is_patchable"] for task in self._plan["tasks"]):
            os._exit(0)

    def pytest_sessionstart(self, session: pytest.Session) -> None:
        """Collect only the tests of a child."""
        if self._is_mutant:
            session.config.args[:] = self._tests

    def pytest_runtestloop(self, session: pytest.Session) -> bool | None:
        """Run the other mutants; children go on with pytest's own loop over their tests."""
        if self._is_mutant:
            return None
        items = {item.nodeid: item for item in session.items}
        for task in self._plan["tasks"]:
            if task["is_patchable"] and self._is_child(task):
                if not patch_functions(Path(task["file"]).resolve(), task["number"]):
                    os._exit(EXIT_NOT_RUN)
                session.items[:] = [items[name] for name in self._tests if name in items]
                return None
        return True

    def pytest_runtest_logstart(self) -> None:
        """Give a child's next test its time: the kernel ends the child if it takes more, whatever it does."""
        if self._is_mutant:
            signal.alarm(self._plan["seconds"])

    @pytest.hookimpl(tryfirst=True)
    def pytest_sessionfinish(self, exitstatus: int) -> None:
        """End a child immediately, without a report."""
        if self._is_mutant:
            os._exit(exitstatus)

    def _is_child(self, task: Task) -> bool:
        """Fork. Return True in the child; in the worker, wait for it, note how it ended, and return False.

        When the gate is gone, the child goes as well.
        """
        child = os.fork()
        if not child:
            self._is_mutant = True
            self._tests = task["tests"]
            resource.setrlimit(resource.RLIMIT_DATA, (MEMORY_LIMIT_BYTES, MEMORY_LIMIT_BYTES))
            return True
        while not (ended := os.waitpid(child, os.WNOHANG))[0]:
            if os.getppid() != self._plan["parent_pid"]:
                os.kill(child, signal.SIGKILL)
                os._exit(EXIT_NOT_RUN)
            time.sleep(POLL_INTERVAL_SECONDS)
        code = os.waitstatus_to_exitcode(ended[1])
        with Path(self._plan["results"]).open("a", encoding="utf-8") as results:
            results.write(json.dumps([task["file"], task["number"], code]) + "\n")
        return False


def pytest_addoption(pluginmanager: pytest.PytestPluginManager) -> None:
    """Take part from the start, with the plan that the environment names."""
    plan: Plan = json.loads(Path(os.environ[PLAN_VARIABLE]).read_text(encoding="utf-8"))
    pluginmanager.register(Worker(plan))


def import_mutated(path: Path, number: int, patch: pytest.MonkeyPatch) -> None:
    """Let the module at a path be imported with a fault, whether or not it was imported before."""
    _, code = _codes(path, number)
    get_code = SourceFileLoader.get_code

    def mutated(loader: SourceFileLoader, fullname: str) -> CodeType | None:
        return code if Path(loader.path) == path else get_code(loader, fullname)

    patch.setattr(SourceFileLoader, "get_code", mutated)
    for name, module in [*sys.modules.items()]:
        if getattr(module, "__file__", None) == str(path):
            patch.delitem(sys.modules, name)


def patch_functions(path: Path, number: int) -> int:
    """Give the functions that exist of a module the code with a fault; return how many it changed."""
    before, after = ({_key(code): code for code in _nested(code)} for code in _codes(path, number))
    changed = {key: code for key, code in after.items() if before.get(key) != code}
    functions = [
        candidate
        for candidate in gc.get_objects()
        if type(candidate) is FunctionType
        and candidate.__code__.co_filename == str(path)
        and _key(candidate.__code__) in changed
    ]
    for function in functions:
        function.__code__ = changed[_key(function.__code__)]
    return len(functions)


def _codes(path: Path, number: int) -> Sequence[CodeType]:
    """Return a module's code without and with a fault."""
    source = path.read_text(encoding="utf-8")
    tree = ast.parse(source)
    before = compile(tree, str(path), "exec", dont_inherit=True)
    for mutant in mutants(source, tree):
        if mutant.number == number:
            return before, compile(tree, str(path), "exec", dont_inherit=True)
    raise LookupError(f"{path} has no mutant {number}")


def _nested(code: CodeType) -> Iterator[CodeType]:
    yield code
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from _nested(constant)


def _key(code: CodeType) -> tuple[str, int]:
    return code.co_qualname, code.co_firstlineno
