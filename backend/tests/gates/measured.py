"""A twin whose code is measured by real coverage, with a driver that is quicker than pytest."""

import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from gates.measurement import environment, record, snapshot
from tests.gates.twin import RULE_BOOK, Twin

BOOK = """```toml
[coverage]
global = { lines = 90, branches = 85 }
new = { lines = 95, branches = 90 }
critical = { lines = 95, branches = 90 }
critical-modules = ["app/domain/**"]
measured = ["app"]
[rules]
```
"""

PYPROJECT = """[tool.pytest.ini_options]
addopts = ["--import-mode=importlib", "--cov-config=pyproject.toml", "-p", "no:randomly"]
pythonpath = ["."]
[tool.coverage.run]
branch = true
source = ["app"]
data_file = "../reports/coverage/.coverage"
relative_files = true
[tool.coverage.report]
include_namespace_packages = true
"""

DRIVE = """import importlib
import pathlib

for path in sorted(pathlib.Path("tests").glob("test_*.py")):
    module = importlib.import_module(f"tests.{path.stem}")
    for name in dir(module):
        if name.startswith("test_"):
            getattr(module, name)()
"""

LEGACY_FILE = "backend/app/legacy.py"
PRICES = "backend/app/domain/prices.py"
SHOP = "backend/app/shop.py"
TEST = "backend/tests/test_shop.py"
LEGACY = """def untested(a, b):
    return max(
        a,
        b,
    )


def half_tested(a, b):
    if (
        a
        and b
    ):
        a += 1
    return a
"""

FILES = {
    RULE_BOOK: BOOK,
    ".gitignore": "/reports/\n__pycache__/\n.pytest_cache/\n",
    "backend/pyproject.toml": PYPROJECT,
    "backend/app/__init__.py": "",
    LEGACY_FILE: LEGACY,
    SHOP: "def greet():\n    return 'hello'\n",
    "backend/app/domain/__init__.py": "",
    PRICES: "def double(price):\n    return price * 2\n",
    "backend/tests/__init__.py": "",
    "backend/tests/drive.py": DRIVE,
    TEST: "from app.domain.prices import double\nfrom app.shop import greet\n\n\n"
    "def test_greets():\n    assert greet() == 'hello'\n    assert double(2) == 4\n",
    "backend/tests/test_legacy.py": "from app.legacy import half_tested\n\n\n"
    "def test_half():\n    assert half_tested(1, 1) == 2\n",
}


@dataclass(frozen=True)
class MeasuredTwin(Twin):
    """A twin that can measure itself."""

    def add_code(self, source: str, test: str = "", name: str = "extra") -> int:
        """Append code to the shop and a test of it; return the number of the first line of that code."""
        text = (self.root / SHOP).read_text(encoding="utf-8")
        self.write(SHOP, f"{text}\n\n{source}")
        if test:
            test = f"from app import shop\n\n\ndef test_{name}():\n    {test}\n"
            self.write(f"backend/tests/test_{name}.py", test)
        return text.count("\n") + 3

    def measure(self) -> "MeasuredTwin":
        """Run the tests under coverage, as a passed `tests` session would."""
        tested = snapshot(self.project)
        (self.root / "reports/coverage").mkdir(parents=True, exist_ok=True)
        subprocess.run(
            [sys.executable, "-m", "coverage", "run", "--rcfile=pyproject.toml", "-m", "tests.drive"],
            cwd=self.root / "backend",
            env=environment(),
            check=True,
        )
        record(self.project, tested)
        return self


def make_measured_twin(root: Path, files: dict[str, str] | None = None) -> MeasuredTwin:
    """Make the twin with one commit on main, on a branch of its own."""
    twin = MeasuredTwin(root)
    for name, text in (FILES | (files or {})).items():
        twin.write(name, text)
    twin.git("init", "--quiet", "--initial-branch=main")
    twin.commit("first")
    twin.branch()
    return twin
