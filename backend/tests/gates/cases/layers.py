"""R03: imports that cross the layers, and ways around import statements."""

from tests.gates.cases.case import InvalidCase
from tests.gates.support.parts.application import DOMAIN, ROUTER, USE_CASE

DATABASE = "backend/app/core/database.py"
TABLE_HEADER = "from typing import NewType\n"
ID = 'ArticleId = NewType("ArticleId", int)\n'
MOVE = "move the code to a layer that may do this"
USE_A_PORT = "define a port in a layer that it may import, or move the code to another layer"
BY_NAME = "import it by name"

CASES = [
    InvalidCase(
        id="the domain knows a use case",
        gate="layers",
        change=lambda sample: sample.replace(
            DOMAIN, TABLE_HEADER, f"{TABLE_HEADER}\nfrom app.application import access\n"
        ).append(DOMAIN, "Action = access.Action\n"),
        file=DOMAIN,
        line="import access",
        message="app.domain must not import app.application: app.domain.news imports app.application.access",
        fix=USE_A_PORT,
        also_rejected_by=("imports",),
    ),
    InvalidCase(
        id="a use case knows the database, inside a function",
        gate="layers",
        change=lambda sample: sample.append(
            USE_CASE,
            "\n\ndef engine() -> object:\n    from app.core.database import engine\n\n    return engine\n",
        ),
        file=USE_CASE,
        line="import engine",
        message="app.application must not import app.core",
        fix=USE_A_PORT,
        also_rejected_by=("imports",),
    ),
    InvalidCase(
        id="presentation reads the database, for types only",
        gate="layers",
        change=lambda sample: (
            sample.replace(
                ROUTER,
                '"""News over HTTP."""\n\n',
                '"""News over HTTP."""\n\nfrom typing import TYPE_CHECKING\n\n',
            )
            .replace(
                ROUTER,
                "router =",
                "if TYPE_CHECKING:\n    from app.infrastructure.database import news\n\nrouter =",
            )
            .append(ROUTER, '\n\nNEWS: "type[news.Repository]"\n')
        ),
        file=ROUTER,
        line="infrastructure",
        message="app.presentation must not import app.infrastructure",
        fix=USE_A_PORT,
        also_rejected_by=("imports", "handlers"),
    ),
    InvalidCase(
        id="a layer that nobody declared",
        gate="imports",
        change=lambda sample: sample.write("backend/app/helpers/__init__.py"),
        file="backend/app/helpers/__init__.py",
        message="app.helpers belongs to no layer, so nothing limits what it imports",
        fix="move it into one of the [layers]",
        also_rejected_by=("layers", "structure"),
    ),
    InvalidCase(
        id="the domain uses a library",
        gate="imports",
        change=lambda sample: sample.replace(DOMAIN, TABLE_HEADER, f"{TABLE_HEADER}\nimport attrs\n").append(
            DOMAIN, "define = attrs\n"
        ),
        file=DOMAIN,
        line="import attrs",
        message="domain must not use attrs: it is not in [layers.domain] libraries",
        fix=MOVE,
        also_rejected_by=("stack",),
    ),
    InvalidCase(
        id="presentation gets SQLAlchemy through core",
        gate="imports",
        change=lambda sample: sample.replace(
            ROUTER, "from app.domain", "from app.core.database import create_engine\nfrom app.domain"
        ).append(ROUTER, "\n\nENGINE = create_engine\n"),
        file=ROUTER,
        line="import create_engine",
        message="presentation must not use sqlalchemy",
        fix=MOVE,
        also_rejected_by=("types",),
    ),
    InvalidCase(
        id="the domain loads a module by its name",
        gate="imports",
        change=lambda sample: sample.write(
            DOMAIN,
            f"from importlib import import_module\n{TABLE_HEADER}\n{ID}load = import_module\n",
        ),
        file=DOMAIN,
        line="import_module",
        message="importlib.import_module can load or reach any module",
        fix=BY_NAME,
    ),
    InvalidCase(
        id="the domain reads what is loaded already",
        gate="imports",
        change=lambda sample: sample.write(
            DOMAIN,
            f"import sys as python\n{TABLE_HEADER}\n{ID}LOADED = python.modules\n",
        ),
        file=DOMAIN,
        line="python.modules",
        message="sys.modules can load or reach any module",
        fix=BY_NAME,
    ),
    InvalidCase(
        id="presentation looks an engine up in a module",
        gate="imports",
        change=lambda sample: sample.replace(
            ROUTER, "from app.domain", "from app.core import database\nfrom app.domain"
        ).append(ROUTER, '\n\nENGINE = getattr(database, "create_" + "engine")\n'),
        file=ROUTER,
        line="getattr",
        message="the module app.core.database as a value can load or reach any module",
        fix=BY_NAME,
        also_rejected_by=("handlers",),
    ),
    InvalidCase(
        id="presentation hands a module to something that looks inside",
        gate="imports",
        change=lambda sample: (
            sample.replace(ROUTER, "from fastapi", "from operator import attrgetter\n\nfrom fastapi")
            .replace(ROUTER, "from app.domain", "from app.core import database\nfrom app.domain")
            .append(ROUTER, '\n\nENGINE = attrgetter("create_engine")(database)\n')
        ),
        file=ROUTER,
        line="(database)",
        message="the module app.core.database as a value can load or reach any module",
        fix=BY_NAME,
    ),
    InvalidCase(
        id="presentation opens a module's dictionary",
        gate="imports",
        change=lambda sample: sample.replace(
            ROUTER, "from app.domain", "from app.core import database\nfrom app.domain"
        ).append(ROUTER, '\n\nENGINE = database.__dict__["create_engine"]\n'),
        file=ROUTER,
        line="__dict__",
        message="__dict__ can load or reach any module",
        fix=BY_NAME,
        also_rejected_by=("handlers",),
    ),
    InvalidCase(
        id="a logging configuration that makes an adapter",
        gate="imports",
        change=lambda sample: sample.append(
            DATABASE,
            'TARGET = "app." + "infrastructure.database.news.Repository"\n'
            'logging.config.dictConfig({"handlers": {"x": {"()": TARGET}}})\n',
        ).replace(DATABASE, "from sqlalchemy", "import logging.config\n\nfrom sqlalchemy"),
        file=DATABASE,
        line="import logging.config",
        message="logging.config can load or reach any module",
        fix=BY_NAME,
    ),
    InvalidCase(
        id="a folder that is no package",
        gate="imports",
        change=lambda sample: sample.write("backend/app/domain/shop/prices.py", "PRICE = 1\n"),
        file="backend/app/domain/shop",
        message="import-linter, mypy and coverage skip this folder",
        fix="add backend/app/domain/shop/__init__.py",
        also_rejected_by=("structure",),
    ),
    InvalidCase(
        id="a module that takes the place of a library",
        gate="imports",
        change=lambda sample: sample.write("backend/sqlalchemy.py", "Table = object\n"),
        file="backend/sqlalchemy.py",
        message="Python imports this instead of the real sqlalchemy",
        fix="rename it",
        also_rejected_by=("structure",),
    ),
]
