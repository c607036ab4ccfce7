"""Query parameters of the exports: the lists' filters and the type of the file."""

from typing import Literal

from pydantic import Field

from app.application.exports import CsvDialect, ExportFormat, FileType
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


class NewsExportParams(NewsFilterParams, TableFileParams): ...


class EventExportParams(EventFilterParams, FileParams): ...


class ResponseExportParams(TableFileParams): ...


class MemberExportParams(MemberFilterParams, TableFileParams): ...
