"""The source of an application whose routes keep or break the rules for routes."""

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
