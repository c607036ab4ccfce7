"""Query parameters of the exports: the lists' filters and a format."""

from app.application.exports import ExportFormat
from app.presentation.http.schemas.members import MemberFilterParams
from app.presentation.http.schemas.news import NewsFilterParams


class NewsExportParams(NewsFilterParams):
    format: ExportFormat = ExportFormat.CSV


class MemberExportParams(MemberFilterParams):
    format: ExportFormat = ExportFormat.CSV
