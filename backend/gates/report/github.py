"""Findings on GitHub: annotations on the lines of a pull request, and the summary of a workflow's run.

Names and messages come from the change under test: they are escaped, so that none gives the runner a command
or breaks the table. Annotations are workflow commands, the summary is GitHub's Markdown.
"""

import os
import re
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from gates.model import Finding
from gates.report.snippet import escape_control_characters, truncate
from gates.runner import Result

MAX_SUMMARY_BYTES = 1_000_000  # of a step; GitHub drops one above 1 MiB
RESERVED_BYTES = 200  # for the line that says there is more
MAX_MESSAGE_LENGTH = 2_000
MARKDOWN_SPECIAL = re.compile(r"[^\w /,-]|_")
STATUS_ICON = {"passed": "✅", "failed": "❌", "skipped": "⏭️"}


def in_github_actions() -> bool:
    """Return whether this runs in a workflow."""
    return os.environ.get("GITHUB_ACTIONS") == "true"


def annotation(result: Result, finding: Finding) -> str:
    """Return the command that puts a finding on its line; the log shows only what comes after the `::`."""
    where = ""
    if finding.file:
        where = f"{finding.file}:{finding.line}: " if finding.line else f"{finding.file}: "
    message = f"{where}{finding.message}\nFix: {finding.fix}\nAgain: {result.command}"
    properties = {"title": f"{result.rule} {result.gate}"}
    if finding.file:
        properties = {"file": finding.file, "line": str(max(finding.line, 1))} | properties
    listed = ",".join(f"{name}={_property(value)}" for name, value in properties.items())
    return f"::error {listed}::{_data(message)}"


def summarize(results: Sequence[Result], closing: str = "") -> None:
    """Append the results to the summary of this step, as far as there is room in it."""
    append_to_summary(_lines(results, closing))


def append_to_summary(lines: Iterable[str]) -> None:
    """Append lines of Markdown to the summary of this step, as far as there is room in it."""
    name = os.environ.get("GITHUB_STEP_SUMMARY")
    if not in_github_actions() or not name:
        return
    try:
        path = Path(name)
        room = MAX_SUMMARY_BYTES - RESERVED_BYTES - (path.stat().st_size if path.exists() else 0)
        with path.open("a", encoding="utf-8") as file:
            file.write(_fitting(lines, room))
    except OSError as error:
        print(f"The summary could not be written: {error}")


def _fitting(lines: Iterable[str], room: int) -> str:
    """Return the first lines that fit into the limit of bytes (and RESERVED_BYTES)."""
    written: list[str] = []
    for line in lines:
        room -= len(line.encode()) + 1
        if room < 0:
            written += ["", "There is more in the log and in the reports of this run.", ""]
            break
        written.append(line)
    return "\n".join(written)


def _lines(results: Sequence[Result], closing: str) -> Iterator[str]:
    if closing:
        yield from (f"## {_cell(closing)}", "")
    yield from ("| result | gate | rule | seconds | run again | |", "|---|---|---|--:|---|---|")
    for result in results:
        seconds = f"{result.seconds:.2f}"
        cells = map(_cell, (result.gate, result.rule, seconds, result.command, result.note))
        yield f"| {STATUS_ICON[result.status]} {result.status} | {' | '.join(cells)} |"
    yield ""
    findings = [(result, finding) for result in results for finding in result.findings]
    if findings:
        yield from (
            "### Findings",
            "",
            "| rule | place | what is wrong | how to fix it |",
            "|---|---|---|---|",
        )
    for result, finding in findings:
        where = f"{finding.file}:{finding.line}" if finding.line else finding.file
        cells = map(_cell, (f"{result.rule} {result.gate}", where, finding.message, finding.fix))
        yield f"| {' | '.join(cells)} |"
    yield ""


def _data(text: str) -> str:
    """Escape a command's message as GitHub's toolkit does; visible text has no carriage return."""
    shown = escape_control_characters(truncate(text, MAX_MESSAGE_LENGTH))
    return shown.replace("%", "%25").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")


def _cell(text: str) -> str:
    """Return text that is only text to Markdown and HTML: an entity is never syntax (CommonMark 2.5)."""
    lines = escape_control_characters(truncate(text, MAX_MESSAGE_LENGTH)).splitlines()
    return "<br>".join(MARKDOWN_SPECIAL.sub(lambda match: f"&#{ord(match[0])};", line) for line in lines)
