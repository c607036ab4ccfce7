"""R04: logic and sessions in presentation."""

from tests.gates.cases.case import Violation
from tests.gates.support.complete import MAIN, REPOSITORY, ROUTER

CALL = "    return Published(id=await publish_article(ArticleId(id)))\n"
MOVE = "move it to a use case"
ANSWER = "    return Published(id=id)\n"

ENTRIES = [
    Violation(
        what="a handler compares",
        gate="handlers",
        change=lambda twin: twin.replace(ROUTER, CALL, f"    if id == 0:\n        id += 1\n{CALL}"),
        file=ROUTER,
        line="if id == 0",
        says="a comparison: rules belong to the domain",
        fix=MOVE,
    ),
    Violation(
        what="a handler loops",
        gate="handlers",
        change=lambda twin: twin.replace(ROUTER, CALL, f"    for _ in range(id):\n        print(id)\n{CALL}"),
        file=ROUTER,
        line="for _ in",
        says="a loop: rules belong to the domain",
        fix=MOVE,
    ),
    Violation(
        what="a handler makes two calls",
        gate="handlers",
        change=lambda twin: twin.replace(ROUTER, CALL, f"    await publish_article(ArticleId(id))\n{CALL}"),
        file=ROUTER,
        line="return Published",
        says="publish makes 2 calls, allowed is one use case",
        fix=MOVE,
    ),
    Violation(
        what="a handler catches an error",
        gate="handlers",
        change=lambda twin: twin.replace(
            ROUTER, CALL, f"    try:\n    {CALL}    except ValueError:\n    {ANSWER}"
        ),
        file=ROUTER,
        line="try:",
        says="error handling: rules belong to the domain",
        fix=MOVE,
    ),
    Violation(
        what="a helper beside a handler computes",
        gate="handlers",
        change=lambda twin: twin.append(
            ROUTER, "\n\ndef total(ids: list[int]) -> int:\n    return sum(ids)\n"
        ),
        file=ROUTER,
        line="sum(ids)",
        says="sum() computes",
        fix=MOVE,
    ),
    Violation(
        what="a use case that FastAPI would call",
        gate="handlers",
        change=lambda twin: twin.replace(ROUTER, "import APIRouter", "import APIRouter, Depends").append(
            ROUTER, "\n\nDONE = Depends(publish_article)\n"
        ),
        file=ROUTER,
        line="DONE =",
        says="only a handler in routers/ calls use cases",
        fix=MOVE,
    ),
    Violation(
        what="a route that no decorator shows",
        gate="handlers",
        change=lambda twin: twin.append(ROUTER, '\n\nrouter.get("/x")(publish)\n'),
        file=ROUTER,
        line="router.get",
        says=".get registers a route unseen",
        fix=MOVE,
    ),
    Violation(
        what="a helper of presentation takes the engine from the application's state",
        gate="handlers",
        change=lambda twin: twin.write(
            "backend/app/presentation/http/helpers.py",
            "from fastapi import Request\n\n\ndef engine(request: Request) -> object:\n"
            "    return request.app.state.engine\n",
        ),
        file="backend/app/presentation/http/helpers.py",
        line="state.engine",
        says=".state: presentation uses its dependencies, never a session",
        fix=MOVE,
    ),
    Violation(
        what="a route beside the tables",
        gate="handlers",
        change=lambda twin: twin.append(
            REPOSITORY, '\n\n@router.get("/tables")\ndef tables() -> type[Table]:\n    return Table\n'
        ),
        file=REPOSITORY,
        line="def tables",
        says="tables is a route, and routes belong to presentation",
        fix=MOVE,
        also=("lint", "types"),
    ),
    Violation(
        what="the composition root decides",
        gate="handlers",
        change=lambda twin: twin.append(
            MAIN, '\n\ndef limit(environment: str) -> int:\n    return 1 if environment == "test" else 100\n'
        ),
        file=MAIN,
        line="return 1 if",
        says="a comparison: rules belong to the domain",
        fix=MOVE,
    ),
]
