import pytest

from gates.layers import check, levels
from gates.model import GateError
from tests.gates.twin import Twin


def test_passes_when_layers_import_what_they_may(twin: Twin) -> None:
    outcome = check(twin.project)

    assert (outcome.status, outcome.note) == ("passed", "6 contracts")


@pytest.mark.parametrize(
    ("layer", "source", "message"),
    [
        ("domain", "from app.application import news", "app.domain must not import app.application"),
        ("domain", "import sqlalchemy", "app.domain must not import sqlalchemy"),
        ("application", "from app.core import database", "app.application must not import app.core"),
        ("application", "import pydantic", "app.application must not import pydantic"),
        ("core", "from app.domain import news", "app.core must not import app.domain"),
        ("presentation", "from sqlalchemy import select", "app.presentation must not import sqlalchemy"),
        (
            "presentation",
            "from app.infrastructure.database import news",
            "must not import app.infrastructure",
        ),
        ("infrastructure", "from app.presentation.http import routers", "must not import app.presentation"),
        ("infrastructure", "from fastapi import FastAPI", "app.infrastructure must not import fastapi"),
        ("core", "from app import main", "app.core must not import app.main"),
        (
            "domain",
            "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from app.core import database",
            "app.domain must not import app.core",
        ),
        ("domain", "def f():\n    import sqlalchemy.orm", "app.domain must not import sqlalchemy"),
    ],
)
def test_refuses_import_when_layer_may_not_see_it(twin: Twin, layer: str, source: str, message: str) -> None:
    twin.write(f"backend/app/{layer}/bad.py", source)

    finding = check(twin.project).findings[0]

    assert (finding.file, finding.line) == (f"backend/app/{layer}/bad.py", len(source.splitlines()))
    assert message in finding.message


def test_names_package_file_when_package_itself_imports(twin: Twin) -> None:
    twin.write("backend/app/domain/__init__.py", "from app.core import database")

    assert check(twin.project).findings[0].file == "backend/app/domain/__init__.py"


def test_refuses_when_package_belongs_to_no_layer(twin: Twin) -> None:
    twin.write("backend/app/helpers/__init__.py")

    with pytest.raises(GateError, match="helpers"):
        check(twin.project)


def test_refuses_when_rule_book_has_circle() -> None:
    with pytest.raises(GateError, match="a, b import each other"):
        levels({"a": {"layers": ["b"]}, "b": {"layers": ["a"]}})
