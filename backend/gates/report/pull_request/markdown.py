"""The summary of a change as Markdown, for a terminal, a file, and the summary of a workflow's run.

Names and messages come from the change: what they contain is text, never Markdown or HTML.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TypeVar

from gates.coverage.thresholds import line_ranges
from gates.model import Finding
from gates.report.gate_states import Conclusion, GateState, Verdict
from gates.report.new_code import NewCode
from gates.report.pull_request.changed_files import KINDS, LayerFiles
from gates.report.pull_request.contract_changes import Break, ContractChanges, Operation
from gates.report.pull_request.dependency_changes import DependencyChange
from gates.report.pull_request.facts import PullRequest
from gates.report.pull_request.revision_costs import EFFECTS, RevisionCost, StatementCost
from gates.report.section import Section
from gates.report.snippet import escape_control_characters, truncate
from gates.testing.durations.summary import Duration

T = TypeVar("T")
ICON: dict[Conclusion, str] = {"accepted": "✅", "refused": "❌", "unknown": "⏳"}
SPECIAL = re.compile(r"[\\`*{}\[\]<>#!|~&@^$]|\b_|_\b|(?<!\w)_|://|www\.", re.IGNORECASE)
MAX_CELL_LENGTH = 300
MAX_FINDINGS = 20
MAX_TESTS = 10
MAX_ROWS = 40
"""The maximum length of a list of operations, schemas or breaks."""
MAX_SQL_LENGTH = 4_000


def lines(change: PullRequest) -> Iterator[str]:
    """Yield the lines of the summary."""
    yield f"## {ICON[change.verdict.conclusion]} {change.verdict.closing}"
    yield ""
    if change.base.data:
        yield f"Compared with {prose(str(change.base.data))}."
    else:
        yield "There is no base to compare with, so only the last runs are shown."
        yield prose(change.base.missing)
    if change.is_empty:
        yield "No file differs from it."
    yield from _part("Verdict", _verdict(change.verdict))
    if change.base.data and not change.is_empty:
        yield from _part("Coverage of new code", _section(change.coverage, _coverage))
        yield from _part("Contract", _section(change.contract, _contract))
        yield from _part("Revisions", _section(change.revisions, _revisions))
        yield from _part("Dependencies", _section(change.dependencies, _dependencies))
        yield from _part("Files", _section(change.files, _files))
        yield from _part("Slowest tests of the change", _section(change.tests, _tests))
        yield from _part("Mutants", _mutants(change.mutants))
    yield ""


def prose(text: str) -> str:
    """Return a text that is only text to Markdown and HTML, but for code between pairs of backticks."""
    shown = escape_control_characters(truncate(text, MAX_CELL_LENGTH)).replace("\n", " ")
    parts = shown.split("`")
    if len(parts) % 2 == 0 or not all(part.strip() for part in parts[1::2]):
        return _escape(shown)
    return "".join(code(part) if number % 2 else _escape(part) for number, part in enumerate(parts))


def _escape(text: str) -> str:
    return SPECIAL.sub(lambda match: f"&#{ord(match[0][0])};{match[0][1:]}", text)


def code(text: str) -> str:
    """Return a text as code; as prose when it has what would end the code."""
    shown = escape_control_characters(truncate(text, MAX_CELL_LENGTH)).replace("\n", " ")
    return _escape(shown) if "`" in shown or not shown.strip() else f"`{shown.replace('|', chr(92) + '|')}`"


def _part(title: str, content: Iterable[str]) -> Iterator[str]:
    yield from ("", f"### {title}", "")
    yield from content


def _section(part: Section[T], show: Callable[[T], Iterable[str]]) -> Iterator[str]:
    """Yield a part's lines, or why it has none."""
    if part.data is None:
        yield f"Unknown. {prose(part.missing)}"
    else:
        yield from show(part.data)


