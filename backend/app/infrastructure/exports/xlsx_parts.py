"""The parts of a workbook around its cells (ECMA-376 part 1, §12 and §18)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape

_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml"
_MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_RELATIONSHIPS = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_PACKAGE = "http://schemas.openxmlformats.org/package/2006"
_DECLARATION = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'

MEDIA_TYPE = f"{_TYPE}.sheet"

HEADER_STYLE = 1
DATE_STYLE = 2
"""Indexes into `cellXfs` below."""

_STYLES = (
    f'{_DECLARATION}<styleSheet xmlns="{_MAIN}">'
    '<numFmts count="1"><numFmt numFmtId="164" formatCode="yyyy\\-mm\\-dd\\ hh:mm:ss"/></numFmts>'
    '<fonts count="2"><font><sz val="11"/><name val="Calibri"/></font>'
    '<font><b/><sz val="11"/><name val="Calibri"/></font></fonts>'
    '<fills count="2"><fill><patternFill patternType="none"/></fill>'
    '<fill><patternFill patternType="gray125"/></fill></fills>'
    '<borders count="1"><border><left/><right/><top/><bottom/><diagonal/></border></borders>'
    '<cellStyleXfs count="1"><xf numFmtId="0" fontId="0" fillId="0" borderId="0"/></cellStyleXfs>'
    '<cellXfs count="3"><xf numFmtId="0" fontId="0" fillId="0" borderId="0" xfId="0"/>'
    '<xf numFmtId="0" fontId="1" fillId="0" borderId="0" xfId="0" applyFont="1"/>'
    '<xf numFmtId="164" fontId="0" fillId="0" borderId="0" xfId="0" applyNumberFormat="1"/></cellXfs>'
    '<cellStyles count="1"><cellStyle name="Normal" xfId="0" builtinId="0"/></cellStyles></styleSheet>'
)


@dataclass(frozen=True, slots=True)
class Sheet:
    """A worksheet. `rows` includes the header."""

    number: int
    name: str
    columns: int
    rows: int

    @property
    def last_cell(self) -> tuple[str, int]:
        """The letters of the last column and the number of the last row."""
        letters = ""
        rest = self.columns
        while rest:
            rest, letter = divmod(rest - 1, 26)
            letters = chr(ord("A") + letter) + letters
        return letters, self.rows


def sheet_begin(widths: Sequence[int]) -> str:
    columns = "".join(
        f'<col min="{n}" max="{n}" width="{width}" customWidth="1"/>' for n, width in enumerate(widths, 1)
    )
    return (
        f'{_DECLARATION}<worksheet xmlns="{_MAIN}"><sheetViews><sheetView workbookViewId="0">'
        '<pane ySplit="1" topLeftCell="A2" activePane="bottomLeft" state="frozen"/>'
        f"</sheetView></sheetViews><cols>{columns}</cols><sheetData>"
    )


def sheet_end(sheet: Sheet) -> str:
    letters, row = sheet.last_cell
    return f'</sheetData><autoFilter ref="A1:{letters}{row}"/></worksheet>'


def package_parts(sheets: Sequence[Sheet]) -> Mapping[str, str]:
    """Return the files around the sheets: name → content."""
    return {
        "xl/styles.xml": _STYLES,
        "xl/workbook.xml": _workbook(sheets),
        "xl/_rels/workbook.xml.rels": _relationships(
            [("worksheet", f"worksheets/sheet{sheet.number}.xml") for sheet in sheets]
            + [("styles", "styles.xml")]
        ),
        "_rels/.rels": _relationships([("officeDocument", "xl/workbook.xml")]),
        "[Content_Types].xml": _content_types(sheets),
    }


def _workbook(sheets: Sequence[Sheet]) -> str:
    """Return the list of sheets. Excel recognises a filter by its hidden name."""
    entries = "".join(
        f'<sheet name="{escape(each.name)}" sheetId="{each.number}" r:id="rId{each.number}"/>'
        for each in sheets
    )
    filters = "".join(
        f'<definedName name="_xlnm._FilterDatabase" localSheetId="{place}" hidden="1">'
        f"'{escape(sheet.name, quote=False)}'!$A$1:${sheet.last_cell[0]}${sheet.last_cell[1]}</definedName>"
        for place, sheet in enumerate(sheets)
    )
    return (
        f'{_DECLARATION}<workbook xmlns="{_MAIN}" xmlns:r="{_RELATIONSHIPS}"><sheets>{entries}</sheets>'
        f"<definedNames>{filters}</definedNames></workbook>"
    )


def _relationships(targets: Sequence[tuple[str, str]]) -> str:
    entries = "".join(
        f'<Relationship Id="rId{n}" Type="{_RELATIONSHIPS}/{kind}" Target="{target}"/>'
        for n, (kind, target) in enumerate(targets, 1)
    )
    return f'{_DECLARATION}<Relationships xmlns="{_PACKAGE}/relationships">{entries}</Relationships>'


def _content_types(sheets: Sequence[Sheet]) -> str:
    parts = {"/xl/workbook.xml": "sheet.main", "/xl/styles.xml": "styles"}
    parts |= {f"/xl/worksheets/sheet{sheet.number}.xml": "worksheet" for sheet in sheets}
    overrides = "".join(
        f'<Override PartName="{name}" ContentType="{_TYPE}.{kind}+xml"/>' for name, kind in parts.items()
    )
    return (
        f'{_DECLARATION}<Types xmlns="{_PACKAGE}/content-types"><Default Extension="rels" '
        f'ContentType="application/vnd.openxmlformats-package.relationships+xml"/>{overrides}</Types>'
    )
