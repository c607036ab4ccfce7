"""R08, R09: the published contract, and routes without a schema or a policy."""

import copy
from typing import Any

from tests.gates.cases.case import InvalidCase
from tests.gates.support.parts.application import ROUTER
from tests.gates.support.parts.contract import OPENAPI, PUBLISHED, SERVED, contract_text
from tests.gates.support.sample_project import SampleProject

ADD = "keep it and add beside it, or declare the pointer in [[contract-breaks]] with a new decision"
OPERATION = "/paths/~1news~1{id}~1archive/post"
BREAK = f'[[contract-breaks]]\npointer = "{OPERATION}"\ndecision = "docs/decisions/0001-rules.md"\n\n'
SIGNATURE = "async def publish(id: int) -> Published:\n"
CALL = "    return Published(id=await publish_article(ArticleId(id)))\n"


def contract(*path: str, value: object = None) -> str:
    """Return the contract with a value at a path, or without what is there."""
    changed = copy.deepcopy(OPENAPI)
    node: Any = changed
    for key in path[:-1]:
        node = node[int(key) if isinstance(node, list) else key]
    if value is None:
        del node[path[-1]]
    else:
        node[path[-1]] = value
    return contract_text(changed)


def _publish(sample: SampleProject, text: str) -> SampleProject:
    return sample.write(PUBLISHED, text).write(SERVED, text)


ARCHIVE = ("paths", "/news/{id}/archive")
NOTE = (*ARCHIVE, "post", "parameters", "1")

CASES = [
    InvalidCase(
        id="another contract than the published one",
        gate="openapi",
        change=lambda sample: sample.write(
            SERVED, contract(*ARCHIVE, "get", value={"operationId": "x", "responses": {}})
        ),
        file=PUBLISHED,
        message="the published contract is not what the application serves",
        fix="run ./noxw -s openapi and read its diff",
    ),
    InvalidCase(
        id="an operation that is gone",
        gate="openapi",
        change=lambda sample: _publish(sample, contract(*ARCHIVE)),
        file=PUBLISHED,
        message=f"{OPERATION} breaks clients: POST /news/{{id}}/archive is gone",
        fix=ADD,
    ),
    InvalidCase(
        id="an operation that is gone, by a decision about something else",
        gate="openapi",
        change=lambda sample: _publish(sample, contract(*ARCHIVE)).rule(
            "[routes.undocumented]", f"{BREAK}[routes.undocumented]"
        ),
        file=PUBLISHED,
        message=f"{OPERATION} breaks clients: POST /news/{{id}}/archive is gone",
        fix=ADD,
    ),
    InvalidCase(
        id="a parameter that is required now",
        gate="openapi",
        change=lambda sample: _publish(sample, contract(*NOTE, "required", value=True)),
        file=PUBLISHED,
        message="the query parameter note is now",
        fix=ADD,
    ),
    InvalidCase(
        id="a text that may be less long",
        gate="openapi",
        change=lambda sample: _publish(sample, contract(*NOTE, "schema", "maxLength", value=100)),
        file=PUBLISHED,
        message="maxLength is narrower for requests: 200 and 100",
        fix=ADD,
    ),
    InvalidCase(
        id="an answer without a schema",
        gate="routes",
        change=lambda sample: (
            sample.replace(ROUTER, SIGNATURE, "async def publish(id: int) -> dict[str, int]:\n")
            .replace(ROUTER, CALL, '    return {"id": await publish_article(ArticleId(id))}\n')
            .replace(ROUTER, "from app.presentation.http.schemas.news import Published\n", "")
        ),
        file=ROUTER,
        line="@router.post",
        message="POST /{id}/publish: it answers without a schema",
        fix="return a model",
    ),
    InvalidCase(
        id="a route that the contract leaves out",
        gate="routes",
        change=lambda sample: sample.replace(ROUTER, "openapi_extra=ACTION", "include_in_schema=False"),
        file=ROUTER,
        line="@router.post",
        message="POST /{id}/publish: it is not in the contract",
        fix="declare it in [routes]",
    ),
    InvalidCase(
        id="a route that everybody may call",
        gate="routes",
        change=lambda sample: sample.replace(ROUTER, '"news:publish"', '"news:anything"'),
        file=ROUTER,
        line="@router.post",
        message="POST /{id}/publish: it names no action of the policy table",
        fix="pass operation(Action.…)",
    ),
    InvalidCase(
        id="a body that takes any field",
        gate="routes",
        change=lambda sample: sample.replace(
            ROUTER, SIGNATURE, "async def publish(id: int, body: Published) -> Published:\n"
        ),
        file=ROUTER,
        line="@router.post",
        message="the body Published takes fields that it does not name",
        fix='use a model with extra="forbid"',
    ),
]
