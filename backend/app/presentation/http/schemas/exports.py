"""Query parameters of the exports: the lists' filters and a format."""

from app.application.exports import ExportFormat
from app.application.queries import MemberFilter
from app.domain.members import Role
from app.presentation.http.schemas.base import Schema
from app.presentation.http.schemas.news import NewsFilterParams


class NewsExportParams(NewsFilterParams):
    format: ExportFormat = ExportFormat.CSV


class MemberExportParams(Schema):
    role: Role | None = None
    is_active: bool | None = None
    format: ExportFormat = ExportFormat.CSV

    def to_filter(self) -> MemberFilter:
        return MemberFilter(role=self.role, is_active=self.is_active)
