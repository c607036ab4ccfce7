"""The file formats there are."""

from collections.abc import Mapping
from types import MappingProxyType

from app.application.exports import Encoder, ExportFormat
from app.infrastructure.exports.calendar import CalendarEncoder
from app.infrastructure.exports.encoders import CsvEncoder, JsonEncoder
from app.infrastructure.exports.xlsx import XlsxEncoder

ENCODERS: Mapping[ExportFormat, Encoder] = MappingProxyType(
    {
        ExportFormat.CSV: CsvEncoder(),
        ExportFormat.XLSX: XlsxEncoder(),
        ExportFormat.JSON: JsonEncoder(),
        ExportFormat.ICS: CalendarEncoder(),
    }
)
