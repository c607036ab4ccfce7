from pathlib import Path

from gates.contract.routes import check
from tests.gates.contract.sample_application import MAIN
from tests.gates.support.sample_project import Part, SampleProject

RULES = """[routes.undocumented]
"/openapi.json" = "the contract itself"
"/about" = "for people"
[routes.open-bodies]
Declared = "the protocol says so"
"""
ACCESS = """from enum import StrEnum


class Action(StrEnum):
    READ = "news:read"
    LOST = "news:lost"


POLICY = {Action.READ: None}
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
    "GET /unbound: it names no action of the policy table",
    "GET /lost: it names no action of the policy table",
    "GET HEAD /added: it is not in the contract",
    " /files: it is not in the contract",
}


def test_refuses_routes_when_they_keep_a_promise_open(tmp_path: Path) -> None:
    files = {
        "backend/app/__init__.py": "",
        "backend/app/application/__init__.py": "",
        "backend/app/application/access.py": ACCESS,
        "backend/app/main.py": MAIN,
    }
    outcome = check(SampleProject.build(tmp_path, Part(files, RULES)).project)
    assert {finding.message for finding in outcome.findings} == REFUSED
    place = MAIN.splitlines().index('    @app.get("/dict", **good)') + 1
    [untyped] = [finding for finding in outcome.findings if finding.message.startswith("GET /dict")]
    assert (untyped.file, untyped.line) == ("backend/app/main.py", place)
