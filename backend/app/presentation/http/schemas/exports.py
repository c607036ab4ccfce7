"""Query parameters of exports: the filters of the lists and the type of the file."""

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
        CsvDialect.RFC_4180, description="The dialect of CSV. Other formats ignore it."
    )

    def to_file(self) -> FileType:
        return FileType.of(self.format, self.dialect)


class TableFileParams(FileParams):
    format: TableFormat = ExportFormat.CSV


class NewsExportParams(NewsFilterParams, TableFileParams):
    """The articles to export, and the type of the file."""


class EventExportParams(EventFilterParams, FileParams):
    """The events to export, and the type of the file, which can be a calendar."""


class ResponseExportParams(TableFileParams):
    """The type of the file. All responses of a consultation are exported together."""


class MemberExportParams(MemberFilterParams, TableFileParams):
    """The members to export, and the type of the file."""
