"""A small project whose tests each depend on one kind of thing, and the results of its tests."""

import json
import os
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from gates.testing.result_cache.runs import CachedRun
from gates.testing.result_cache.selection import Selection
from gates.testing.runs import run_pytest
from tests.gates.support.parts.application import lock
from tests.gates.support.sample_project import Part, SampleProject

ENVIRONMENT = {**os.environ}
FOLDERS = TemporaryDirectory(prefix="pau2-remembered-")
PYPROJECT = """[tool.pytest.ini_options]
addopts = ["--import-mode=importlib"]
pythonpath = ["."]
"""
CONFTEST = """import pytest

from app.started import start

pytest_plugins = ["tests.plugins.extra"]


@pytest.fixture(scope="session")
def service():
    return start()
"""
APP = {
    "constant": "RATE = 2\n\n\ndef price(net):\n    return net * RATE\n",
    "default": "def scaled(number, by=2):\n    return number * by\n",
    "decorator": "def twice(function):\n    return lambda number: 2 * function(number)\n\n\n"
    "def once(function):\n    return function\n\n\n@twice\ndef following(number):\n    return number + 1\n",
    "attribute": "class Shop:\n    open = True\n\n    def says(self):\n        return self.open\n",
    "enumeration": "from enum import Enum\n\n\nclass Role(Enum):\n    MEMBER = 1\n    ADMIN = 2\n",
    "base": "class Left:\n    side = 1\n\n\nclass Right:\n    side = 2\n",
    "derived": "from app.base import Left, Right\n\nBASES = (Left, Right)\n\n\nclass Child(Left):\n"
    "    pass\n",
    "exports/__init__": "from app.exports.one import value\n",
    "exports/one": "def value():\n    return 1\n",
    "exports/two": "def value():\n    return 2\n",
    "alias": "Number = int\n",
    "record": "from dataclasses import dataclass\n\n\n@dataclass(order=True)\nclass Pair:\n"
    "    first: int\n    second: int\n",
    "mail": "from pathlib import Path\n\n\ndef text():\n"
    '    return Path(__file__).with_name("mail.txt").read_text()\n',
    "query": 'from pathlib import Path\n\nSQL = Path(__file__).with_name("query.sql").read_text()\n',
    "started": "def start():\n    return 1\n",
    "documented": 'def shown():\n    """Say hello."""\n    return 1\n\n\ndef _hidden():\n'
    '    """Hide."""\n    return 2\n\n\n'
    "def hidden():\n    return _hidden()\n",
    "cached": "from functools import cache\n\n\ndef count():\n    return 1\n\n\n@cache\n"
    "def counted():\n    return count()\n",
    "renamed": "def old():\n    return 1\n\n\ndef other():\n    return 2\n",
    "mentions": "from app.constant import RATE as RATIO\n\nRATES = (RATIO, 1)\nSIDES = 3\n\n\n"
    "class Cube:\n    sides = SIDES\n\n\ndef first():\n    return RATES[0]\n",
    "shape": '"""Shapes."""\n\nTWO = 2\n"""Two."""\n\n\n'
    "def numbers():\n    return [1]\n\n\ndef uses():\n    return numbers\n",
    "branches": "def sign(number):\n    if number < 0:\n        return -1\n    return 1\n",
    "unused": "def never():\n    return 1\n",
    "program": "import sys\n\nfrom app.tools import used, waiting\n\nif __name__ == '__main__':\n"
    "    {'used': used, 'waiting': waiting}[sys.argv[1]]()\n",
    "tools": "import sys\n\n\ndef used():\n    return 1\n\n\ndef unused():\n    return 1\n\n\n"
    "def waiting():\n    print('ready', flush=True)\n    sys.stdin.read()\n",
}
TESTS = {
    "constant": "from app.constant import price\n\n\ndef test_it():\n    assert price(2) == 4\n",
    "default": "from app.default import scaled\n\n\ndef test_it():\n    assert scaled(2) == 4\n",
    "decorator": "from app.decorator import following\n\n\ndef test_it():\n    assert following(1) == 4\n",
    "attribute": "from app.attribute import Shop\n\n\ndef test_it():\n    assert Shop().says()\n",
    "enumeration": "from app.enumeration import Role\n\n\ndef test_it():\n    assert len(Role) == 2\n",
    "derived": "from app.derived import Child\n\n\ndef test_it():\n    assert Child.side == 1\n",
    "mentions": "from app import constant, mentions\nfrom app.constant import RATE as RATIO\n\n\n"
    "def test_indirectly():\n    assert mentions.first() == 2\n\n\n"
    "def test_by_text():\n    assert getattr(constant, 'RATE') == 2\n\n\n"
    "def test_with_alias():\n    assert RATIO == 2\n\n\n"
    "def test_of_class():\n    assert mentions.Cube.sides == 3\n\n\n"
    "def test_lists_names():\n    assert 'price' in vars(constant)\n",
    "exports": "from app.exports import value\n\n\ndef test_it():\n    assert value() == 1\n",
    "alias": "from app.alias import Number\n\n\ndef test_it():\n    assert Number('1') == 1\n",
    "record": "from app.record import Pair\n\n\ndef test_it():\n    assert Pair(1, 2) < Pair(2, 1)\n",
    "mail": "from app.mail import text\n\n\ndef test_it():\n    assert text()\n",
    "query": "from app.query import SQL\n\n\ndef test_it():\n    assert SQL\n",
    "documented": "from app.documented import hidden, shown\n\n\ndef test_it():\n"
    "    assert shown.__doc__\n\n\n"
    "def test_hidden():\n    assert hidden() == 2\n",
    "cached": "from app.cached import counted\n\n\ndef test_first():\n    assert counted() == 1\n\n\n"
    "def test_second():\n    assert counted() == 1\n",
    "renamed": "from app import renamed\n\n\ndef test_it():\n    assert renamed.old() == 1\n\n\n"
    "def test_other():\n    assert renamed.other() == 2\n",
    "shape": "from app.shape import numbers, uses\n\n\ndef test_it():\n    assert uses() is numbers\n",
    "branches": "from app.branches import sign\n\n\ndef test_negative():\n    assert sign(-2) == -1\n\n\n"
    "def test_positive():\n    assert sign(2) == 1\n",
    "factory": "from tests.factories import make_one\n\n\ndef test_it():\n    assert make_one() == 1\n",
    "session": "def test_first(service):\n    assert service == 1\n\n\ndef test_second(service):\n"
    "    assert service == 1\n\n\n"
    "def test_without():\n    assert True\n",
    "files": "from pathlib import Path\n\nBACKEND = Path(__file__).parents[1]\n\n\n"
    "def test_contract():\n    assert (BACKEND / 'openapi.json').read_text()\n\n\n"
    "def test_book():\n    assert (BACKEND.parent / '.agent/rules/techstack-backend.md').read_bytes()\n\n\n"
    "def test_revisions():\n    assert len([*(BACKEND / 'alembic/versions').glob('*.py')]) == 1\n\n\n"
    "def test_revision():\n    assert 'head' in (BACKEND / 'alembic/versions/one.py').read_text()\n\n\n"
    "def test_absent():\n    assert not (BACKEND / 'alembic/extra.py').exists()\n",
    "children": "import subprocess\nimport sys\n\n\ndef test_it():\n"
    "    subprocess.run([sys.executable, '-I', '-c', 'print()'], check=True)\n\n\n"
    "def test_elsewhere(tmp_path):\n    subprocess.run(['true'], cwd=tmp_path, check=True)\n",
    "measured": "import subprocess\nimport sys\n\nPROGRAM = [sys.executable, '-m', 'app.program']\n\n\n"
    "def test_ends():\n    subprocess.run([*PROGRAM, 'used'], check=True)\n\n\n"
    "def test_killed():\n    pipe = subprocess.PIPE\n"
    "    with subprocess.Popen([*PROGRAM, 'waiting'], stdin=pipe, stdout=pipe) as program:\n"
    "        program.stdout.readline()\n        program.kill()\n",
    "copies": "import shutil\nimport subprocess\nfrom pathlib import Path\n\n"
    "APP = Path(__file__).parents[1] / 'app'\n\n\n"
    "def test_reads_a_copy(tmp_path):\n    for name in ('one.txt', 'two.txt'):\n"
    "        shutil.copy(APP / name, tmp_path)\n    assert (tmp_path / 'one.txt').read_text()\n\n\n"
    "def test_starts_a_program(tmp_path):\n    for name in ('constant.py', 'two.txt'):\n"
    "        shutil.copy(APP / name, tmp_path)\n    subprocess.run(['ls'], cwd=tmp_path, check=True)\n",
}
FILES = {
    ".gitignore": "/reports/\n__pycache__/\n",
    "docs/tour.md": "# Tour\n",
    "backend/pyproject.toml": PYPROJECT,
    "backend/openapi.json": json.dumps({"openapi": "3.1.0"}),
    "backend/requirements/dev.txt": lock("pytest==9.0"),
    "backend/alembic/versions/one.py": "revision = 'head'\n",
    "backend/app/__init__.py": "",
    "backend/app/mail.txt": "Hello\n",
    "backend/app/query.sql": "SELECT 1\n",
    "backend/app/one.txt": "1\n",
    "backend/app/two.txt": "2\n",
    "backend/tests/__init__.py": "",
    "backend/tests/conftest.py": CONFTEST,
    "backend/tests/factories.py": "def make_one():\n    return 1\n\n\ndef make_two():\n    return 2\n",
    "backend/tests/plugins/__init__.py": "",
    "backend/tests/plugins/extra.py": "import pytest\n\n\n@pytest.fixture\ndef extra():\n    return 1\n",
    **{f"backend/app/{name}.py": source for name, source in APP.items()},
    **{f"backend/tests/test_{name}.py": source for name, source in TESTS.items()},
}
REMEMBERED = Part(FILES, '[coverage]\nmeasured = ["app"]\n')


