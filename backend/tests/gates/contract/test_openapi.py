"""The published contract against what is served and what was published, and the routes behind it."""

import json
import runpy
import sys
from pathlib import Path

import pytest

from gates.contract.openapi import FILE, openapi, publish, routes
from gates.contract.route_report import main, report
from gates.model import GateError, Outcome
from tests.gates.support.sample_project import RULE_BOOK, Twin, make_twin

BOOK = """```toml
[routes.undocumented]
"/openapi.json" = "the contract itself"
"/about" = "for people"
[routes.open-bodies]
Declared = "the protocol says so"
```
"""
CONTRACT = json.dumps(
    {
        "paths": {
            path: {"get": {"operationId": path, "responses": {"200": {}}}} for path in ("/news", "/events")
        }
    }
)
WITHOUT_EVENTS = json.dumps({"paths": {"/news": json.loads(CONTRACT)["paths"]["/news"]}})
SERVED = "backend/served.json"
PROGRAM = "import pathlib\nprint(pathlib.Path('served.json').read_text(), end='')\n"
DECISION = "docs/decisions/0002-no-events.md"
DECLARED = f"""[[contract-breaks]]
pointer = "/paths/~1events/get"
decision = "{DECISION}"
[routes.undocumented]"""


@pytest.fixture
def twin(tmp_path: Path) -> Twin:
    """A program that serves what is in a file, published as it was at the merge base."""
    files = {RULE_BOOK: BOOK, "backend/app/__main__.py": PROGRAM, SERVED: CONTRACT, FILE: CONTRACT}
    return make_twin(tmp_path, files, branch="change")


def messages(outcome: Outcome) -> list[str]:
    return [f"{finding.file}: {finding.message}" for finding in outcome.findings]


def test_passes_when_the_published_contract_is_served(twin: Twin) -> None:
    outcome = openapi(twin.project)
    assert messages(outcome) == []
    assert outcome.checked == 2
    assert outcome.note.startswith("2 operations, compared with main (")


def test_refuses_contract_when_it_is_stale_or_missing(twin: Twin) -> None:
    stale = [f"{FILE}: the published contract is not what the application serves"]
    assert messages(openapi(twin.write(FILE, CONTRACT + "\n").project)) == stale
    assert messages(openapi(twin.remove(FILE).project)) == stale


def test_passes_when_published_again(twin: Twin) -> None:
    twin.write(SERVED, CONTRACT.replace("/events", "/events").replace('"200"', '"201": {}, "200"'))
    assert openapi(twin.project).status == "failed"
    publish(twin.project)
    assert openapi(twin.project).status == "passed"


def test_refuses_break_when_the_new_contract_is_published(twin: Twin) -> None:
    twin.write(SERVED, WITHOUT_EVENTS).write(FILE, WITHOUT_EVENTS)
    broken = [f"{FILE}: /paths/~1events/get breaks clients: GET /events is gone"]
    assert messages(openapi(twin.project)) == broken


def test_passes_break_when_the_same_change_decides_it(twin: Twin) -> None:
    twin.write(SERVED, WITHOUT_EVENTS).write(FILE, WITHOUT_EVENTS)
    twin.rule("[routes.undocumented]", DECLARED).write(DECISION, "# 2. No events\n")
    assert messages(openapi(twin.project)) == []


def test_refuses_break_when_its_decision_is_missing_or_older_than_the_change(twin: Twin) -> None:
    twin.write(SERVED, WITHOUT_EVENTS).write(FILE, WITHOUT_EVENTS).rule("[routes.undocumented]", DECLARED)
    assert openapi(twin.project).status == "failed"
    twin.git("switch", "--quiet", "--create", "older", "main")
    twin.write(DECISION, "# 2. No events\n").git("add", DECISION)
    twin.git("commit", "--quiet", "--message", "decide", "--", DECISION)
    twin.git("branch", "--force", "main")
    assert openapi(twin.project).status == "failed"


def test_says_so_when_nothing_was_published_before(twin: Twin) -> None:
    twin.git("switch", "--quiet", "main")
    twin.remove(FILE).commit()
    twin.git("switch", "--quiet", "--create", "first")
    twin.write(FILE, CONTRACT)
    assert openapi(twin.project).note == "2 operations, nothing published before"


def test_fails_when_the_application_does_not_start(twin: Twin) -> None:
    twin.write("backend/app/__main__.py", "raise SystemExit('no settings')\n")
    with pytest.raises(GateError, match="The application does not start: no settings"):
        openapi(twin.project)


def test_fails_when_the_application_serves_no_operation(twin: Twin) -> None:
    nothing = '{"paths": {}}'
    twin.write(SERVED, nothing).write(FILE, nothing).commit()
    twin.git("branch", "--force", "main")
    assert openapi(twin.project).status == "failed"


ACCESS = """from enum import StrEnum


class Action(StrEnum):
    READ = "news:read"
    LOST = "news:lost"


POLICY = {Action.READ: None}
"""

