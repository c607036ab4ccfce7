import zipfile
from collections.abc import AsyncGenerator, Mapping, Sequence
from datetime import UTC, datetime
from hashlib import sha512
from io import BytesIO
from uuid import UUID

import pytest
from defusedxml import ElementTree
from python_calamine import CalamineWorkbook

from app.application.exports import Row, Rows
from app.domain.members import Role
from app.infrastructure.exports import xlsx
from app.infrastructure.exports.encoders import PIECE
from app.infrastructure.exports.xlsx import CHARACTERS_PER_CELL, XlsxEncoder


async def written(columns: tuple[str, ...], rows: Sequence[Row]) -> list[bytes]:
    async def each() -> AsyncGenerator[Sequence[Row]]:
        for start in range(0, len(rows), 7):
            yield rows[start : start + 7]

    return [piece async for piece in XlsxEncoder().encode(Rows(columns, each()))]


def read(pieces: list[bytes]) -> Mapping[str, Sequence[Sequence[object]]]:
    """Read with another program's reader, which keeps text, numbers and formulas apart."""
    workbook = CalamineWorkbook.from_filelike(BytesIO(b"".join(pieces)))
    return {name: [*workbook.get_sheet_by_name(name).to_python()] for name in workbook.sheet_names}


async def test_holds_the_same_text_as_csv_when_written() -> None:
    row = (UUID(int=1), None, True, Role.ADMIN, datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC), "a\nb", 7)

    sheets = read(await written(("id", "empty", "flag", "role", "at", "text", "count"), [row]))

    assert sheets == {
        "Export 1": [
            ["id", "empty", "flag", "role", "at", "text", "count"],
            [str(UUID(int=1)), "", "true", "ADMIN", "2026-01-02T03:04:05+00:00", "a\nb", "7"],
        ]
    }


DANGEROUS = ["=1+1", "+34600111222", "-1", "@SUM(A1)", "\uff1d1", "http://pau2.example", "007", "{=1}", " x "]
INCOMPRESSIBLE = [(sha512(str(n).encode()).hexdigest(),) for n in range(12_000)]


@pytest.mark.parametrize("text", DANGEROUS)
async def test_is_text_and_nothing_else_when_a_spreadsheet_would_calculate(text: str) -> None:
    pieces = await written((text,), [(text,)])

    assert read(pieces) == {"Export 1": [[text], [text]]}
    with zipfile.ZipFile(BytesIO(b"".join(pieces))) as archive:
        sheet = ElementTree.fromstring(archive.read("xl/worksheets/sheet1.xml"))
    kinds = {element.tag.rpartition("}")[2] for element in sheet.iter()}
    assert kinds == {"worksheet", "sheetViews", "sheetView", "pane", "sheetData", "row", "c", "is", "t"}
    assert {cell.get("t") for cell in sheet.iterfind(".//{*}c")} == {"inlineStr"}


@pytest.mark.parametrize("text", ["<b>&amp;</b>", "_x0041_", "__x0041_x0042_", "_x41_", "é😀\u2028", "]]>"])
async def test_comes_back_unchanged_when_text_looks_like_markup_or_an_escape(text: str) -> None:
    assert read(await written(("text",), [(text,)])) == {"Export 1": [["text"], [text]]}


@pytest.mark.parametrize("text", ["a\x00b", "\r", "\x1b[0m", "\ud800", "\uffff"])
async def test_is_readable_when_text_cannot_be_written_in_xml(text: str) -> None:
    [[_], [found]] = read(await written(("text",), [(text,)]))["Export 1"]

    assert isinstance(found, str)
    pieces = b"".join(await written(("text",), [(text,)]))
    with zipfile.ZipFile(BytesIO(pieces)) as archive:
        [only] = [char for char in text if not char.isprintable() or char == "\ud800"][:1]
        assert f"_x{ord(only):04X}_" in archive.read("xl/worksheets/sheet1.xml").decode()


@pytest.mark.parametrize("letter", ["x", "😀"])
async def test_is_cut_and_says_so_when_a_cell_would_be_too_long(letter: str) -> None:
    """Excel counts UTF-16: a letter beyond the basic plane counts twice."""
    most = CHARACTERS_PER_CELL // (2 if letter == "😀" else 1)

    pieces = await written(("text",), [(letter * most,), (letter * (most + 1),)])

    [_, [whole], [cut]] = read(pieces)["Export 1"]

    assert whole == letter * most
    assert str(cut).startswith(letter * 16_000)
    assert str(cut).endswith(f"{letter} … [cut]")
    assert len(str(cut).encode("utf-16-le")) // 2 <= CHARACTERS_PER_CELL


async def test_goes_on_in_the_next_sheet_when_one_is_full(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(xlsx, "ROWS_PER_SHEET", 3)

    sheets = read(await written(("n",), [(str(n),) for n in range(5)]))

    assert sheets == {
        "Export 1": [["n"], ["0"], ["1"]],
        "Export 2": [["n"], ["2"], ["3"]],
        "Export 3": [["n"], ["4"]],
    }


async def test_begins_another_sheet_when_one_is_heavy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(xlsx, "BYTES_PER_SHEET", 1_500)

    sheets = read(await written(("text",), [("x" * 1_000,)] * 3))

    assert [len(rows) for rows in sheets.values()] == [3, 2]


async def test_has_a_sheet_with_its_header_when_there_are_no_rows() -> None:
    assert read(await written(("id", "title"), [])) == {"Export 1": [["id", "title"]]}


async def test_sends_small_pieces_when_the_table_is_long() -> None:
    pieces = await written(("text",), INCOMPRESSIBLE)

    assert len(pieces) > 5
    assert max(map(len, pieces)) < 3 * PIECE


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
    chunks = XlsxEncoder().encode(Rows(("text",), rows))

    assert await anext(chunks)
    await chunks.aclose()
    await rows.aclose()

    assert closed == [True]
