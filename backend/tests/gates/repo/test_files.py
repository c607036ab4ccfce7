import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from gates.model import GateError
from gates.repo import files as repo_files
from gates.repo.files import files, parse, syntax, text
from gates.repo.yaml12 import load
from tests.gates.support.sample_project import Twin

GATES = Path(repo_files.__file__).parents[1]


def test_lists_tracked_and_untracked_but_not_ignored_or_deleted_files(twin: Twin) -> None:
    twin.write("backend/app/new.py").write("reports/x.py").remove("backend/app/main.py")

    listed = files(twin.project, "backend/app/*.py", "reports/*")

    assert "backend/app/new.py" in listed
    assert "backend/app/domain/news.py" in listed
    assert not {"reports/x.py", "backend/app/main.py"} & {*listed}


def test_names_file_when_it_is_not_python(twin: Twin) -> None:
    twin.write("backend/app/domain/bad.py", "def f(:\n")

    with pytest.raises(GateError, match=r"domain/bad\.py is not valid Python"):
        parse(twin.project, "backend/app/domain/bad.py")


def test_names_file_when_it_is_not_text(twin: Twin) -> None:
    (twin.root / "x.py").write_bytes(b"\xff")

    with pytest.raises(GateError, match=r"x\.py is not UTF-8 text"):
        text(twin.project, "x.py")


@pytest.mark.parametrize(
    ("source", "message"), [("- a\n", "does not hold a mapping"), ("a: [", "is not valid YAML")]
)
def test_names_file_when_yaml_is_not_what_it_must_be(source: str, message: str) -> None:
    with pytest.raises(GateError, match=rf"ci\.yml {message}"):
        load("ci.yml", source)


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
    modules = [path.read_bytes() for path in GATES.rglob("*.py")] * 8

    with ThreadPoolExecutor(8) as pool:
        trees = list(pool.map(lambda source: (Finalized(), syntax(source))[1], modules))

    assert len(trees) == len(modules)


def test_has_one_place_where_threads_take_turns_to_read_syntax() -> None:
    places = {
        path.relative_to(GATES).as_posix()
        for path in GATES.rglob("*.py")
        if "ast.parse(" in path.read_text(encoding="utf-8")
    }

    assert places == {"repo/files.py", "mutation/worker.py", "coverage/probes/instrument.py"}