@cache
def recorded_sample() -> tuple[SampleProject, Path]:
    """Return the project after a run of all its tests, and the folder of the results."""
    folder = Path(FOLDERS.name)
    project = SampleProject.build(folder / "project", REMEMBERED)
    run(project, folder / "cache")
    return project, folder / "cache"


def cached_run(project: SampleProject, cache: Path, **variables: str) -> CachedRun:
    """Return a run with the environment that all runs of the sample have, and more variables.

    Tests that run in between may change the environment of this process.
    """
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(os, "environ", ENVIRONMENT | variables)
        return CachedRun.of(project.project, cache)


def run(project: SampleProject, cache: Path) -> Selection:
    """Run the tests that have to run and keep their results; return what had to run."""
    cached = cached_run(project, cache)
    selection = cached.select()
    outcome = run_pytest(project.project, ["-q", *cached.options(), *selection.arguments])
    assert outcome.status == "passed", outcome.findings
    cached.keep(selection)
    return selection


def selected(project: SampleProject, cache: Path, **variables: str) -> set[str]:
    """Return the tests that have to run, and the files whose tests are not known."""
    return {*cached_run(project, cache, **variables).select().arguments}


def edited(root: Path, edits: Mapping[str, tuple[str, str]]) -> SampleProject:
    """Return a copy of the project in which pieces of files are replaced."""
    project = SampleProject.build(root, REMEMBERED)
    for name, (old, new) in edits.items():
        project.replace(name, old, new)
    return project
