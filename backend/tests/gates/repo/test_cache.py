import pytest

from gates.model import Project
from gates.repo import cache, files, python
from gates.repo.cache import cached_per_file
from tests.gates.support.sample_project import Twin

SOURCE = "backend/app/domain/news.py"
KEPT = "reports/cache/tests.gates.repo.test_cache.look.json"

looked: list[str] = []


def look(project: Project, name: str) -> int:
    looked.append(name)
    return len((project.root / name).read_text())


@pytest.fixture(autouse=True)
def _nothing_looked_at() -> None:
    looked.clear()


def ask(twin: Twin, *settings: object) -> int:
    return cached_per_file(twin.project, [SOURCE], look, *settings)[SOURCE]


def test_looks_once_when_nothing_changes(twin: Twin) -> None:
    assert ask(twin) == ask(twin)
    assert looked == [SOURCE]


def test_looks_again_when_the_file_changes(twin: Twin) -> None:
    before = ask(twin)
    twin.replace(SOURCE, "int", "float")

    assert ask(twin) == before + len("float") - len("int")


def test_looks_again_when_a_setting_changes(twin: Twin) -> None:
    ask(twin, "1.0")
    ask(twin, "1.1")

    assert looked == [SOURCE, SOURCE]


@pytest.mark.parametrize("module", ["gate.py", "files.py", "python.py"])
def test_looks_again_when_the_gate_or_its_reader_changes(
    twin: Twin, monkeypatch: pytest.MonkeyPatch, module: str
) -> None:
    for name in ("gate.py", "files.py", "python.py"):
        twin.write(name, "before\n")
    monkeypatch.setattr(cache, "getsourcefile", lambda _: str(twin.root / "gate.py"))
    monkeypatch.setattr(files, "__file__", str(twin.root / "files.py"))
    monkeypatch.setattr(python, "__file__", str(twin.root / "python.py"))
    ask(twin)
    twin.write(module, "after\n")
    ask(twin)

    assert looked == [SOURCE, SOURCE]


@pytest.mark.parametrize("kept", ['{"cut', "[]", ""])
def test_looks_again_when_what_was_kept_was_cut_short(twin: Twin, kept: str) -> None:
    said = ask(twin)
    twin.write(KEPT, kept)

    assert ask(twin) == said
    assert looked == [SOURCE, SOURCE]


def test_forgets_what_no_file_has_any_more(twin: Twin) -> None:
    ask(twin)
    before = (twin.root / KEPT).read_text()
    twin.replace(SOURCE, "int", "float")
    ask(twin)

    assert before.count(":") == (twin.root / KEPT).read_text().count(":") == 1


def test_leaves_no_unfinished_file(twin: Twin) -> None:
    ask(twin)

    assert [path.name for path in (twin.root / "reports/cache").iterdir()] == [KEPT.rpartition("/")[2]]
