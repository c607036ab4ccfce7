"""What the reader of a terminal or a log sees of results: coloured, or plain lines that grep can find."""

from collections.abc import Iterable, Sequence

from rich.console import Console
from rich.padding import Padding
from rich.syntax import Syntax
from rich.table import Table
from rich.text import Text

from gates.model import Finding, Project
from gates.report import github
from gates.report.snippet import Lines, excerpt, visible
from gates.runner import Result

STYLE = {"passed": "green", "failed": "bold red", "skipped": "yellow"}
PLACES = 10  # of equal findings that are shown
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
        for same in _equal(result.findings):
            if github.is_here():
                print("\n".join(github.annotation(result, finding) for finding in same))
            elif console.is_terminal:
                _coloured(console, result, same, excerpt(project, same[0], secret))
            else:
                _plain(result, same)
        if not github.is_here():
            console.print(Text.assemble(("again: ", "bold"), result.command), end="\n\n")


def _equal(findings: Iterable[Finding]) -> list[list[Finding]]:
    """Group the findings that say the same of different places: what to do is shown once."""
    groups: dict[tuple[str, str], list[Finding]] = {}
    for finding in dict.fromkeys(findings):
        groups.setdefault((finding.message, finding.fix), []).append(finding)
    return list(groups.values())


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
    return str(project.rulebook["rules"].get(result.rule, {}).get("says", "not in the rule book"))


def _heading(console: Console, project: Project, result: Result) -> None:
    rule = f" ({result.rule}: {says(project, result)})" if result.rule else ""
    console.print(Text.assemble((f"{result.gate} refuses", "bold red"), rule))


def _plain(result: Result, same: Sequence[Finding]) -> None:
    message, fix = (visible(text).replace("\n", "\n    ") for text in (same[0].message, same[0].fix))
    for finding in same[:PLACES]:
        print(f"{place(finding)}: {message} [{f'{result.rule} {result.gate}'.strip()}]")
        message = message.partition("\n")[0]
    print("".join(f"    {text}\n" for text in [*_rest(result, same), f"fix: {fix}"]), end="")


def _rest(result: Result, same: Sequence[Finding]) -> list[str]:
    """Return a line that counts the places that are not shown; none when all are."""
    left = len(same) - PLACES
    return [f"… and {left} more like this: reports/gates/{result.gate}.json"] if left > 0 else []


def _coloured(console: Console, result: Result, same: Sequence[Finding], lines: Lines) -> None:
    finding = same[0]
    for each in same[:PLACES]:
        if each.file:
            console.print(Text(f"  {place(each)}", "bold cyan"), soft_wrap=True)
    for line in _rest(result, same):
        console.print(Text(f"  {line}", "cyan"))
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