MAIN = """from typing import Annotated, Any

from fastapi import Depends, FastAPI, Form, Request, Response
from fastapi.responses import JSONResponse, StreamingResponse
from fastapi.staticfiles import StaticFiles
from pydantic import BaseModel, ConfigDict
from starlette.responses import PlainTextResponse
from starlette.routing import Route


class Read(BaseModel):
    id: int


class Strict(BaseModel):
    model_config = ConfigDict(extra="forbid")
    id: int


class Inner(BaseModel):
    id: int


class Nested(BaseModel):
    model_config = ConfigDict(extra="forbid")
    inner: Inner


class Declared(BaseModel):
    id: int


row = {"x-action": "news:read"}
good = {"summary": "S", "description": "D", "responses": {404: {}}, "openapi_extra": row}


def without(name: str) -> dict[str, Any]:
    return {key: value for key, value in good.items() if key != name}


def reads(body: dict[str, str]) -> None: ...


async def about(request: Request) -> Response:
    return PlainTextResponse("about")


def create_app() -> FastAPI:
    app = FastAPI(docs_url=None, redoc_url=None)

    @app.get("/model", **good)
    def model() -> Read: ...
    @app.post("/strict", **good)
    def strict(body: Strict, form: Annotated[int, Depends(lambda: 1)]) -> Read: ...
    @app.post("/form", **good)
    def form(form: Annotated[Declared, Form()]) -> Read: ...
    @app.delete("/nothing", status_code=204, **good)
    def nothing() -> None: ...
    @app.post("/empty", response_class=Response, **good)
    def empty() -> None: ...
    @app.get("/stream", **(good | {"responses": {200: {"content": {"text/csv": {}}}, 404: {}}}))
    def stream() -> StreamingResponse: ...

    @app.get("/dict", **good)
    def untyped() -> dict[str, str]: ...
    @app.get("/none", **good)
    def none() -> None: ...
    @app.get("/raw", **good)
    def raw() -> JSONResponse: ...
    @app.get("/bypass", response_model=Read, **good)
    def bypass() -> JSONResponse: ...
    @app.post("/loose", **good)
    def loose(body: Inner) -> Read: ...
    @app.post("/nested", **good)
    def nested(body: Nested) -> Read: ...
    @app.post("/plain", **good)
    def plain(_: Annotated[None, Depends(reads)]) -> Read: ...
    @app.post("/request", **good)
    def request(request: Request) -> Read: ...
    @app.get("/hidden", include_in_schema=False, **good)
    def hidden() -> Read: ...
    @app.get("/errors", **without("responses"))
    def errors() -> Read: ...
    @app.get("/summary", **without("summary"))
    def summary() -> Read: ...
    @app.get("/description", **without("description"))
    def description() -> Read: ...
    @app.get("/unbound", **without("openapi_extra"))
    def unbound() -> Read: ...
    @app.get("/lost", **(good | {"openapi_extra": {"x-action": "news:lost"}}))
    def lost() -> Read: ...
    app.add_route("/added", about)
    app.mount("/files", StaticFiles(directory="."))
    app.router.routes.append(Route("/about", about))
    return app
"""

REFUSED = {
    "GET /dict: it answers without a schema",
    "GET /none: it answers without a schema",
    "GET /raw: it answers without a schema",
    "GET /bypass: a raw Response bypasses the model that it declares",
    "POST /loose: the body Inner takes fields that it does not name",
    "POST /nested: the body Inner takes fields that it does not name",
    "POST /plain: the body body (not a Pydantic model) takes fields that it does not name",
    "POST /request: it reads the request itself, past every schema",
    "GET /hidden: it is not in the contract",
    "GET /errors: it declares no error response",
    "GET /summary: it has no summary",
    "GET /description: it has no description",
    "GET /unbound: it is bound to no row of the policy table",
    "GET /lost: it is bound to no row of the policy table",
    "GET HEAD /added: it is not in the contract",
    " /files: it is not in the contract",
}


def test_refuses_routes_when_they_keep_a_promise_open(twin: Twin) -> None:
    files = {"__init__": "", "application/__init__": "", "application/access": ACCESS, "main": MAIN}
    for name, text in files.items():
        twin.write(f"backend/app/{name}.py", text)
    outcome = routes(twin.project)
    assert {finding.message for finding in outcome.findings} == REFUSED
    place = MAIN.splitlines().index('    @app.get("/dict", **good)') + 1
    [untyped] = [finding for finding in outcome.findings if finding.message.startswith("GET /dict")]
    assert (untyped.file, untyped.line) == ("backend/app/main.py", place)


def test_reports_the_same_when_it_runs_here(twin: Twin) -> None:
    create_app = runpy.run_path(str(twin.write("backend/app/main.py", MAIN).root / "backend/app/main.py"))[
        "create_app"
    ]
    rows = {row["path"]: row for row in report(create_app().routes, {"news:read"})}
    assert (rows["/model"]["answers"], rows["/model"]["bound"]) == (True, True)
    assert rows["/nested"]["loose"] == ["Inner"]
    assert [rows[path]["answers"] for path in ("/nothing", "/empty", "/stream", "/raw")] == [
        True,
        True,
        True,
        False,
    ]


def test_prints_the_report_of_the_real_application(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PAU2_ENVIRONMENT", "test")
    monkeypatch.setattr(sys, "path", [*sys.path])
    main()
    rows = {row["path"]: row for row in json.loads(capsys.readouterr().out)}
    assert rows["/health/live"]["bound"]
    assert not rows["/openapi.json"]["documented"]
