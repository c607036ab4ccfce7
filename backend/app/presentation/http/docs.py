"""The contract and its documentation page, which needs no internet."""

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
from app.presentation.http.oauth import OAuthProblem
from app.presentation.http.proxies import prefix_of

DESCRIPTION = """The API of a neighbourhood association.

Every error is a problem document (RFC 9457): decide by its `code`; its `type` leads to what that means, and
`/problems` lists all. Lists give a signed `next_cursor`.
Single resources carry an `ETag`; changing one needs it back in `If-Match`. A PATCH is a JSON Merge Patch
(RFC 7396), sent as `application/merge-patch+json` or `application/json`. Times are UTC."""
ASSETS = "/docs/assets"


class DocumentedFastAPI(FastAPI):
    """FastAPI, with what its contract lacks: the problem schemas, the merge patch media type, and an empty
    `security` where no credentials are needed, since generators take `[{}]` for a demand. Where OAuth answers
    400 there is no 422, which FastAPI puts wherever a body is. `If-Match` is required, and answered with 428
    where it is missing: FastAPI would answer 422."""

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
        """Instead of FastAPI's own address of the contract, which leaves the token's address as it is."""

        async def contract(request: Request) -> JSONResponse:
            prefix = prefix_of(request)
            return JSONResponse(_with_prefix(prefix, self.openapi()) if prefix else self.openapi())

        self.add_route(str(self.openapi_url), contract, include_in_schema=False)


class StaticFilesWithoutRanges(StaticFiles):
    """Ignores ranges, as a server may (RFC 9110 §14.2): Starlette's refusals are no problem documents."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers = [(name, value) for name, value in scope["headers"] if name != b"range"]
        await super().__call__({**scope, "headers": headers}, receive, send)


def create_api(lifespan: Callable[[Any], AbstractAsyncContextManager[None]]) -> DocumentedFastAPI:
    """Make the application without routes. Its page of documentation is that of `install`."""
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
    """Say where the contract holds. Swagger UI looks for the token's address on the host, not below `url`."""
    contract = {"servers": [{"url": prefix}], **deepcopy(contract)}
    for scheme in contract["components"]["securitySchemes"].values():
        for flow in scheme.get("flows", {}).values():
            flow["tokenUrl"] = prefix + flow["tokenUrl"]
    return contract
