"""Gates that passed, and run again only after one of their inputs changed."""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from gates.gate_cache import FOLDER, MAX_RESULTS, digest_of_inputs, paths_of_inputs, run_unless_unchanged
from gates.model import Finding, Outcome, Project
from gates.registry import CHECKS, EVERYTHING, Inputs, LazyGate
from gates.testing.result_cache.dependencies import Dependencies
from gates.testing.result_cache.store import FOLDER_VARIABLE
from tests.gates.support.sample_project import Part, SampleProject

ROOT = Path(__file__).parents[3]
FILES = {
    "README.md": "# Sample\n",
    ".gitignore": "backend/app/ignored.py\nreports/\n.docs/\n",
    "docs/old.md": "",
    "docs/decisions/0001-first.md": "# 1. First\n",
    "backend/pyproject.toml": "",
    "backend/openapi.json": "{}",
    "backend/requirements/dev.txt": "",
    "backend/app/main.py": "def serve():\n    return 1  # a comment\n",
    "backend/app/tables.py": "METADATA = {}\n",
    "backend/app/ignored.py": "",
    "backend/alembic/env.py": "from app.tables import METADATA\n",
    "backend/alembic/versions/first.py": "revision = '1'\n",
    "backend/alembic/versions/first.sql": "SELECT 1",
    "backend/gates/contract/route_report.py": "",
    "backend/gates/contract/application.py": "def run_application():\n    return 1\n",
    "backend/tests/test_it.py": "def test_it():\n    pass\n",
}
MODULES = {f"backend/{gate.path.partition(':')[0].replace('.', '/')}.py": "" for gate in CHECKS.values()}
IMPORTING = {
    f"backend/gates/contract/{name}.py": "from gates.contract.application import run_application\n"
    for name in ("openapi", "routes")
}
SAMPLE = Part(FILES | MODULES | IMPORTING, '[coverage]\nmeasured = ["app", "gates"]\n')

CACHED = {name for name, gate in CHECKS.items() if gate.inputs}
WHOLE_TREE = {name for name, gate in CHECKS.items() if gate.inputs and gate.inputs.everything}
CONTRACT = {"openapi", "routes"}
SCHEMA = {"migration-drift", "migration-cycle"}

Edit = Callable[[SampleProject], object]
EDITS: dict[str, tuple[Edit, set[str]]] = {
    "comment": (lambda it: it.replace("backend/app/main.py", "a comment", "another"), set()),
    "use case": (lambda it: it.replace("backend/app/main.py", "return 1", "return 2"), CONTRACT),
    "table": (lambda it: it.write("backend/app/tables.py", "METADATA = {1: 2}\n"), CONTRACT | SCHEMA),
    "revision": (lambda it: it.write("backend/alembic/versions/second.py"), CONTRACT | SCHEMA),
    "SQL": (lambda it: it.write("backend/alembic/versions/first.sql", "SELECT 2"), CONTRACT | SCHEMA),
    "published contract": (lambda it: it.write("backend/openapi.json", "[]"), {"openapi"}),
    "decision": (lambda it: it.write("docs/decisions/0002-second.md"), {"openapi"}),
    "base": (lambda it: it.git("update-ref", "refs/heads/main", "HEAD"), {"openapi"}),
    "script of a gate": (lambda it: it.write("backend/gates/contract/route_report.py", "1"), {"routes"}),
    "code of a gate": (lambda it: it.append("backend/gates/contract/openapi.py", "A = 1\n"), {"openapi"}),
    "code that a gate imports": (
        lambda it: it.append("backend/gates/contract/application.py", "A = 1\n"),
        CONTRACT,
    ),
    "rule book": (lambda it: it.append(".agent/rules/techstack-backend.md", "Words.\n"), CACHED),
    "lock": (lambda it: it.write("backend/requirements/dev.txt", "rich==1"), CACHED),
    "settings of tools": (lambda it: it.write("backend/pyproject.toml", "[tool.ruff]\n"), CACHED),
    "page": (lambda it: it.write("README.md", "# Other\n"), set()),
    "new file": (lambda it: it.write("docs/new.md"), set()),
    "deleted file": (lambda it: it.remove("docs/old.md"), set()),
    "test": (lambda it: it.append("backend/tests/test_it.py", "# a comment\n"), set()),
    "mode": (lambda it: it.git("update-index", "--chmod=+x", "README.md"), set()),
    "index": (lambda it: it.git("rm", "--cached", "README.md"), set()),
    "ignored code": (lambda it: it.write("backend/app/ignored.py", "A = 1\n"), set()),
    "other environment": (lambda it: it.write(".docs/stamp", "1"), set()),
}


