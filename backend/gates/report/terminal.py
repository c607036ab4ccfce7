"""Results on a terminal, in colour, or in a log, as plain lines that grep finds."""

from collections.abc import Iterable, Sequence

from rich.console import Console
from rich.padding import Padding
from rich.syntax import Syntax
from rich.table import Table
from rich.text import Text

from gates.model import Finding, Project
from gates.report import github
from gates.report.snippet import Lines, escape_control_characters, excerpt
from gates.runner import Result

STATUS_STYLE = {"passed": "green", "failed": "bold red", "skipped": "yellow"}
MAX_LOCATIONS = 10  # of equal findings
LOG_WIDTH = 10_000  # columns: lines of a log stay whole, so that grep finds them


def show(project: Project, results: Sequence[Result]) -> bool:
    """Print a session's findings and its gates; return whether all gates let the change pass."""
    show_findings(project, results)
    github.summarize(results)
    show_table(results)
    return all(result.status != "failed" for result in results)


def show_findings(project: Project, results: Sequence[Result], secret: Iterable[str] | None = None) -> None:
    """Print every finding once: as annotations on GitHub, in colour on a terminal, else plain.

    No line of the files in `secret` is shown; by default the results name them.
    """
    console = make_console()
    secret = secret_files(results) if secret is None else secret
    for result in results:
        if result.status != "failed":
            continue
        if not github.in_github_actions():
            _print_heading(console, project, result)
        for same in _group_equal(result.findings):
            if github.in_github_actions():
                print("\n".join(github.annotation(result, finding) for finding in same))
            elif console.is_terminal:
                _print_coloured(console, result, same, excerpt(project, same[0], secret))
            else:
                _print_plain(result, same)
        if not github.in_github_actions():
            console.print(Text.assemble(("again: ", "bold"), result.command), end="\n\n")


def _group_equal(findings: Iterable[Finding]) -> list[list[Finding]]:
    """Group findings with the same message and fix, so that these are shown once."""
    groups: dict[tuple[str, str], list[Finding]] = {}
    for finding in dict.fromkeys(findings):
        groups.setdefault((finding.message, finding.fix), []).append(finding)
    return list(groups.values())


def show_table(results: Sequence[Result], *, header: bool = False) -> None:
    """Print a line for each gate."""
    console = make_console()
    table = Table(box=None, header_style="bold", pad_edge=False, show_header=header)
    for column in ("result", "gate", "rule"):
        table.add_column(column, no_wrap=True)
    table.add_column("seconds", justify="right")
    table.add_column("run again", no_wrap=True)
    table.add_column("")
    for result in results:
        count = f"{len(result.findings)} found" if result.findings else ""
        table.add_row(
            Text(result.status, STATUS_STYLE[result.status]),
            result.gate,
            result.rule,
            f"{result.seconds:.2f}",
            result.command,
            Text(escape_control_characters(", ".join(filter(None, (count, result.note))))),
        )
    with console.capture() as printed:
        console.print(table)
    print("\n".join(line.rstrip() for line in printed.get().splitlines()), flush=True)


def make_console() -> Console:
    """Return a console for the current standard output. It prints text, never markup."""
    console = Console(markup=False, emoji=False, highlight=False)
    if not console.is_terminal:
        console.width = LOG_WIDTH
    return console


def secret_files(results: Sequence[Result]) -> set[str]:
    """Return the files in which a gate found secrets: none of their lines may get into a log or a report."""
    return {finding.file for result in results if result.gate == "secrets" for finding in result.findings}


def location(finding: Finding) -> str:
    """Return `file:line`, as far as there are any."""
    return escape_control_characters(f"{finding.file or '-'}{f':{finding.line}' if finding.line else ''}")


def rule_text(project: Project, number: str) -> str:
    """Return the text of a rule."""
    return str(project.rulebook["rules"].get(number, {}).get("summary", "not in the rule book"))


def _print_heading(console: Console, project: Project, result: Result) -> None:
    rule = f" ({result.rule}: {rule_text(project, result.rule)})" if result.rule else ""
    console.print(Text.assemble((f"{result.gate} refuses", "bold red"), rule))


def _print_plain(result: Result, same: Sequence[Finding]) -> None:
    message = _indent(same[0].message)
    fix = _indent(same[0].fix)
    for finding in same[:MAX_LOCATIONS]:
        print(f"{location(finding)}: {message} [{f'{result.rule} {result.gate}'.strip()}]")
        message = message.partition("\n")[0]
    for text in [*_more_locations(result, same), f"fix: {fix}"]:
        print(f"    {text}")


def _indent(text: str) -> str:
    """Return a text whose further lines are indented."""
    return escape_control_characters(text).replace("\n", "\n    ")


def _more_locations(result: Result, same: Sequence[Finding]) -> list[str]:
    """Return a line that counts the places that are not shown; none when all are."""
    left = len(same) - MAX_LOCATIONS
    if left <= 0:
        return []
    return [f"… and {left} more like this: reports/gates/{result.gate}.json"]


def _print_coloured(console: Console, result: Result, same: Sequence[Finding], lines: Lines) -> None:
    finding = same[0]
    for each in same[:MAX_LOCATIONS]:
        if each.file:
            console.print(Text(f"  {location(each)}", "bold cyan"), soft_wrap=True)
    for line in _more_locations(result, same):
        console.print(Text(f"  {line}", "cyan"))
    console.print(Padding(Text(escape_control_characters(finding.message)), (0, 0, 0, 4)))
    if lines:
        code = Syntax(
            "\n".join(text for _, text in lines),
            Syntax.guess_lexer(finding.file),
            theme="ansi_dark",
            background_color="default",
            line_numbers=True,
            start_line=lines[0][0],
            highlight_lines={finding.line},
        )
        console.print(Padding(code, (0, 0, 0, 4)))
    fix = Text.assemble(("fix: ", "bold green"), escape_control_characters(finding.fix))
    console.print(Padding(fix, (0, 0, 0, 4)))
