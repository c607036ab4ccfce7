"""`./noxw -s bench`: runs the benchmarks, prints their table and writes `reports/bench.json`."""

import argparse
import sys
from collections.abc import Callable, Iterator, Sequence

from rich.console import Console
from rich.table import Table

from benchmarks import exports, requests, startup, workbooks
from benchmarks.calendars import calendar
from benchmarks.data import Data, filled_database
from benchmarks.load import WrongAnswerError
from benchmarks.requests import Effort
from benchmarks.results import Result, write
from benchmarks.servers import BACKEND, ServerDidNotStartError
from devtools.errors import PostgresUnavailableError

REPORT = BACKEND.parent / "reports/bench.json"
BENCHMARKS: dict[str, Callable[[Data, Effort], Iterator[Result]]] = {
    "news-list": requests.news_list,
    "own-member": requests.own_member,
    "not-modified": requests.not_modified,
    "submit": requests.submitted_responses,
    "processes": requests.two_processes,
    "deep-page": requests.deep_page,
    "csv": exports.csv_of_members,
    "xlsx": lambda _data, effort: workbooks.workbook(effort),
    "calendar": calendar,
    "start": lambda _data, effort: startup.start(effort),
}


def main(arguments: Sequence[str]) -> int:
    """Run the named benchmarks, or all; return 0, or 2 when one could not be measured."""
    parser = argparse.ArgumentParser(prog="./noxw -s bench --")
    parser.add_argument(
        "names", nargs="*", metavar="NAME", help=f"of {', '.join(BENCHMARKS)}; all by default"
    )
    parser.add_argument("--rounds", type=int, default=5, help="how often each server is loaded (default: 5)")
    parser.add_argument("--seconds", type=float, default=3, help="of load in each round (default: 3)")
    parser.add_argument("--share", type=float, default=1, help="of the rows to make (default: 1, all)")
    options = parser.parse_args(arguments)
    names: list[str] = options.names or list(BENCHMARKS)
    if unknown := [name for name in names if name not in BENCHMARKS]:
        parser.error(f"there is no benchmark {unknown[0]}; choose from {', '.join(BENCHMARKS)}")
    effort = Effort(rounds=options.rounds, seconds=options.seconds)
    try:
        results = run(names, effort, share=options.share)
    except (WrongAnswerError, ServerDidNotStartError, PostgresUnavailableError) as error:
        print(f"bench: {error}", file=sys.stderr)
        return 2
    write(results, REPORT)
    show(results, Console())
    return 0


def run(names: Sequence[str], effort: Effort, *, share: float) -> list[Result]:
    """Fill a database and run the benchmarks on it, one after the other."""
    results: list[Result] = []
    print("bench: filling the database", file=sys.stderr)
    with filled_database(share) as data:
        for name in names:
            print(f"bench: {name}", file=sys.stderr)
            results += BENCHMARKS[name](data, effort)
    return results


def show(results: Sequence[Result], console: Console) -> None:
    """Print one line a result: the median, its spread, its target, and the rival's own number."""
    table = Table(box=None, pad_edge=False)
    for title in ("benchmark", "median", "spread", "target", "met", "rival"):
        table.add_column(title, justify="left" if title == "benchmark" else "right")
    for result in results:
        least, most = result.spread
        met = {True: "yes", False: "no", None: ""}[result.met]
        rival = f"{result.floor:,.4g} {result.floor_unit}" if result.floor is not None else ""
        table.add_row(
            result.name,
            f"{result.value:.3g} {result.unit}",
            f"{least:.3g} to {most:.3g}",
            str(result.target or ""),
            met,
            rival,
        )
    console.print(table)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
