"""Query parameters of the exports: the lists' filters and a format."""

from typing import Literal

from app.application.exports import ExportFormat
from app.presentation.http.schemas.base import Schema
from app.presentation.http.schemas.events import EventFilterParams
from app.presentation.http.schemas.members import MemberFilterParams
from app.presentation.http.schemas.news import NewsFilterParams

TableFormat = Literal[ExportFormat.CSV, ExportFormat.XLSX, ExportFormat.JSON]


class NewsExportParams(NewsFilterParams):
    format: TableFormat = ExportFormat.CSV


class EventExportParams(EventFilterParams):
    format: ExportFormat = ExportFormat.CSV


class ResponseExportParams(Schema):
    format: TableFormat = ExportFormat.CSV


class MemberExportParams(MemberFilterParams):
    format: TableFormat = ExportFormat.CSV
