"""Excel workbooks (ECMA-376) that are sent while they are written: constant memory, no temporary file."""

from collections.abc import AsyncGenerator, Sequence
from zipfile import ZIP_DEFLATED, ZipFile
from zoneinfo import ZoneInfo

from app.application.export_files import Row, RowStream
from app.infrastructure.exports.encoders import CHUNK_SIZE
from app.infrastructure.exports.xlsx_cells import Cells, header_cell, widths
from app.infrastructure.exports.xlsx_parts import MEDIA_TYPE, Sheet, package_parts, sheet_begin, sheet_end

COMPRESSION = 1
"""The fastest level, since exports run in the process that serves all requests."""

ROWS_PER_SHEET = 1_048_576
BYTES_PER_SHEET = 1 << 30
"""Limits of a sheet: Excel's number of rows, and 2 GiB. Beyond that it would need Zip64, which Excel does
not read in streams."""


class XlsxEncoder:
    """Times are dates in the association's zone; numbers and Booleans keep their type. Everything else is
    inline text, the header included, so that it cannot become a formula or a link.

    The header is frozen and has a filter; the first rows decide the widths of columns. A table that is too
    long for one sheet continues on the next. Text that is too long for a cell is truncated and marked. A
    truncated file has no directory, so no program opens it.
    """

    media_type = MEDIA_TYPE

    def __init__(self, zone: ZoneInfo) -> None:
        self._zone = zone

    async def encode(self, table: RowStream) -> AsyncGenerator[bytes]:
        batch = await anext(table.batches, None)
        workbook = _Workbook(table, self._zone, sample=batch or ())
        try:
            while batch is not None:
                for row in batch:
                    workbook.add(row)
                    if len(workbook.buffer.waiting) >= CHUNK_SIZE:
                        yield workbook.buffer.drain()
                batch = await anext(table.batches, None)
        finally:
            workbook.close()
        yield workbook.buffer.drain()


class _Workbook:
    def __init__(self, table: RowStream, zone: ZoneInfo, *, sample: Sequence[Row]) -> None:
        self.buffer = _Buffer()
        self._archive = ZipFile(self.buffer, "w", ZIP_DEFLATED, compresslevel=COMPRESSION)
        self._table = table
        self._widths = widths(table, sample)
        self._cells = Cells(table, zone)
        self._sheets: list[Sheet] = []
        self._begin_sheet()

    def add(self, row: Row) -> None:
        if self._rows >= ROWS_PER_SHEET or self._size >= BYTES_PER_SHEET:
            self._end_sheet()
            self._begin_sheet()
        self._write(self._cells.of(row))

    def close(self) -> None:
        self._end_sheet()
        for name, part in package_parts(self._sheets).items():
            self._archive.writestr(name, part)
        self._archive.close()

    def _begin_sheet(self) -> None:
        number = len(self._sheets) + 1
        self._sheet = self._archive.open(f"xl/worksheets/sheet{number}.xml", "w")
        self._rows = 0
        self._size = self._sheet.write(sheet_begin(self._widths).encode())
        self._write("".join(map(header_cell, self._table.columns)))

    def _write(self, cells: str) -> None:
        self._rows += 1
        self._size += self._sheet.write(f"<row>{cells}</row>".encode())

    def _end_sheet(self) -> None:
        number = len(self._sheets) + 1
        name = self._table.title if number == 1 else f"{self._table.title} {number}"
        sheet = Sheet(number, name, columns=len(self._table.columns), rows=self._rows)
        self._sheets.append(sheet)
        self._sheet.write(sheet_end(sheet).encode())
        self._sheet.close()


class _Buffer:
    """A buffer that the archive writes to. It cannot seek, so sizes follow their entry (APPNOTE 4.3.9)."""

    def __init__(self) -> None:
        self.waiting = bytearray()

    def write(self, data: bytes, /) -> int:
        self.waiting += data
        return len(data)

    def flush(self) -> None: ...

    def close(self) -> None: ...

    def drain(self) -> bytes:
        piece = bytes(self.waiting)
        self.waiting.clear()
        return piece
