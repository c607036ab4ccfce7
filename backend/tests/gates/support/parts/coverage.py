"""Code that real coverage measures, with a driver that is quicker than pytest."""

import json
import subprocess
import sys
from dataclasses import dataclass
from typing import Self

from gates.coverage.data import REPORT_SETTINGS, snapshot
from gates.repo.environment import for_tests
from tests.gates.support.sample_project import Part, SampleProject

TABLES = """[coverage]
global = { lines = 90, branches = 85 }
new = { lines = 95, branches = 90 }
critical = { lines = 95, branches = 90 }
critical-modules = ["app/domain/**"]
measured = ["app"]
"""

SETTINGS = """[tool.pytest.ini_options]
addopts = ["--import-mode=importlib"]
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
import sys

import coverage

sys.path.insert(0, "")
measured = coverage.Coverage(config_file="pyproject.toml")
with measured.collect():
    for path in sorted(pathlib.Path("tests").glob("test_*.py")):
        module = importlib.import_module(f"tests.{path.stem}")
        for name in dir(module):
            if name.startswith("test_"):
                getattr(module, name)()
measured.save()
reported = coverage.Coverage(config_file="../reports/coverage/report.ini")
reported.load()
reported.json_report(outfile="../reports/coverage/coverage.json")
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
    ".gitignore": "/reports/\n__pycache__/\n.pytest_cache/\n",
    "backend/pyproject.toml": SETTINGS,
    "backend/app/__init__.py": "",
    LEGACY_FILE: LEGACY,
    SHOP: "def greet():\n    return 'hello'\n",
    "backend/app/domain/__init__.py": "",
    PRICES: "def double(price):\n    return price * 2\n",
    "backend/tests/__init__.py": "",
    TEST: "from app.domain.prices import double\nfrom app.shop import greet\n\n\n"
    "def test_greets():\n    assert greet() == 'hello'\n    assert double(2) == 4\n",
    "backend/tests/test_legacy.py": "from app.legacy import half_tested\n\n\n"
    "def test_half():\n    assert half_tested(1, 1) == 2\n",
}


COVERAGE = Part(FILES, TABLES)


@dataclass(frozen=True)
class MeasuredProject(SampleProject):
    """A sample project that can measure itself."""

    def add_code(self, source: str, test: str = "", name: str = "extra") -> int:
        """Append code to the shop and a test of it; return the number of the first line of that code."""
        text = (self.root / SHOP).read_text(encoding="utf-8")
        self.write(SHOP, f"{text}\n\n{source}")
        if test:
            test = f"from app import shop\n\n\ndef test_{name}():\n    {test}\n"
            self.write(f"backend/tests/test_{name}.py", test)
        return text.count("\n") + 3

    def measure(self) -> Self:
        """Run the tests under coverage and leave what a passed `tests` session would, from one process."""
        tested = snapshot(self.project)
        self.write("reports/coverage/report.ini", REPORT_SETTINGS)
        command = [sys.executable, "-c", DRIVE]
        subprocess.run(command, cwd=self.root / "backend", env=for_tests(), check=True)
        return self.write("reports/coverage/stamp.json", json.dumps(tested))
