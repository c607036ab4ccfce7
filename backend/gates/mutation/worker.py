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
import shutil
import signal
import sys
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from importlib import import_module
from importlib.machinery import SourceFileLoader
from pathlib import Path
from types import CodeType, FunctionType

import pytest
from hypothesis import Phase, settings

from gates.mutation.operators import mutants
from gates.mutation.plan import PLAN_VARIABLE, Plan, Task, TaskResult

MEMORY_LIMIT_BYTES = 4 << 30  # of a child: an endless mutant may fill the memory
POLL_INTERVAL_SECONDS = 0.005
EXIT_NOT_RUN = 90  # exit code of a child that could not do its work; pytest has 0 to 5
TEMPORARY_FOLDER_VARIABLE = "PYTEST_DEBUG_TEMPROOT"
"""pytest's variable for the folder of `tmp_path`. Each child has its own, because several run at a time."""


class Worker:
    """The plugin."""

    def __init__(self, plan: Plan) -> None:
        """Take a plan; nothing runs yet."""
        self._plan = plan
        self._children: dict[int, Task] = {}
        self._tests: Mapping[str, int] | None = None
        self._results = Path(plan["results"])

    @pytest.hookimpl(tryfirst=True)
    def pytest_load_initial_conftests(self) -> None:
        """Run the mutants that must be made before the project is imported."""
        settings.register_profile(PLAN_VARIABLE, phases=[Phase.explicit, Phase.generate], database=None)
        settings.load_profile(PLAN_VARIABLE)  # one failure is enough: shrinking it takes time
        for name in self._plan["preload"]:
            with suppress(Exception):
                import_module(name)
        task = self._run(task for task in self._plan["tasks"] if not task["is_patchable"])
        if task:
            import_mutated(Path(task["file"]).resolve(), task["number"], pytest.MonkeyPatch())
        elif not any(task["is_patchable"] for task in self._plan["tasks"]):
            os._exit(0)

    def pytest_sessionstart(self, session: pytest.Session) -> None:
        """Collect only the tests of a child."""
        if self._tests is not None:
            session.config.args[:] = self._tests

    def pytest_runtestloop(self, session: pytest.Session) -> bool | None:
        """Run the other mutants; children go on with pytest's own loop over their tests."""
        if self._tests is not None:
            return None
        items = {item.nodeid: item for item in session.items}
        task = self._run(task for task in self._plan["tasks"] if task["is_patchable"])
        if not task:
            return True
        if not patch_functions(Path(task["file"]).resolve(), task["number"]):
            os._exit(EXIT_NOT_RUN)
        session.items[:] = [items[name] for name in task["tests"] if name in items]
        return None

    def pytest_runtest_logstart(self, nodeid: str) -> None:
        """Note a child's next test and give it its time: the kernel ends the child if it takes more."""
        if self._tests is not None:
            self._last_test(os.getpid()).write_text(nodeid, encoding="utf-8")
            signal.alarm(self._tests.get(nodeid, max(self._tests.values())))

    @pytest.hookimpl(tryfirst=True)
    def pytest_sessionfinish(self, exitstatus: int) -> None:
        """End a child immediately, without a report."""
        if self._tests is not None:
            os._exit(exitstatus)

    def _run(self, tasks: Iterable[Task]) -> Task | None:
        """Fork for each task. Return the task in a child, and None in the worker when all have ended."""
        for task in tasks:
            while len(self._children) >= self._plan["jobs"]:
                self._wait()
            if self._is_late():
                break
            child = os.fork()
            if not child:
                return self._become_child(task)
            self._children[child] = task
        while self._children:
            self._wait()
        return None

    def _become_child(self, task: Task) -> Task:
        self._tests = task["tests"]
        folder = self._folder(os.getpid())
        folder.mkdir(parents=True)
        os.environ[TEMPORARY_FOLDER_VARIABLE] = str(folder)
        resource.setrlimit(resource.RLIMIT_DATA, (MEMORY_LIMIT_BYTES, MEMORY_LIMIT_BYTES))
        return task

    def _wait(self) -> None:
        """Wait until a child ends, and note how. End all when the gate is gone or it is too late."""
        while not (ended := os.waitpid(-1, os.WNOHANG))[0]:
            if os.getppid() != self._plan["parent_pid"]:
                self._end_children()
                os._exit(EXIT_NOT_RUN)
            if self._is_late():
                self._end_children()
                return
            time.sleep(POLL_INTERVAL_SECONDS)
        child, status = ended
        if child in self._children:
            self._note(child, self._children.pop(child), os.waitstatus_to_exitcode(status))

    def _note(self, child: int, task: Task, code: int) -> None:
        last = self._last_test(child)
        test = last.read_text(encoding="utf-8") if last.exists() else ""
        result = TaskResult(file=task["file"], number=task["number"], code=code, test=test)
        with self._results.open("a", encoding="utf-8") as results:
            results.write(json.dumps(result) + "\n")
        shutil.rmtree(self._folder(child), ignore_errors=True)

    def _end_children(self) -> None:
        for child in self._children:
            os.kill(child, signal.SIGKILL)
        for child in self._children:
            os.waitpid(child, 0)
            shutil.rmtree(self._folder(child), ignore_errors=True)
        self._children.clear()

    def _is_late(self) -> bool:
        deadline = self._plan["deadline"]
        return deadline is not None and time.monotonic() >= deadline

    def _folder(self, child: int) -> Path:
        """Return the folder of a child's temporary files."""
        return self._results.with_suffix(".tmp") / str(child)

    def _last_test(self, child: int) -> Path:
        """Return the file that names the test that a child began last."""
        return self._folder(child) / "last-test"


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
