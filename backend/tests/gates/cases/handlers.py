"""R04: logic and sessions in presentation."""

from tests.gates.cases.case import InvalidCase
from tests.gates.support.parts.application import MAIN, REPOSITORY, ROUTER

CALL = "    return Published(id=await publish_article(ArticleId(id)))\n"
MOVE = "move it to a use case"
ANSWER = "    return Published(id=id)\n"

CASES = [
    InvalidCase(
        id="a handler compares",
        gate="handlers",
        change=lambda sample: sample.replace(ROUTER, CALL, f"    if id == 0:\n        id += 1\n{CALL}"),
        file=ROUTER,
        line="if id == 0",
        message="a comparison: rules belong to the domain",
        fix=MOVE,
    ),
    InvalidCase(
        id="a handler loops",
        gate="handlers",
        change=lambda sample: sample.replace(
            ROUTER, CALL, f"    for _ in range(id):\n        print(id)\n{CALL}"
        ),
        file=ROUTER,
        line="for _ in",
        message="a loop: rules belong to the domain",
        fix=MOVE,
    ),
    InvalidCase(
        id="a handler makes two calls",
        gate="handlers",
        change=lambda sample: sample.replace(
            ROUTER, CALL, f"    await publish_article(ArticleId(id))\n{CALL}"
        ),
        file=ROUTER,
        line="return Published",
        message="publish makes 2 calls, allowed is one use case",
        fix=MOVE,
    ),
    InvalidCase(
        id="a handler catches an error",
        gate="handlers",
        change=lambda sample: sample.replace(
            ROUTER, CALL, f"    try:\n    {CALL}    except ValueError:\n    {ANSWER}"
        ),
        file=ROUTER,
        line="try:",
        message="error handling: rules belong to the domain",
        fix=MOVE,
    ),
    InvalidCase(
        id="a helper beside a handler computes",
        gate="handlers",
        change=lambda sample: sample.append(
            ROUTER, "\n\ndef total(ids: list[int]) -> int:\n    return sum(ids)\n"
        ),
        file=ROUTER,
        line="sum(ids)",
        message="sum() computes",
        fix=MOVE,
    ),
    InvalidCase(
        id="a use case that FastAPI would call",
        gate="handlers",
        change=lambda sample: sample.replace(ROUTER, "import APIRouter", "import APIRouter, Depends").append(
            ROUTER, "\n\nDONE = Depends(publish_article)\n"
        ),
        file=ROUTER,
        line="DONE =",
        message="only a handler in routers/ calls use cases",
        fix=MOVE,
    ),
    InvalidCase(
        id="a route that no decorator shows",
        gate="handlers",
        change=lambda sample: sample.append(ROUTER, '\n\nrouter.get("/x")(publish)\n'),
        file=ROUTER,
        line="router.get",
        message=".get registers a route unseen",
        fix=MOVE,
    ),
    InvalidCase(
        id="a helper of presentation takes the engine from the application's state",
        gate="handlers",
        change=lambda sample: sample.write(
            "backend/app/presentation/http/helpers.py",
            "from fastapi import Request\n\n\ndef engine(request: Request) -> object:\n"
            "    return request.app.state.engine\n",
        ),
        file="backend/app/presentation/http/helpers.py",
        line="state.engine",
        message=".state: presentation uses its dependencies, never a session",
        fix=MOVE,
    ),
    InvalidCase(
        id="a route beside the tables",
        gate="handlers",
        change=lambda sample: sample.append(
            REPOSITORY, '\n\n@router.get("/tables")\ndef tables() -> type[Table]:\n    return Table\n'
        ),
        file=REPOSITORY,
        line="def tables",
        message="tables is a route, and routes belong to presentation",
        fix=MOVE,
        also_rejected_by=("lint", "types"),
    ),
    InvalidCase(
        id="the composition root decides",
        gate="handlers",
        change=lambda sample: sample.append(
            MAIN, '\n\ndef limit(environment: str) -> int:\n    return 1 if environment == "test" else 100\n'
        ),
        file=MAIN,
        line="return 1 if",
        message="a comparison: rules belong to the domain",
        fix=MOVE,
    ),
]
