import zipfile
from collections.abc import AsyncGenerator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from hashlib import sha512
from io import BytesIO
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from defusedxml import ElementTree
from python_calamine import CalamineWorkbook

from app.application.export_files import ColumnKind, Row, RowStream
from app.domain.members.member import Role
from app.infrastructure.exports import xlsx
from app.infrastructure.exports.encoders import CHUNK_SIZE
from app.infrastructure.exports.xlsx import XlsxEncoder
from app.infrastructure.exports.xlsx_cells import CHARACTERS_PER_CELL
from app.infrastructure.exports.xlsx_parts import Sheet

ZONE = ZoneInfo("Europe/Madrid")


async def written(columns: tuple[str, ...], rows: Sequence[Row], **options: Any) -> list[bytes]:
    async def each() -> AsyncGenerator[Sequence[Row]]:
        for start in range(0, len(rows), 7):
            yield rows[start : start + 7]

    return [piece async for piece in XlsxEncoder(ZONE).encode(RowStream(columns, each(), **options))]


def read(pieces: list[bytes]) -> Mapping[str, Sequence[Sequence[object]]]:
    """Read with another program's parser, which distinguishes text, numbers and formulas."""
    workbook = CalamineWorkbook.from_filelike(BytesIO(b"".join(pieces)))
    return {name: [*workbook.get_sheet_by_name(name).to_python()] for name in workbook.sheet_names}


async def test_holds_numbers_booleans_and_dates_as_such_when_written() -> None:
    winter = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
    summer = "2026-07-02T22:30:00.123456+00:00"
    columns = ("id", "empty", "flag", "role", "at", "then", "never", "text", "count", "long")
    row = (UUID(int=1), None, True, Role.ADMIN, winter, summer, None, "a\nb", 7, 10**15)

    sheets = read(
        await written(
            columns, [row], kinds=dict.fromkeys(("at", "then", "never"), ColumnKind.TIME), title="Members"
        )
    )

    [header, [*cells]] = sheets["Members"]
    assert header == list(columns)
    first, _, flag, role, at, then, never, text, count, long = cells
    assert (first, flag, role, never, text) == (str(UUID(int=1)), True, "ADMIN", "", "a\nb")
    assert (count, long) == (7, str(10**15))
    assert at == datetime.fromisoformat("2026-01-02T04:04:05")
    assert isinstance(then, datetime)
    assert abs(then - datetime.fromisoformat("2026-07-03T00:30:00.123456")) < timedelta(milliseconds=1)


async def test_shows_local_hour_when_daylight_saving_changed() -> None:
    """Cells hold wall-clock time: at noon of the day when clocks go forward the cell shows 12:00."""
    noon = datetime(2026, 3, 29, 10, tzinfo=UTC)

    [_, [at]] = read(await written(("at",), [(noon,)], kinds={"at": ColumnKind.TIME}))["Export"]

    assert at == datetime.fromisoformat("2026-03-29T12:00:00")


async def test_has_filter_frozen_header_and_wide_columns_when_opened() -> None:
    rows = [("x" * 30, "2026-01-02T03:04:05+00:00", True), ("y" * 99, None, False)]

    pieces = await written(("text", "at", "flag"), rows, kinds={"at": ColumnKind.TIME}, title="News & more")

    with zipfile.ZipFile(BytesIO(b"".join(pieces))) as archive:
        sheet = ElementTree.fromstring(archive.read("xl/worksheets/sheet1.xml"))
        book = ElementTree.fromstring(archive.read("xl/workbook.xml"))
    assert [column.get("width") for column in sheet.iterfind(".//{*}col")] == ["60", "20", "8"]
    assert [pane.get("state") for pane in sheet.iterfind(".//{*}pane")] == ["frozen"]
    assert [each.get("ref") for each in sheet.iterfind("{*}autoFilter")] == ["A1:C3"]
    assert [each.text for each in book.iterfind(".//{*}definedName")] == ["'News & more'!$A$1:$C$3"]
    assert [each.get("name") for each in book.iterfind(".//{*}sheet")] == ["News & more"]


@pytest.mark.parametrize(("columns", "letters"), [(1, "A"), (26, "Z"), (27, "AA"), (703, "AAA")])
def test_names_the_last_column_when_there_are_many(columns: int, letters: str) -> None:
    assert Sheet(1, "Export", columns=columns, rows=2).last_cell == (letters, 2)


DANGEROUS = ["=1+1", "+34600111222", "-1", "@SUM(A1)", "\uff1d1", "http://pau2.example", "007", "{=1}", " x "]
INCOMPRESSIBLE = [(sha512(str(n).encode()).hexdigest(),) for n in range(12_000)]


