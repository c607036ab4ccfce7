from fastapi import Response

from app.application.access import Action
from app.presentation.http.problems import CONTENT, ProblemPageDep, ProblemTypeNotFoundError, problem_types
from app.presentation.http.routing import api_router, operation, raw_operation
from app.presentation.http.schemas.problems import ProblemTypes

router = api_router("/problems", "operations", base="")


@router.get("", summary="List problem types", **operation(Action.READ_PROBLEMS))
async def list_problems() -> ProblemTypes:
    """All error codes with their status and meaning."""
    return ProblemTypes(items=problem_types())


@router.get(
    "/{code}",
    summary="Read a problem type",
    response_class=Response,
    **raw_operation(Action.READ_PROBLEMS, ProblemTypeNotFoundError, content=CONTENT),
)
async def read_problem(page: ProblemPageDep) -> Response:
    """The resource that the `type` of a problem refers to: JSON, or a page for browsers."""
    return page
