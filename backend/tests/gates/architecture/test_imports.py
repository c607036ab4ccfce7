import pytest

from gates.architecture import layers
from gates.architecture.imports import check
from tests.gates.support.sample_project import SampleProject


def test_passes_when_every_import_is_listed(sample: SampleProject) -> None:
    outcome = check(sample.project)

    assert (outcome.status, outcome.checked) == ("passed", 15)


@pytest.mark.parametrize(
    ("layer", "source", "message"),
    [
        ("domain", "import sqlmodel", "domain must not use sqlmodel"),
        ("domain", "import numpy.linalg", "domain must not use numpy"),
        ("domain", "import helper_beside_app", "domain must not use helper_beside_app"),
        ("application", "from devtools import postgres", "application must not use devtools"),
        ("application", "from ..core import database", "application must not use app.core.database"),
        ("domain", "if TYPE_CHECKING:\n    import pydantic", "domain must not use pydantic"),
        (
            "domain",
            "try:\n    import orjson\nexcept ImportError: orjson = None",
            "domain must not use orjson",
        ),
        ("domain", "import importlib", "importlib can load"),
        ("domain", "x = __import__('sqlalchemy')", "__import__ can load"),
        ("domain", "exec('import sqlalchemy')", "exec can load"),
        ("domain", "from sys import modules", "sys.modules can load"),
        ("domain", "import sys\nx = getattr(sys, 'mod' + 'ules')", "the module sys as a value can load"),
        ("domain", "import logging\nx = logging.sys.modules", "logging.sys.modules can load"),
        ("domain", "def f(): ...\nx = f.__globals__", "__globals__ can load"),
        ("presentation", "import app", "makes every loaded module of app reachable"),
        ("presentation", "import app.domain.news", "makes every loaded module of app reachable"),
        ("presentation", "from app.domain.news import *", "hides what is imported"),
        (
            "presentation",
            "from app.core import database\nx = database.create_engine",
            "must not use sqlalchemy",
        ),
        ("presentation", "import app.core.database as d\nx = d.create_engine", "must not use sqlalchemy"),
        ("presentation", "load('app.infrastructure.database.news:Repository')", "must not use app.infra"),
        ("core", "PATH = 'app.main'", "core must not use app.main"),
    ],
)
def test_refuses_name_when_layer_may_not_have_it(
    sample: SampleProject, layer: str, source: str, message: str
) -> None:
    sample.write(f"backend/app/{layer}/bad.py", source)

    findings = check(sample.project).findings

    assert {finding.file for finding in findings} == {f"backend/app/{layer}/bad.py"}
    assert any(message in finding.message for finding in findings)
    assert all(finding.line == len(source.splitlines()) or "try" in source for finding in findings)


@pytest.mark.parametrize(
    ("layer", "source"),
    [
        ("domain", "from __future__ import annotations\nfrom .news import ArticleId"),
        ("core", "from sqlalchemy.orm import Session"),
        ("presentation", "import app.domain.news as news\nx = news.ArticleId"),
        ("presentation", "def get(o: object) -> object:\n    return getattr(o, 'modules')"),
        ("infrastructure", "from app.core.database import create_engine"),
        ("application", "KEY = 'app.name'"),
    ],
)
def test_passes_when_layer_may_have_the_name(sample: SampleProject, layer: str, source: str) -> None:
    sample.write(f"backend/app/{layer}/good.py", source)

    assert check(sample.project).findings == []


@pytest.mark.parametrize(
    ("file", "reported", "message"),
    [
        ("backend/app/utils.py", "backend/app/utils.py", "app.utils belongs to no layer"),
        ("backend/app/domain/fast.so", "backend/app/domain/fast.so", "no gate can read it"),
        ("backend/app/domain/news.pyi", "backend/app/domain/news.pyi", "no gate can read it"),
        ("backend/statistics.py", "backend/statistics.py", "instead of the real statistics"),
        ("backend/fastapi/__init__.py", "backend/fastapi", "instead of the real fastapi"),
    ],
)
def test_refuses_file_when_layer_rules_cannot_hold_it(
    sample: SampleProject, file: str, reported: str, message: str
) -> None:
    sample.write(file)

    finding = check(sample.project).findings[0]

    assert finding.file == reported
    assert message in finding.message


def test_refuses_link_when_it_leads_out_of_its_layer(sample: SampleProject) -> None:
    (sample.root / "backend/app/domain/adapters").symlink_to("../infrastructure")

    assert check(sample.project).findings[0].file == "backend/app/domain/adapters"


def test_follows_names_when_several_modules_pass_them_on(sample: SampleProject) -> None:
    sample.write("backend/app/core/again.py", "from app.core.database import create_engine as make")
    sample.write("backend/app/presentation/bad.py", "from app.core.again import make")

    assert "presentation must not use sqlalchemy" in check(sample.project).findings[0].message


def test_refuses_unlisted_name_when_app_is_no_package(sample: SampleProject) -> None:
    sample.remove("backend/app/__init__.py")
    sample.write("backend/app/domain/bad.py", "from app.elsewhere import sums")

    assert [finding.message for finding in check(sample.project).findings] == [
        "domain must not use app.elsewhere.sums: it is not in [layers.domain] layers"
    ]


def test_refuses_ignored_file_when_git_hides_it(sample: SampleProject) -> None:
    sample.write(".gitignore", "*").write("backend/app/domain/bad.py", "import sqlalchemy")

    assert check(sample.project).findings[0].file == "backend/app/domain/bad.py"


@pytest.mark.parametrize(
    ("source", "messages"),
    [
        ("from app.core.logging import get_logger", []),
        ("from app.core import logging", []),
        ("from app.core import database", ["presentation must not use app.core.database"]),
        ("from app.core.database import engine", ["presentation must not use app.core.database.engine"]),
    ],
)
def test_refuses_module_when_only_others_of_its_layer_are_listed(
    sample: SampleProject, source: str, messages: list[str]
) -> None:
    sample.write("backend/app/core/logging.py", "get_logger = print\n")
    sample.rule(
        '[layers.presentation]\nlayers = ["application", "domain", "core"]',
        '[layers.presentation]\nlayers = ["application", "domain", "core.logging"]',
    )
    sample.write("backend/app/presentation/http/extra.py", f"{source}\n")

    found = [finding.message.partition(":")[0] for finding in check(sample.project).findings]
    assert [message for message in found if "core" in message] == messages
    assert layers.check(sample.project).status == "passed"
