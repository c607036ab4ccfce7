"""A published contract, and an application that serves it."""

import json

from tests.gates.support.sample_project import Part

PUBLISHED = "backend/openapi.json"
SERVED = "backend/app/presentation/http/contract.json"
OPENAPI = {
    "openapi": "3.1.0",
    "paths": {
        f"/news/{{id}}/{verb}": {
            "post": {
                "operationId": f"{verb}_news",
                "parameters": [
                    {"name": "id", "in": "path", "required": True, "schema": {"type": "integer"}},
                    {"name": "note", "in": "query", "schema": {"type": "string", "maxLength": 200}},
                ],
                "responses": {"200": {"description": "Done."}, "404": {"description": "Not found."}},
            }
        }
        for verb in ("archive", "publish")
    },
}


def contract_text(contract: object = OPENAPI) -> str:
    """Return a contract as it is published."""
    return json.dumps(contract, indent=1) + "\n"


CONTRACT = Part(
    {
        PUBLISHED: contract_text(),
        SERVED: contract_text(),
        "backend/app/__main__.py": (
            "import sys\nfrom pathlib import Path\n\n"
            'sys.stdout.write(Path("app/presentation/http/contract.json").read_text())\n'
        ),
    },
    '[tree]\n"backend/openapi.json" = "the contract"\n',
)
