"""The schema of problem types."""

from app.presentation.http.errors import ProblemType
from app.presentation.http.schemas.base import View


class ProblemTypes(View):
    items: list[ProblemType]
