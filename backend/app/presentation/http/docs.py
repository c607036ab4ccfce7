"""The OpenAPI document and its documentation page, which works offline."""

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from copy import deepcopy
from typing import Any

from fastapi import FastAPI, Request
from fastapi.openapi.docs import get_swagger_ui_html
from fastapi.responses import HTMLResponse, JSONResponse
from fastapi.routing import APIRoute
from fastapi.staticfiles import StaticFiles
from pydantic.json_schema import models_json_schema
from starlette.types import Receive, Scope, Send

from app.presentation.http.errors import Problem, ValidationProblem
from app.presentation.http.headers import HEADERS
from app.presentation.http.landing import landing_page
from app.presentation.http.oauth import OAuthProblem
from app.presentation.http.proxies import prefix_of

DESCRIPTION = """The API of a neighbourhood association.

Every error is a problem document (RFC 9457). Decide by its `code`; its `type` refers to an explanation, and
`/problems` lists all codes. Lists return a signed `next_cursor`.
Single resources have an `ETag`; send it in `If-Match` to change them. A PATCH is a JSON Merge Patch
(RFC 7396), sent as `application/merge-patch+json` or `application/json`. Times are UTC."""
ASSETS = "/docs/assets"


class DocumentedFastAPI(FastAPI):
    """Completes the OpenAPI document of FastAPI.

    It adds the schemas of problems and the media type of merge patches. `security` is empty where no
    credentials are needed, because generators interpret `[{}]` as a requirement. OAuth routes declare 400
    instead of the 422 that FastAPI adds to each route with a body. `If-Match` is required; the application
    responds 428 without it, FastAPI would respond 422.
    """

    def openapi(self) -> dict[str, Any]:
        if self.openapi_schema is None:
            contract = super().openapi()
            _, problems = models_json_schema(
                [(each, "serialization") for each in (Problem, ValidationProblem, OAuthProblem)],
                ref_template="#/components/schemas/{model}",
            )
            contract["components"]["schemas"] |= problems["$defs"]
            contract["components"]["headers"] = HEADERS
            for path in contract["paths"].values():
                if "requestBody" in path.get("patch", {}):
                    content = path["patch"]["requestBody"]["content"]
                    content["application/merge-patch+json"] = content.pop("application/json")
                for operation in path.values():
                    if operation.get("security") == [{}]:
                        operation["security"] = []
                    if "400" in operation["responses"]:
                        del operation["responses"]["422"]
                    for parameter in operation.get("parameters", []):
                        if parameter["name"] == "if-match":
                            parameter |= {"required": True, "schema": {"type": "string"}}
        return self.openapi_schema or {}

    def setup(self) -> None:
        """Serve the document below the proxy's prefix. FastAPI would not add it to the address of tokens."""

        async def contract(request: Request) -> JSONResponse:
            prefix = prefix_of(request)
            return JSONResponse(_with_prefix(prefix, self.openapi()) if prefix else self.openapi())

        self.add_route(str(self.openapi_url), contract, include_in_schema=False)


class StaticFilesWithoutRanges(StaticFiles):
    """Ignores ranges (RFC 9110 §14.2 allows that): Starlette's refusals are not problem documents."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers = [(name, value) for name, value in scope["headers"] if name != b"range"]
        await super().__call__({**scope, "headers": headers}, receive, send)


def create_api(lifespan: Callable[[Any], AbstractAsyncContextManager[None]]) -> DocumentedFastAPI:
    """Create the application without routes. `install` adds the documentation page."""
    return DocumentedFastAPI(
        title="PAU 2",
        version="1.0.0",
        description=DESCRIPTION,
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        generate_unique_id_function=operation_id,
        lifespan=lifespan,
    )


def operation_id(route: APIRoute) -> str:
    """Name the operation like its handler and its use case: generated clients call `list_articles`."""
    return route.name


def install(app: FastAPI) -> None:
    app.mount(ASSETS, StaticFilesWithoutRanges(packages=[("fastapi_offline", "static")]), name="docs-assets")

    @app.get("/", include_in_schema=False)
    async def landing(request: Request) -> HTMLResponse:
        return landing_page(title=app.title, version=app.version, prefix=prefix_of(request))

    @app.get("/docs", include_in_schema=False)
    async def docs(request: Request) -> HTMLResponse:
        prefix = prefix_of(request)
        return get_swagger_ui_html(
            openapi_url=f"{prefix}{app.openapi_url}",
            title=app.title,
            swagger_js_url=f"{prefix}{ASSETS}/swagger-ui-bundle.js",
            swagger_css_url=f"{prefix}{ASSETS}/swagger-ui.css",
            swagger_favicon_url=f"{prefix}{ASSETS}/favicon.png",
        )


def _with_prefix(prefix: str, contract: dict[str, Any]) -> dict[str, Any]:
    """Return the document with its prefix. Swagger UI does not add the prefix to the address of tokens."""
    contract = {"servers": [{"url": prefix}], **deepcopy(contract)}
    for scheme in contract["components"]["securitySchemes"].values():
        for flow in scheme.get("flows", {}).values():
            flow["tokenUrl"] = prefix + flow["tokenUrl"]
    return contract
