"""Files of exports: streams of rows, and the encoders that write them in each format."""

from collections.abc import AsyncGenerator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum, StrEnum, auto
from typing import Protocol, Self

Row = Sequence[object]

FORMULA_CHARACTERS = "=+-@\t\r\n\0\uff1d\uff0b\uff0d\uff20"
"""A spreadsheet may read a cell that starts with one of these as a formula (OWASP ASVS 5.0 1.2.10)."""
E164 = r"\+[1-9][0-9]{6,14}"
"""The form of phone numbers, which are not formulas."""


class ColumnKind(Enum):
    """The kind of a column's values, where their type does not show it.

    TIME: instants, as datetimes or in ISO 8601. PHONE: numbers in E.164 form.
    """

    TIME = auto()
    PHONE = auto()


@dataclass(frozen=True)
class RowStream:
    """A table that is read once in batches of some hundred rows, with constant memory.

    `kinds` has the columns whose kind matters to a format, by name. If the source can write CSV (RFC 4180,
    formulas escaped) faster than an encoder, `csv_chunks` has the same rows as lines of it, without the
    header and in at least one chunk.
    """

    columns: tuple[str, ...]
    batches: AsyncGenerator[Sequence[Row]]
    kinds: Mapping[str, ColumnKind] = field(default_factory=dict)
    title: str = "Export"
    csv_chunks: AsyncGenerator[bytes] | None = None

    def indexes_of(self, kind: ColumnKind) -> frozenset[int]:
        """Return the indexes of the columns of a kind."""
        return frozenset(n for n, name in enumerate(self.columns) if self.kinds.get(name) is kind)


class ExportFormat(StrEnum):
    CSV = "csv"
    XLSX = "xlsx"
    JSON = "json"
    ICS = "ics"


class CsvDialect(StrEnum):
    """RFC_4180 is for programs, EXCEL for people who open the file with a spreadsheet."""

    RFC_4180 = "rfc4180"
    EXCEL = "excel"


@dataclass(frozen=True, slots=True)
class FileType:
    """A format and, for CSV, its dialect."""

    format: ExportFormat
    dialect: CsvDialect = CsvDialect.RFC_4180

    @classmethod
    def of(cls, format: ExportFormat, dialect: CsvDialect) -> Self:
        """Return the type. Other formats than CSV ignore the dialect."""
        return cls(format, dialect) if format is ExportFormat.CSV else cls(format)


class Encoder(Protocol):
    @property
    def media_type(self) -> str: ...

    def encode(self, table: RowStream) -> AsyncGenerator[bytes]:
        """Yield the file in chunks of some kilobytes. A truncated file must be recognizable."""
        ...
