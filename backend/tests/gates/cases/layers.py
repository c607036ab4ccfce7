"""R03: imports that cross the layers, and ways around import statements."""

from tests.gates.cases.case import Violation
from tests.gates.support.complete import DOMAIN, ROUTER, USE_CASE

DATABASE = "backend/app/core/database.py"
HEAD = "from typing import NewType\n"
ID = 'ArticleId = NewType("ArticleId", int)\n'
MOVE = "move the code to a layer that may do this"
BY_NAME = "import it by name"

ENTRIES = [
    Violation(
        what="the domain knows a use case",
        gate="layers",
        change=lambda twin: twin.replace(
            DOMAIN, HEAD, f"{HEAD}\nfrom app.application import access\n"
        ).append(DOMAIN, "Action = access.Action\n"),
        file=DOMAIN,
        line="import access",
        says="app.domain must not import app.application: app.domain.news imports app.application.access",
        fix=MOVE,
        also=("imports",),
    ),
    Violation(
        what="a use case knows the database, inside a function",
        gate="layers",
        change=lambda twin: twin.append(
            USE_CASE,
            "\n\ndef engine() -> object:\n    from app.core.database import engine\n\n    return engine\n",
        ),
        file=USE_CASE,
        line="import engine",
        says="app.application must not import app.core",
        fix=MOVE,
        also=("imports",),
    ),
    Violation(
        what="presentation reads the database, for types only",
        gate="layers",
        change=lambda twin: (
            twin.replace(
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
        says="app.presentation must not import app.infrastructure",
        fix=MOVE,
        also=("imports", "handlers"),
    ),
    Violation(
        what="a layer that nobody declared",
        gate="imports",
        change=lambda twin: twin.write("backend/app/helpers/__init__.py"),
        file="backend/app/helpers/__init__.py",
        says="app.helpers belongs to no layer, so nothing limits what it imports",
        fix="move it into one of the [layers]",
        also=("layers", "structure"),
    ),
    Violation(
        what="the domain uses a library",
        gate="imports",
        change=lambda twin: twin.replace(DOMAIN, HEAD, f"{HEAD}\nimport attrs\n").append(
            DOMAIN, "define = attrs\n"
        ),
        file=DOMAIN,
        line="import attrs",
        says="domain must not use attrs: it is not in [layers.domain] libraries",
        fix=MOVE,
        also=("stack",),
    ),
    Violation(
        what="presentation gets SQLAlchemy through core",
        gate="imports",
        change=lambda twin: twin.replace(
            ROUTER, "from app.domain", "from app.core.database import create_engine\nfrom app.domain"
        ).append(ROUTER, "\n\nENGINE = create_engine\n"),
        file=ROUTER,
        line="import create_engine",
        says="presentation must not use sqlalchemy",
        fix=MOVE,
        also=("types",),
    ),
    Violation(
        what="the domain loads a module by its name",
        gate="imports",
        change=lambda twin: twin.write(
            DOMAIN,
            f"from importlib import import_module\n{HEAD}\n{ID}load = import_module\n",
        ),
        file=DOMAIN,
        line="import_module",
        says="importlib.import_module can load or reach any module",
        fix=BY_NAME,
    ),
    Violation(
        what="the domain reads what is loaded already",
        gate="imports",
        change=lambda twin: twin.write(
            DOMAIN,
            f"import sys as python\n{HEAD}\n{ID}LOADED = python.modules\n",
        ),
        file=DOMAIN,
        line="python.modules",
        says="sys.modules can load or reach any module",
        fix=BY_NAME,
    ),
    Violation(
        what="presentation looks an engine up in a module",
        gate="imports",
        change=lambda twin: twin.replace(
            ROUTER, "from app.domain", "from app.core import database\nfrom app.domain"
        ).append(ROUTER, '\n\nENGINE = getattr(database, "create_" + "engine")\n'),
        file=ROUTER,
        line="getattr",
        says="the module app.core.database as a value can load or reach any module",
        fix=BY_NAME,
        also=("handlers",),
    ),
    Violation(
        what="presentation hands a module to something that looks inside",
        gate="imports",
        change=lambda twin: (
            twin.replace(ROUTER, "from fastapi", "from operator import attrgetter\n\nfrom fastapi")
            .replace(ROUTER, "from app.domain", "from app.core import database\nfrom app.domain")
            .append(ROUTER, '\n\nENGINE = attrgetter("create_engine")(database)\n')
        ),
        file=ROUTER,
        line="(database)",
        says="the module app.core.database as a value can load or reach any module",
        fix=BY_NAME,
    ),
    Violation(
        what="presentation opens a module's dictionary",
        gate="imports",
        change=lambda twin: twin.replace(
            ROUTER, "from app.domain", "from app.core import database\nfrom app.domain"
        ).append(ROUTER, '\n\nENGINE = database.__dict__["create_engine"]\n'),
        file=ROUTER,
        line="__dict__",
        says="__dict__ can load or reach any module",
        fix=BY_NAME,
        also=("handlers",),
    ),
    Violation(
        what="a logging configuration that makes an adapter",
        gate="imports",
        change=lambda twin: twin.append(
            DATABASE,
            'TARGET = "app." + "infrastructure.database.news.Repository"\n'
            'logging.config.dictConfig({"handlers": {"x": {"()": TARGET}}})\n',
        ).replace(DATABASE, "from sqlalchemy", "import logging.config\n\nfrom sqlalchemy"),
        file=DATABASE,
        line="import logging.config",
        says="logging.config can load or reach any module",
        fix=BY_NAME,
    ),
    Violation(
        what="a folder that is no package",
        gate="imports",
        change=lambda twin: twin.write("backend/app/domain/shop/prices.py", "PRICE = 1\n"),
        file="backend/app/domain/shop",
        says="import-linter, mypy and coverage overlook this folder",
        fix="add backend/app/domain/shop/__init__.py",
        also=("structure",),
    ),
    Violation(
        what="a module that takes the place of a library",
        gate="imports",
        change=lambda twin: twin.write("backend/sqlalchemy.py", "Table = object\n"),
        file="backend/sqlalchemy.py",
        says="Python imports this in place of the real sqlalchemy",
        fix="give it a name of its own",
        also=("structure",),
    ),
]
