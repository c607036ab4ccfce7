"""What the reader of a terminal or a log sees of results: coloured, or plain lines that grep can find."""

from collections.abc import Iterable, Sequence

from rich.console import Console
from rich.padding import Padding
from rich.syntax import Syntax
from rich.table import Table
from rich.text import Text

from gates import github
from gates.excerpt import Lines, excerpt, visible
from gates.model import Finding, Project
from gates.runner import Result

STYLE = {"passed": "green", "failed": "bold red", "skipped": "yellow"}
ENDLESS = 10_000  # columns of a log: nobody wants its lines broken


def show(project: Project, results: Sequence[Result]) -> bool:
    """Print a session's findings and its gates; return whether all gates let the change pass."""
    show_findings(project, results)
    github.summarize(results)
    show_table(results)
    return all(result.status != "failed" for result in results)


def show_findings(project: Project, results: Sequence[Result], secret: Iterable[str] | None = None) -> None:
    """Print every finding once: as annotations on GitHub, in colour on a terminal, else plain.

    `secret` are the files of which no line may be shown, unless the results tell.
    """
    console = console_of()
    secret = secret_files(results) if secret is None else secret
    for result in results:
        if result.status != "failed":
            continue
        if not github.is_here():
            _heading(console, project, result)
        for finding in result.findings:
            if github.is_here():
                print(github.annotation(result, finding))
            elif console.is_terminal:
                _coloured(console, finding, excerpt(project, finding, secret))
            else:
                _plain(result, finding)
        if not github.is_here():
            console.print(Text.assemble(("again: ", "bold"), result.command), end="\n\n")


def show_table(results: Sequence[Result], *, header: bool = False) -> None:
    """Print a line for each gate."""
    console = console_of()
    table = Table(box=None, header_style="bold", pad_edge=False, show_header=header)
    for column in ("result", "gate", "rule"):
        table.add_column(column, no_wrap=True)
    table.add_column("seconds", justify="right")
    table.add_column("run again", no_wrap=True)
    table.add_column("")
    for result in results:
        count = f"{len(result.findings)} found" if result.findings else ""
        table.add_row(
            Text(result.status, STYLE[result.status]),
            result.gate,
            result.rule,
            f"{result.seconds:.2f}",
            result.command,
            Text(visible(", ".join(filter(None, (count, result.note))))),
        )
    with console.capture() as printed:
        console.print(table)
    print("\n".join(line.rstrip() for line in printed.get().splitlines()), flush=True)


def console_of() -> Console:
    """Return the console for standard output as it is now; what is printed is text, never markup."""
    console = Console(markup=False, emoji=False, highlight=False)
    if not console.is_terminal:
        console.width = ENDLESS
    return console


def secret_files(results: Sequence[Result]) -> set[str]:
    """Return the files in which a gate found secrets: none of their lines may get into a log or a report."""
    return {finding.file for result in results if result.gate == "secrets" for finding in result.findings}


def place(finding: Finding) -> str:
    """Return `file:line`, as far as there are any."""
    return visible(f"{finding.file or '-'}{f':{finding.line}' if finding.line else ''}")


def says(project: Project, result: Result) -> str:
    """Return what the rule says that a gate enforces."""
    return str(project.book["rules"].get(result.rule, {}).get("says", "not in the rule book"))


def _heading(console: Console, project: Project, result: Result) -> None:
    rule = f" ({result.rule}: {says(project, result)})" if result.rule else ""
    console.print(Text.assemble((f"{result.gate} refuses", "bold red"), rule))


def _plain(result: Result, finding: Finding) -> None:
    message, fix = (visible(text).replace("\n", "\n    ") for text in (finding.message, finding.fix))
    print(f"{place(finding)}: {message} [{f'{result.rule} {result.gate}'.strip()}]\n    fix: {fix}")


def _coloured(console: Console, finding: Finding, lines: Lines) -> None:
    if finding.file:
        console.print(Text(f"  {place(finding)}", "bold cyan"), soft_wrap=True)
    console.print(Padding(Text(visible(finding.message)), (0, 0, 0, 4)))
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
    console.print(Padding(Text.assemble(("fix: ", "bold green"), visible(finding.fix)), (0, 0, 0, 4)))
