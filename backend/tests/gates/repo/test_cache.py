from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Event

import pytest

from devtools.file_locks import open_lock_file
from gates.model import Project
from gates.repo import cache, files, python
from gates.repo.cache import cached_per_file
from tests.gates.support.sample_project import SampleProject

SOURCE = "backend/app/domain/news.py"
SECONDS = 30
KEPT = "reports/cache/tests.gates.repo.test_cache.look.json"

looked: list[str] = []


def look(project: Project, name: str) -> int:
    looked.append(name)
    return len((project.root / name).read_text())


@pytest.fixture(autouse=True)
def _nothing_looked_at() -> None:
    looked.clear()


def ask(sample: SampleProject, *settings: object) -> int:
    return cached_per_file(sample.project, [SOURCE], look, *settings)[SOURCE]


def test_looks_once_when_nothing_changes(sample: SampleProject) -> None:
    assert ask(sample) == ask(sample)
    assert looked == [SOURCE]


def test_looks_once_when_two_checks_ask_at_the_same_time(
    sample: SampleProject, monkeypatch: pytest.MonkeyPatch
) -> None:
    is_looking, is_waiting = Event(), Event()

    def look_slowly(project: Project, name: str) -> int:
        is_looking.set()
        assert is_waiting.wait(SECONDS)
        return look(project, name)

    def open_lock(path: Path) -> int:
        if is_looking.is_set():
            is_waiting.set()
        return open_lock_file(path)

    monkeypatch.setattr(cache, "open_lock_file", open_lock)

    def ask_slowly() -> dict[str, int]:
        return cached_per_file(Project(root=sample.root), [SOURCE], look_slowly)

    with ThreadPoolExecutor() as pool:
        first = pool.submit(ask_slowly)
        assert is_looking.wait(SECONDS)
        second = pool.submit(ask_slowly)

        assert first.result(SECONDS) == second.result(SECONDS)
    assert looked == [SOURCE]


def test_looks_again_when_the_file_changes(sample: SampleProject) -> None:
    before = ask(sample)
    sample.replace(SOURCE, "int", "float")

    assert ask(sample) == before + len("float") - len("int")


def test_looks_again_when_a_setting_changes(sample: SampleProject) -> None:
    ask(sample, "1.0")
    ask(sample, "1.1")

    assert looked == [SOURCE, SOURCE]


@pytest.mark.parametrize("module", ["gate.py", "files.py", "python.py"])
def test_looks_again_when_the_gate_or_its_reader_changes(
    sample: SampleProject, monkeypatch: pytest.MonkeyPatch, module: str
) -> None:
    for name in ("gate.py", "files.py", "python.py"):
        sample.write(name, "before\n")
    monkeypatch.setattr(cache, "getsourcefile", lambda _: str(sample.root / "gate.py"))
    monkeypatch.setattr(files, "__file__", str(sample.root / "files.py"))
    monkeypatch.setattr(python, "__file__", str(sample.root / "python.py"))
    ask(sample)
    sample.write(module, "after\n")
    ask(sample)

    assert looked == [SOURCE, SOURCE]


@pytest.mark.parametrize("kept", ['{"cut', "[]", ""])
def test_looks_again_when_what_was_kept_was_cut_short(sample: SampleProject, kept: str) -> None:
    said = ask(sample)
    sample.write(KEPT, kept)

    assert ask(sample) == said
    assert looked == [SOURCE, SOURCE]


def test_forgets_what_no_file_has_any_more(sample: SampleProject) -> None:
    ask(sample)
    before = (sample.root / KEPT).read_text()
    sample.replace(SOURCE, "int", "float")
    ask(sample)

    assert before.count(":") == (sample.root / KEPT).read_text().count(":") == 1


def test_leaves_no_unfinished_file(sample: SampleProject) -> None:
    ask(sample)

    kept = sample.root / KEPT
    assert {*kept.parent.iterdir()} == {kept, kept.with_suffix(".lock")}
