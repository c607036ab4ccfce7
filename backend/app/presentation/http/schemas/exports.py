"""Query parameters of the exports: the lists' filters and the type of the file."""

from typing import Literal

from pydantic import Field

from app.application.export_files import CsvDialect, ExportFormat, FileType
from app.presentation.http.schemas.base import Schema
from app.presentation.http.schemas.events import EventFilterParams
from app.presentation.http.schemas.members import MemberFilterParams
from app.presentation.http.schemas.news import NewsFilterParams

TableFormat = Literal[ExportFormat.CSV, ExportFormat.XLSX, ExportFormat.JSON]


class FileParams(Schema):
    format: ExportFormat = ExportFormat.CSV
    dialect: CsvDialect = Field(
        CsvDialect.RFC_4180, description="Of CSV; the other formats have none and ignore it."
    )

    def to_file(self) -> FileType:
        return FileType.of(self.format, self.dialect)


class TableFileParams(FileParams):
    format: TableFormat = ExportFormat.CSV


class NewsExportParams(NewsFilterParams, TableFileParams):
    """Which articles, and in which file."""


class EventExportParams(EventFilterParams, FileParams):
    """Which events, and in which file; a calendar is one of the formats."""


class ResponseExportParams(TableFileParams):
    """In which file: all responses of a consultation are exported together."""


class MemberExportParams(MemberFilterParams, TableFileParams):
    """Which members, and in which file."""
