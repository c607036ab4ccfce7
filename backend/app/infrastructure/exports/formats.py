"""The encoders by file format."""

from collections.abc import Mapping
from zoneinfo import ZoneInfo

from app.application.export_files import CsvDialect, Encoder, ExportFormat, FileType
from app.infrastructure.exports.calendar import CalendarEncoder
from app.infrastructure.exports.encoders import CsvEncoder, ExcelCsvEncoder, JsonEncoder
from app.infrastructure.exports.xlsx import XlsxEncoder


def create_encoders(zone: ZoneInfo) -> Mapping[FileType, Encoder]:
    """Return the encoder of a format. `zone` applies to times that the format writes without a zone."""
    return {
        FileType(ExportFormat.CSV): CsvEncoder(),
        FileType(ExportFormat.CSV, CsvDialect.EXCEL): ExcelCsvEncoder(zone),
        FileType(ExportFormat.XLSX): XlsxEncoder(zone),
        FileType(ExportFormat.JSON): JsonEncoder(),
        FileType(ExportFormat.ICS): CalendarEncoder(),
    }