def _table(*rows: Sequence[str], right: Iterable[int] = ()) -> Iterator[str]:
    """Yield a table whose first row has the titles; the columns in `right` are aligned to the right."""
    marks = ["--:" if number in {*right} else "---" for number in range(len(rows[0]))]
    for row in (rows[0], marks, *rows[1:]):
        yield f"| {' | '.join(row)} |"


def _verdict(verdict: Verdict) -> Iterator[str]:
    counts = [
        f"{sum(state.status == status for state in verdict.current)} {status}"
        for status in ("passed", "failed", "skipped")
    ]
    yield f"{', '.join(counts)} on these files."
    if verdict.stale:
        yield f"- Old, because files changed since: {_gates(verdict.stale)}"
    if verdict.not_run:
        yield f"- Not run: {_gates(verdict.not_run)}"
    if verdict.missing_sessions:
        yield f"- Next: `./noxw -s {' '.join(verdict.missing_sessions)}`, or `./noxw -s pr -- --run`"
    findings = [(state, each) for state in verdict.failed if state.result for each in state.result.findings]
    if findings:
        rows = [(code(state.gate), code(_place(each)), prose(each.message)) for state, each in findings]
        yield ""
        yield from _table(("gate", "place", "what is wrong"), *rows[:MAX_FINDINGS])
        yield from _more(rows, MAX_FINDINGS, "findings: see the page")


def _gates(states: Sequence[GateState]) -> str:
    return ", ".join(code(state.gate) + (f" ({state.when})" if state.when else "") for state in states)


def _place(finding: Finding) -> str:
    return f"{finding.file}:{finding.line}" if finding.line else finding.file


def _more(rows: Sequence[object], shown: int, what: str) -> Iterator[str]:
    if len(rows) > shown:
        yield from ("", f"… and {len(rows) - shown} more {what}.")


def _coverage(new: NewCode) -> Iterator[str]:
    if not new.files:
        yield "No measured code is new."
        return
    yield (
        f"**{new.lines}** of {new.lines.total} new lines (at least {new.threshold['lines']} %), "
        f"**{new.branches}** of {new.branches.total} new branches (at least {new.threshold['branches']} %)."
    )
    uncovered = [file for file in new.files if file.uncovered]
    if uncovered:
        yield ""
        yield from _table(
            ("file", "lines that no test runs", "branches that no test takes"),
            *(
                (code(file.name), "not measured", "")
                if file.new is None
                else (
                    code(file.name),
                    line_ranges(file.new.missing_lines) if file.new.missing_lines else "",
                    ", ".join(f"{start} → {end}" for start, end in sorted(file.new.missing_branches)),
                )
                for file in uncovered[:MAX_ROWS]
            ),
        )
        yield from _more(uncovered, MAX_ROWS, "files")


def _contract(changes: ContractChanges) -> Iterator[str]:
    if not changes:
        yield "The contract is the same."
        return
    yield from _breaks(changes.breaks)
    yield ""
    for verb in ("added", "removed", "changed"):
        operations: Sequence[Operation] = getattr(changes, verb)
        yield from (f"- {verb}: {_operation(operation)}" for operation in operations[:MAX_ROWS])
        yield from _more(operations, MAX_ROWS, f"operations {verb}")
    for schema in changes.schemas[:MAX_ROWS]:
        users = f" (used by {len(schema.used_by)} operations)" if schema.used_by else ""
        yield f"- schema {code(schema.name)}{users}: {prose('; '.join(schema.changes))}"
    yield from _more(changes.schemas, MAX_ROWS, "schemas")
    if changes.reworded:
        yield f"- documentation only: {len(changes.reworded)} operations and schemas"


def _breaks(breaks: Sequence[Break]) -> Iterator[str]:
    """Yield the changes that break clients, undeclared ones first."""
    if not breaks:
        yield "No change breaks clients."
        return
    undeclared = [found for found in breaks if not found.decision]
    yield f"**{len(breaks)} changes break clients**, {len(undeclared)} of them not declared."
    yield ""
    rows = [
        (code(found.pointer), prose(found.message), code(found.decision) if found.decision else "⚠️ none")
        for found in sorted(breaks, key=lambda found: bool(found.decision))
    ]
    yield from _table(("pointer", "change", "declared in"), *rows[:MAX_ROWS])
    yield from _more(rows, MAX_ROWS, "breaks")


