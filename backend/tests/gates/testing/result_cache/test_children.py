import sys
from pathlib import Path

import pytest

from gates.testing.result_cache.children import Child, units_of_child

ROOT = Path("/checkout")
BACKEND = ROOT / "backend"
ELSEWHERE = "/elsewhere"


@pytest.mark.parametrize(
    ("command", "folder", "variables", "units"),
    [
        (["git", "status"], ROOT, {}, {"tree checkout"}),
        (["git", "-C", str(ROOT), "status"], ELSEWHERE, {}, {"tree checkout"}),
        (["git", "init"], ELSEWHERE, {}, set()),
        ([sys.executable, "-m", "app", "migrate"], BACKEND, {}, {"tree code"}),
        ([sys.executable, "-m", "mypy"], ELSEWHERE, {}, set()),
        ([sys.executable, "-m", "gates.report.session"], ELSEWHERE, {}, {"tree gates"}),
        ([sys.executable, "-c", "import app.main"], ELSEWHERE, {}, {"tree app"}),
        ([sys.executable, f"{BACKEND}/gates/report/pytest_events.py"], ELSEWHERE, {}, {"tree gates"}),
        ([sys.executable, "-m", "pytest"], ELSEWHERE, {"PYTHONPATH": str(BACKEND)}, {"tree gates"}),
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
