from fastapi import Response

from app.application.access import Action
from app.presentation.http.problems import CONTENT, ProblemPageDep, ProblemTypeNotFoundError, problem_types
from app.presentation.http.routing import api_router, operation, raw_operation
from app.presentation.http.schemas.problems import ProblemTypes

router = api_router("/problems", "operations", base="")


@router.get("", summary="List the problems", **operation(Action.READ_PROBLEMS))
async def list_problems() -> ProblemTypes:
    """Every code that an error can have, with its status and what it means."""
    return ProblemTypes(items=problem_types())


@router.get(
    "/{code}",
    summary="What does a problem mean?",
    response_class=Response,
    **raw_operation(Action.READ_PROBLEMS, ProblemTypeNotFoundError, content=CONTENT),
)
async def read_problem(page: ProblemPageDep) -> Response:
    """The `type` of every problem leads here: to JSON, or to a page for browsers."""
    return page
