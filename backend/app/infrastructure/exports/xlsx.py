"""Excel workbooks (ECMA-376) that are sent while they are written: flat memory, no temporary file."""

import re
from collections.abc import AsyncGenerator, Iterable
from html import escape
from zipfile import ZIP_DEFLATED, ZipFile

from app.application.exports import Row, Rows
from app.infrastructure.exports.encoders import PIECE, as_text

COMPRESSION = 1
"""The fastest: exports run in the process that serves everybody else."""

ROWS_PER_SHEET = 1_048_576
CHARACTERS_PER_CELL = 32_767
BYTES_PER_SHEET = 1 << 30
"""The first two are Excel's. Beyond 2 GiB a sheet would need Zip64, which Excel does not read in streams."""

CUT = " … [cut]"

_UNWRITABLE = re.compile(r"[\x00-\x08\x0b-\x1f\ud800-\udfff\ufffe\uffff]|_(?=x[0-9A-Fa-f]{4}_)")
"""What XML 1.0 cannot hold or would change, and what would be read as one of the escapes for it."""

_DECLARATION = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
_MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_RELATIONSHIPS = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_PACKAGE = "http://schemas.openxmlformats.org/package/2006"
_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml"

_BEGIN = (
    f'{_DECLARATION}<worksheet xmlns="{_MAIN}"><sheetViews><sheetView workbookViewId="0">'
    '<pane ySplit="1" topLeftCell="A2" activePane="bottomLeft" state="frozen"/>'
    "</sheetView></sheetViews><sheetData>"
).encode()
_END = b"</sheetData></worksheet>"


class XlsxEncoder:
    """Every cell, the header's too, is inline text: nothing in it can become a formula, a link or a number.

    A table that is too long for one sheet goes on in the next. Text that is too long for a cell is
    cut and says so. A file that was cut short has no directory, so nothing opens it.
    """

    media_type = f"{_TYPE}.sheet"

    async def encode(self, table: Rows) -> AsyncGenerator[bytes]:
        workbook = _Workbook(table.columns)
        try:
            async for batch in table.batches:
                for row in batch:
                    workbook.add(row)
                    if len(workbook.outlet.waiting) >= PIECE:
                        yield workbook.outlet.drain()
        finally:
            workbook.close()
        yield workbook.outlet.drain()


class _Workbook:
    def __init__(self, columns: tuple[str, ...]) -> None:
        self.outlet = _Outlet()
        self._archive = ZipFile(self.outlet, "w", ZIP_DEFLATED, compresslevel=COMPRESSION)
        self._columns = columns
        self._sheets = 0
        self._begin_sheet()

    def add(self, row: Row) -> None:
        if self._rows >= ROWS_PER_SHEET or self._size >= BYTES_PER_SHEET:
            self._end_sheet()
            self._begin_sheet()
        self._write(row)

    def close(self) -> None:
        self._end_sheet()
        for name, part in _parts(range(1, self._sheets + 1)).items():
            self._archive.writestr(name, _DECLARATION + part)
        self._archive.close()

    def _begin_sheet(self) -> None:
        self._sheets += 1
        self._sheet = self._archive.open(f"xl/worksheets/sheet{self._sheets}.xml", "w")
        self._rows, self._size = 0, self._sheet.write(_BEGIN)
        self._write(self._columns)

    def _write(self, row: Row) -> None:
        self._rows += 1
        self._size += self._sheet.write(f"<row>{''.join(map(_cell, row))}</row>".encode())

    def _end_sheet(self) -> None:
        self._sheet.write(_END)
        self._sheet.close()


class _Outlet:
    """Takes what the archive writes. It cannot go back, so sizes follow their entry (APPNOTE 4.3.9)."""

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


def _cell(value: object) -> str:
    text = value if type(value) is str else as_text(value)
    if not text:
        return "<c/>"
    if len(text) * 2 > CHARACTERS_PER_CELL:
        text = _fitting(text)
    text = _UNWRITABLE.sub(lambda found: f"_x{ord(found[0]):04X}_", text)
    return f'<c t="inlineStr"><is><t xml:space="preserve">{escape(text, quote=False)}</t></is></c>'


def _fitting(text: str) -> str:
    """Excel counts in units of UTF-16."""
    units = text.encode("utf-16-le", "surrogatepass")
    if len(units) <= 2 * CHARACTERS_PER_CELL:
        return text
    return units[: 2 * (CHARACTERS_PER_CELL - len(CUT))].decode("utf-16-le", "ignore") + CUT


def _parts(sheets: Iterable[int]) -> dict[str, str]:
    """Return the small files around the sheets."""
    numbers = list(sheets)
    overrides = "".join(
        f'<Override PartName="/xl/worksheets/sheet{n}.xml" ContentType="{_TYPE}.worksheet+xml"/>'
        for n in numbers
    )
    names = "".join(f'<sheet name="Export {n}" sheetId="{n}" r:id="rId{n}"/>' for n in numbers)
    targets = "".join(
        f'<Relationship Id="rId{n}" Type="{_RELATIONSHIPS}/worksheet" Target="worksheets/sheet{n}.xml"/>'
        for n in numbers
    )
    return {
        "xl/workbook.xml": (
            f'<workbook xmlns="{_MAIN}" xmlns:r="{_RELATIONSHIPS}"><sheets>{names}</sheets></workbook>'
        ),
        "xl/_rels/workbook.xml.rels": (
            f'<Relationships xmlns="{_PACKAGE}/relationships">{targets}</Relationships>'
        ),
        "_rels/.rels": (
            f'<Relationships xmlns="{_PACKAGE}/relationships"><Relationship Id="rId1" '
            f'Type="{_RELATIONSHIPS}/officeDocument" Target="xl/workbook.xml"/></Relationships>'
        ),
        "[Content_Types].xml": (
            f'<Types xmlns="{_PACKAGE}/content-types"><Default Extension="rels" '
            'ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
            f'<Override PartName="/xl/workbook.xml" ContentType="{_TYPE}.sheet.main+xml"/>{overrides}</Types>'
        ),
    }