@pytest.mark.parametrize("text", DANGEROUS)
async def test_stays_plain_text_when_a_spreadsheet_would_calculate(text: str) -> None:
    pieces = await written((text,), [(text,)])

    assert read(pieces) == {"Export": [[text], [text]]}
    with zipfile.ZipFile(BytesIO(b"".join(pieces))) as archive:
        sheet = ElementTree.fromstring(archive.read("xl/worksheets/sheet1.xml"))
    kinds = {element.tag.rpartition("}")[2] for element in sheet.iter()}
    around = {"worksheet", "sheetViews", "sheetView", "pane", "cols", "col", "sheetData", "autoFilter"}
    assert kinds == around | {"row", "c", "is", "t"}
    assert {cell.get("t") for cell in sheet.iterfind(".//{*}c")} == {"inlineStr"}


@pytest.mark.parametrize("text", ["<b>&amp;</b>", "_x0041_", "__x0041_x0042_", "_x41_", "é😀\u2028", "]]>"])
async def test_keeps_text_when_it_looks_like_markup_or_an_escape(text: str) -> None:
    assert read(await written(("text",), [(text,)])) == {"Export": [["text"], [text]]}


@pytest.mark.parametrize("text", ["a\x00b", "\r", "\x1b[0m", "\ud800", "\uffff"])
async def test_is_readable_when_text_cannot_be_written_in_xml(text: str) -> None:
    [[_], [found]] = read(await written(("text",), [(text,)]))["Export"]

    assert isinstance(found, str)
    pieces = b"".join(await written(("text",), [(text,)]))
    with zipfile.ZipFile(BytesIO(pieces)) as archive:
        [only] = [char for char in text if not char.isprintable() or char == "\ud800"][:1]
        assert f"_x{ord(only):04X}_" in archive.read("xl/worksheets/sheet1.xml").decode()


@pytest.mark.parametrize("letter", ["x", "😀"])
async def test_is_cut_and_says_so_when_a_cell_would_be_too_long(letter: str) -> None:
    """Excel counts UTF-16 code units: a character beyond the basic plane counts twice."""
    most = CHARACTERS_PER_CELL // (2 if letter == "😀" else 1)

    pieces = await written(("text",), [(letter * most,), (letter * (most + 1),)])

    [_, [whole], [cut]] = read(pieces)["Export"]

    assert whole == letter * most
    assert str(cut).startswith(letter * 16_000)
    assert str(cut).endswith(f"{letter} … [cut]")
    assert len(str(cut).encode("utf-16-le")) // 2 <= CHARACTERS_PER_CELL


async def test_goes_on_in_the_next_sheet_when_one_is_full(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(xlsx, "ROWS_PER_SHEET", 3)

    sheets = read(await written(("n",), [(str(n),) for n in range(5)]))

    assert sheets == {
        "Export": [["n"], ["0"], ["1"]],
        "Export 2": [["n"], ["2"], ["3"]],
        "Export 3": [["n"], ["4"]],
    }


async def test_begins_another_sheet_when_one_is_heavy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(xlsx, "BYTES_PER_SHEET", 1_500)

    sheets = read(await written(("text",), [("x" * 1_000,)] * 3))

    assert [len(rows) for rows in sheets.values()] == [3, 2]


async def test_has_a_sheet_with_its_header_when_there_are_no_rows() -> None:
    assert read(await written(("id", "title"), [])) == {"Export": [["id", "title"]]}


async def test_sends_small_pieces_when_the_table_is_long() -> None:
    pieces = await written(("text",), INCOMPRESSIBLE)

    assert len(pieces) > 5
    assert max(map(len, pieces)) < 3 * CHUNK_SIZE


async def test_cannot_be_opened_when_cut_short() -> None:
    pieces = await written(("text",), INCOMPRESSIBLE)

    with pytest.raises(zipfile.BadZipFile), zipfile.ZipFile(BytesIO(b"".join(pieces[:-1]))):
        pass


async def test_closes_quietly_when_the_reader_leaves() -> None:
    closed = []

    async def endless() -> AsyncGenerator[Sequence[Row]]:
        try:
            n = 0
            while n < 1_000_000:
                n += 1
                yield [(sha512(str(n).encode()).hexdigest(),)]
        finally:
            closed.append(True)

    rows = endless()
    chunks = XlsxEncoder(ZONE).encode(RowStream(("text",), rows))

    assert await anext(chunks)
    await chunks.aclose()
    await rows.aclose()

    assert closed == [True]
