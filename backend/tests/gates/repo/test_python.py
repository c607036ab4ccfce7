import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from gates.model import GateError
from gates.repo import python
from gates.repo.python import parse_file, parse_source
from tests.gates.support.sample_project import SampleProject

GATES = Path(python.__file__).parents[1]


def test_names_file_when_it_is_not_python(sample: SampleProject) -> None:
    sample.write("backend/app/domain/bad.py", "def f(:\n")

    with pytest.raises(GateError, match=r"domain/bad\.py is not valid Python"):
        parse_file(sample.project, "backend/app/domain/bad.py")


class Finalized:
    """Garbage that runs Python code when it is collected, so that threads change places meanwhile."""

    def __init__(self) -> None:
        self.myself = self

    def __del__(self) -> None:
        sum(range(2000))


@pytest.fixture
def impatient_threads() -> Iterator[None]:
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(interval)


@pytest.mark.usefixtures("impatient_threads")
def test_reads_syntax_in_several_threads_at_once() -> None:
    """Without the lock, already the first reading of the modules fails on CPython 3.11."""
    modules = [path.read_bytes() for path in GATES.rglob("*.py")] * 2

    with ThreadPoolExecutor(8) as pool:
        trees = list(pool.map(lambda source: (Finalized(), parse_source(source))[1], modules))

    assert len(trees) == len(modules)


def test_has_one_place_where_threads_take_turns_to_read_syntax() -> None:
    places = {
        path.relative_to(GATES).as_posix()
        for path in GATES.rglob("*.py")
        if "ast.parse(" in path.read_text(encoding="utf-8")
    }

    assert places == {"repo/python.py", "mutation/worker.py", "coverage/probes/instrument.py"}
