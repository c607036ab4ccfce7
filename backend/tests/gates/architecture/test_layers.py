import pytest

from gates.architecture.layers import check, levels
from gates.model import GateError
from tests.gates.support.sample_project import SampleProject


def test_passes_when_layers_import_what_they_may(sample: SampleProject) -> None:
    outcome = check(sample.project)

    assert (outcome.status, outcome.note) == ("passed", "6 contracts")


FORBIDDEN = [
    ("application", "import pydantic", "app.application must not import pydantic"),
    ("core", "from app import main", "app.core must not import app.main"),
    ("core", "from app.domain import news", "app.core must not import app.domain"),
    ("domain", "import sqlalchemy", "app.domain must not import sqlalchemy"),
    ("domain", "def f():\n    import sqlalchemy.orm", "app.domain must not import sqlalchemy"),
    ("infrastructure", "from app.presentation.http import routers", "must not import app.presentation"),
    ("infrastructure", "from fastapi import FastAPI", "app.infrastructure must not import fastapi"),
    ("presentation", "from sqlalchemy import select", "app.presentation must not import sqlalchemy"),
]


def test_refuses_imports_when_layers_may_not_see_them(sample: SampleProject) -> None:
    for number, (layer, source, _) in enumerate(FORBIDDEN):
        sample.write(f"backend/app/{layer}/bad{number}.py", source)

    findings = check(sample.project).findings

    for number, (layer, source, message) in enumerate(FORBIDDEN):
        place = (f"backend/app/{layer}/bad{number}.py", len(source.splitlines()))
        assert any((f.file, f.line) == place and message in f.message for f in findings), place


def test_names_package_file_when_package_itself_imports(sample: SampleProject) -> None:
    sample.write("backend/app/domain/__init__.py", "from app.core import database")

    assert check(sample.project).findings[0].file == "backend/app/domain/__init__.py"


def test_refuses_when_package_belongs_to_no_layer(sample: SampleProject) -> None:
    sample.write("backend/app/helpers/__init__.py")

    with pytest.raises(GateError, match="helpers"):
        check(sample.project)


def test_refuses_when_rule_book_has_circle() -> None:
    with pytest.raises(GateError, match="a, b import each other"):
        levels({"a": {"layers": ["b"]}, "b": {"layers": ["a"]}})
