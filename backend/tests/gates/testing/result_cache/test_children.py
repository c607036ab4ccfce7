import sys
from pathlib import Path

import pytest

from gates.testing.result_cache.children import IN_BACKGROUND, KEPT_VARIABLE, Child, units_of_child

ROOT = Path("/checkout")
BACKEND = ROOT / "backend"
ELSEWHERE = "/elsewhere"
FOUND = {"PYTHONPATH": str(BACKEND)}


@pytest.mark.parametrize(
    ("command", "folder", "variables", "units"),
    [
        (["git", "status"], ROOT, {}, {"tree checkout"}),
        (["git", "-c", "core.pager=", "ls-files", "-z"], ROOT, {}, {"tree names"}),
        (["git", "ls-files"], ELSEWHERE, {}, set()),
        (["git", "-C", str(ROOT), "status"], ELSEWHERE, {}, {"tree checkout"}),
        (["git", "init"], ELSEWHERE, {}, set()),
        ([sys.executable, "-m", "app", "migrate"], BACKEND, {}, {"tree app"}),
        ([sys.executable, "-m", "app", "migrate"], BACKEND, {KEPT_VARIABLE: "1"}, set()),
        ([sys.executable, "-m", "gates", "run", "lint"], BACKEND, {}, {"tree checkout"}),
        ([sys.executable, "-m", "devtools.dev"], BACKEND, {}, {"tree code"}),
        ([sys.executable, "-I", "-S", f"{BACKEND}/a.py", "1"], BACKEND, {}, {"file backend/a.py"}),
        ([*IN_BACKGROUND, sys.executable, "-I", "-S", f"{BACKEND}/a.py"], ROOT, {}, {"file backend/a.py"}),
        ([sys.executable, "-I", "-S", "/elsewhere/a.py"], BACKEND, {}, {"tree code"}),
        (["./noxw", "-s", "lint"], ROOT, {}, {"tree checkout"}),
        ([sys.executable, "-m", "mypy"], ELSEWHERE, {}, set()),
        ([sys.executable, "-m", "gates.report.session"], ELSEWHERE, FOUND, {"tree gates"}),
        ([sys.executable, "-m", "gates.report.session"], ELSEWHERE, {}, set()),
        ([sys.executable, "-c", "import app.main"], ELSEWHERE, FOUND, {"tree app", "tree gates"}),
        ([sys.executable, "-c", f"path=['{BACKEND}']; import app"], ELSEWHERE, {}, {"tree app"}),
        ([sys.executable, "-c", "import app.main"], ELSEWHERE, {}, set()),
        ([sys.executable, f"{BACKEND}/gates/report/pytest_events.py"], ELSEWHERE, {}, {"tree gates"}),
        ([sys.executable, "-m", "pytest"], ELSEWHERE, FOUND, {"tree gates"}),
        (["cp", "-R", f"{ROOT}/docs", "copy"], ELSEWHERE, {}, {"tree code"}),
        (["postgres", "-D", f"{ROOT}/.postgres/data"], ELSEWHERE, {}, set()),
        (["ldconfig", "-p"], ROOT, {}, set()),
        ("make test", ROOT, {}, {"tree code"}),
        ([b"true"], b"/elsewhere", {}, set()),
    ],
)
def test_says_what_a_child_may_depend_on(
    command: list[str], folder: str, variables: dict[str, str], units: set[str]
) -> None:
    assert units_of_child(Child(command, folder, variables), BACKEND) == units
