"""What a supervisor is told."""

from typing import Literal

from app.presentation.http.schemas.base import View


class HealthRead(View):
    status: Literal["ok"] = "ok"
