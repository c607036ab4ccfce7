"""The schema of health checks."""

from typing import Literal

from app.presentation.http.schemas.base import View


class HealthRead(View):
    status: Literal["ok"] = "ok"