@pytest.fixture
def sample(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> SampleProject:
    """Return a project with a module for each gate, on a branch with one commit."""
    monkeypatch.setenv(FOLDER_VARIABLE, str(tmp_path / "cache"))
    monkeypatch.delenv("DATABASE_URL", raising=False)
    monkeypatch.delenv("PAU2_BASE", raising=False)
    return SampleProject.build(tmp_path / "sample", SAMPLE, branch="change").commit()


def digests(sample: SampleProject) -> dict[str, str]:
    project = sample.project
    return {name: digest_of_inputs(project, name, CHECKS[name]) for name in CACHED}


@pytest.mark.parametrize("kind", EDITS)
def test_runs_again_exactly_when_an_input_changed(kind: str, sample: SampleProject) -> None:
    edit, gates = EDITS[kind]  # beside those that depend on all files
    before = digests(sample)

    edit(sample)

    now = digests(sample)
    assert {name for name in CACHED if now[name] != before[name]} == gates | WHOLE_TREE


def test_runs_again_when_a_variable_changed(sample: SampleProject, monkeypatch: pytest.MonkeyPatch) -> None:
    before = digests(sample)

    monkeypatch.setenv("SOME_VARIABLE", "1")

    now = digests(sample)
    assert {name for name in CACHED if now[name] != before[name]} == CACHED


PASSED = Outcome(checked=3, note="3 files")


@dataclass(frozen=True)
class CountedGate(LazyGate):
    """A gate that counts its runs, and may do something in each."""

    path: str = "gates.contract.openapi:check"
    inputs: Inputs | None = EVERYTHING
    outcome: Outcome = PASSED
    during: Callable[[], object] = bool
    runs: list[Project] = field(default_factory=list)

    def __call__(self, project: Project) -> Outcome:
        self.runs.append(project)
        self.during()
        return self.outcome


def run(
    sample: SampleProject, gate: CountedGate, *, staged: bool = False, arguments: Sequence[str] = ()
) -> Outcome:
    project = Project(root=sample.root, staged=staged, arguments=arguments)
    return run_unless_unchanged(project, "openapi", gate)


def test_says_so_when_nothing_changed_since_it_passed(sample: SampleProject) -> None:
    gate = CountedGate()

    first, second = (run(sample, gate) for _ in range(2))

    assert len(gate.runs) == 1
    assert first == gate.outcome
    assert second.note == "3 files; unchanged since it passed (0 min ago)"
    assert (second.status, second.checked, second.is_unchanged) == ("passed", 3, True)


def test_says_only_that_when_the_gate_has_no_note(sample: SampleProject) -> None:
    gate = CountedGate(outcome=Outcome(checked=1))

    assert [run(sample, gate).note for _ in range(2)] == ["", "unchanged since it passed (0 min ago)"]


@pytest.mark.parametrize(
    "outcome",
    [Outcome(), Outcome(skipped="no files"), Outcome(findings=[Finding(file="a", message="b", fix="c")])],
    ids=["nothing checked", "skipped", "failed"],
)
def test_runs_again_when_it_did_not_pass(outcome: Outcome, sample: SampleProject) -> None:
    gate = CountedGate(outcome=outcome)

    assert [run(sample, gate) for _ in range(2)] == [outcome, outcome]
    assert len(gate.runs) == 2


def test_runs_again_when_a_file_was_edited_meanwhile(sample: SampleProject) -> None:
    gate = CountedGate(during=lambda: sample.append("README.md", "More.\n"))
    run(sample, gate)
    sample.write("README.md", FILES["README.md"])

    run(sample, gate)

    assert len(gate.runs) == 2


@pytest.mark.parametrize(
    ("inputs", "staged", "arguments"),
    [(None, False, []), (EVERYTHING, True, []), (EVERYTHING, False, ["--whole"])],
    ids=["inputs unknown", "commit hook", "arguments"],
)
def test_always_runs_when_its_result_cannot_be_known(
    inputs: Inputs | None, staged: bool, arguments: list[str], sample: SampleProject
) -> None:
    gate = CountedGate(inputs=inputs)

    outcomes = [run(sample, gate, staged=staged, arguments=arguments) for _ in range(2)]

    assert outcomes == [gate.outcome] * 2
    assert len(gate.runs) == 2


@pytest.mark.parametrize("variable", [(FOLDER_VARIABLE, "off"), ("DATABASE_URL", "postgresql://server/db")])
def test_always_runs_when_a_variable_says_so(
    variable: tuple[str, str], sample: SampleProject, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(*variable)
    gate = CountedGate(inputs=Inputs(server=True))

    assert [run(sample, gate) for _ in range(2)] == [gate.outcome] * 2


def test_runs_when_git_cannot_read_the_files(sample: SampleProject) -> None:
    (sample.root / ".git").rename(sample.root / ".other")

    assert run(sample, gate := CountedGate()) == gate.outcome


def test_runs_when_the_checkout_has_other_gates(sample: SampleProject) -> None:
    gate = CountedGate(path="gates.elsewhere:check")

    assert [run(sample, gate) for _ in range(2)] == [gate.outcome] * 2


def test_runs_again_when_its_output_was_replaced(sample: SampleProject) -> None:
    place = sample.root / "reports/policy.json"
    gate = CountedGate(
        inputs=Inputs(outputs=("policy.json",)), during=lambda: sample.write("reports/policy.json", "[]")
    )
    counts = []
    for content in ("[]", "[]", "[1]", "[]"):
        place.parent.mkdir(exist_ok=True)
        place.write_text(content)
        run(sample, gate)
        counts.append(len(gate.runs))

    assert counts == [1, 1, 2, 2]


@pytest.mark.parametrize(
    "damage",
    [lambda text: text[:20], lambda text: text.replace("3 files", "9 files"), lambda _: "[]"],
    ids=["cut short", "edited", "another format"],
)
def test_runs_again_when_the_result_is_damaged(
    damage: Callable[[str], str], sample: SampleProject, tmp_path: Path
) -> None:
    gate = CountedGate()
    run(sample, gate)
    (stored,) = (tmp_path / "cache" / FOLDER).glob("*.json")
    stored.write_text(damage(stored.read_text()))

    assert run(sample, gate) == gate.outcome


def test_passes_when_results_cannot_be_stored(sample: SampleProject, tmp_path: Path) -> None:
    (tmp_path / "cache").mkdir()
    (tmp_path / "cache" / FOLDER).write_text("a file")

    assert run(sample, gate := CountedGate()) == gate.outcome


def test_deletes_older_results_when_there_are_many(sample: SampleProject, tmp_path: Path) -> None:
    folder = tmp_path / "cache" / FOLDER
    folder.mkdir(parents=True)
    for number in range(MAX_RESULTS):
        place = folder / f"{number}.json"
        place.write_text("{}")
        os.utime(place, (number, number))

    run(sample, CountedGate())

    left = {path.stem for path in folder.iterdir()}
    assert len(left) == MAX_RESULTS // 2 + 1
    assert {"0", str(MAX_RESULTS // 2 - 1)}.isdisjoint(left)


OBSERVER = """import sys
opened = set()
sys.addaudithook(lambda event, found: opened.add(found[0]) if event == "open" else None)
{program}
print("\\n".join(path for path in opened if isinstance(path, str)), file=sys.stderr)
"""
PROGRAMS = {
    "openapi": "import runpy\nsys.argv = ['app', 'openapi']\n"
    "try:\n    runpy.run_module('app', run_name='__main__')\nexcept SystemExit:\n    pass",
    "routes": "import runpy\nrunpy.run_path('gates/contract/route_report.py', run_name='__main__')",
    "migration-cycle": "from gates.migrations.alembic_commands import offline_sql\noffline_sql('base:head')",
}


@pytest.mark.parametrize("gate", PROGRAMS)
def test_declares_every_file_that_a_gate_opens(gate: str) -> None:
    code, others = paths_of_inputs(Dependencies(Project(root=ROOT)), CHECKS[gate])
    known = {*code, *others, "backend/pyproject.toml"}

    result = subprocess.run(
        [sys.executable, "-c", OBSERVER.format(program=PROGRAMS[gate])],
        cwd=ROOT / "backend",
        env={**os.environ, "PAU2_ENVIRONMENT": "test"},
        capture_output=True,
        text=True,
        check=True,
    )

    opened = {source_of(Path(ROOT / "backend", line)) for line in result.stderr.splitlines()}
    inside = {path.relative_to(ROOT).as_posix() for path in opened if path.is_relative_to(ROOT)}
    sources = {name for name in inside if not name.startswith((".venv/", ".noxw/"))}
    assert len(sources) > 20
    assert sources - known == set()


def source_of(path: Path) -> Path:
    """Return the source of compiled code, and other files themselves."""
    if path.parent.name != "__pycache__":
        return path
    return path.parents[1] / f"{path.name.partition('.')[0]}.py"


def test_stores_a_result_as_json(sample: SampleProject, tmp_path: Path) -> None:
    run(sample, CountedGate())

    (stored,) = (tmp_path / "cache" / FOLDER).iterdir()
    assert json.loads(stored.read_text())["outcome"] == {"checked": 3, "note": "3 files"}