def _operation(operation: Operation) -> str:
    changes = f": {prose('; '.join(operation.changes))}" if operation.changes else ""
    return f"{code(operation.name)} {prose(operation.summary)}{changes}"


def _revisions(revisions: Sequence[RevisionCost]) -> Iterator[str]:
    if not revisions:
        yield "No revision is new."
    for revision in revisions:
        yield f"**{code(revision.name)}**"
        if revision.statements is None:
            yield "is not measured: `./noxw -s pr` does so."
            continue
        rows = ", ".join(f"{code(table)} with {count:,} rows" for table, count in revision.rows.items())
        yield f"takes {revision.seconds:.2f} s" + (
            f" on {rows}." if rows else "; it uses no table that exists."
        )
        yield ""
        yield from _table(
            ("", "seconds", "locks", "held for"),
            *(
                (str(n), f"{each.seconds:.2f}", _locks(each), f"{each.held:.2f} s" if each.locks else "")
                for n, each in enumerate(revision.statements, 1)
            ),
            right=[1, 3],
        )
        yield ""
        yield from _sql(revision.statements)
        yield ""


def _locks(statement: StatementCost) -> str:
    """Return the locks in words: table, mode, and the blocked statements."""
    found = (f"{code(table)} {mode} ({EFFECTS[mode]})" for table, mode in sorted(statement.locks.items()))
    return "; ".join(found) or "no further lock on tables that existed"


def _sql(statements: Sequence[StatementCost]) -> Iterator[str]:
    """Yield the statements as one block of code, numbered as in the table."""
    text = "\n\n".join(f"-- {number}\n{each.sql}" for number, each in enumerate(statements, 1))
    shown = escape_control_characters(truncate(text, MAX_SQL_LENGTH))
    fence = "`" * (max([2, *map(len, re.findall("`+", shown))]) + 1)
    yield from (f"{fence}sql", shown, fence)


def _dependencies(changes: Sequence[DependencyChange]) -> Iterator[str]:
    if not changes:
        yield "No locked version changes."
        return
    yield from _table(
        ("package", "before", "after", "licence", "asked for", "used by"),
        *(
            (
                code(each.name),
                ", ".join(each.before) or "new",
                ", ".join(each.after) or "removed",
                prose(each.licence),
                "directly" if each.direct else "indirectly",
                prose(", ".join(each.used_by)),
            )
            for each in changes
        ),
    )


def _files(layers: Sequence[LayerFiles]) -> Iterator[str]:
    yield from _table(
        ("layer", *KINDS.values(), "files by feature"),
        *(
            (
                code(layer.name),
                *(str(layer.kinds[kind] or "") for kind in KINDS.values()),
                prose(layer.in_words),
            )
            for layer in layers
        ),
        right=range(1, 1 + len(KINDS)),
    )


def _tests(tests: Sequence[Duration]) -> Iterator[str]:
    if not tests:
        yield "The last run of all tests ran none of a file that the change edits."
        return
    yield from _table(
        ("test", "seconds", "computing", "waiting"),
        *(
            (code(test.name), f"{test.seconds:.2f}", f"{test.computing:.2f}", f"{test.waiting:.2f}")
            for test in tests[:MAX_TESTS]
        ),
        right=[1, 2, 3],
    )


def _mutants(state: GateState | None) -> Iterator[str]:
    if state is None or state.result is None:
        yield "Not tried: `./noxw -s mutants`."
    elif not state.is_current:
        yield f"Tried at {state.when}, but files changed since: `./noxw -s mutants`."
    else:
        yield f"{state.status}: {prose(state.result.note)}"
