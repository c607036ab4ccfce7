"""`./noxw -s bench`: runs the benchmarks, prints their table and writes `reports/bench.json`."""

import argparse
import sys
from collections.abc import Callable, Iterator, Sequence

from rich.console import Console
from rich.table import Table

from benchmarks import exports, requests, startup, workbooks
from benchmarks.calendars import calendar
from benchmarks.data import Data, filled_database
from benchmarks.history import compare_with_last_run
from benchmarks.load import UnexpectedResponseError
from benchmarks.requests import RunOptions
from benchmarks.results import Result, as_row, write
from benchmarks.servers import BACKEND, ServerDidNotStartError
from devtools.errors import PostgresUnavailableError

REPORT = BACKEND.parent / "reports/bench.json"
HISTORY = REPORT.with_name("bench-history.json")
BENCHMARKS: dict[str, Callable[[Data, RunOptions], Iterator[Result]]] = {
    "news-list": requests.news_list,
    "own-member": requests.own_member,
    "not-modified": requests.not_modified,
    "submit": requests.submitted_responses,
    "processes": requests.two_processes,
    "deep-page": requests.deep_page_of_news,
    "csv": exports.csv_of_members,
    "xlsx": lambda _data, options: workbooks.workbook(options),
    "calendar": calendar,
    "start": lambda _data, options: startup.start(options),
}


def main(arguments: Sequence[str]) -> int:
    """Run the named benchmarks, or all. Return 0, or 2 if one could not be measured."""
    parser = argparse.ArgumentParser(prog="./noxw -s bench --")
    parser.add_argument(
        "names", nargs="*", metavar="NAME", help=f"benchmarks to run: {', '.join(BENCHMARKS)} (default: all)"
    )
    parser.add_argument("--rounds", type=int, default=5, help="rounds of load for each server (default: 5)")
    parser.add_argument("--seconds", type=float, default=2, help="seconds of load in each round (default: 2)")
    parser.add_argument(
        "--share", type=float, default=1, help="share of the rows to create (default: 1, all)"
    )
    parsed = parser.parse_args(arguments)
    names: list[str] = parsed.names or list(BENCHMARKS)
    if unknown := [name for name in names if name not in BENCHMARKS]:
        parser.error(f"there is no benchmark {unknown[0]}; choose from {', '.join(BENCHMARKS)}")
    options = RunOptions(rounds=parsed.rounds, seconds=parsed.seconds)
    try:
        results = run(names, options, share=parsed.share)
    except (UnexpectedResponseError, ServerDidNotStartError, PostgresUnavailableError) as error:
        print(f"bench: {error}", file=sys.stderr)
        return 2
    write(results, REPORT)
    show(results, Console())
    rows = [as_row(result) for result in results]
    for sentence in compare_with_last_run(rows, HISTORY, share=parsed.share):
        print(f"worse: {sentence}")
    return 0


def run(names: Sequence[str], options: RunOptions, *, share: float) -> list[Result]:
    """Fill a database and run the benchmarks on it, one after the other."""
    results: list[Result] = []
    print("bench: filling the database", file=sys.stderr)
    with filled_database(share) as data:
        for name in names:
            print(f"bench: {name}", file=sys.stderr)
            results += BENCHMARKS[name](data, options)
    return results


def show(results: Sequence[Result], console: Console) -> None:
    """Print a row for each result: median, spread, target, and the value of the baseline."""
    table = Table(box=None, pad_edge=False)
    for title in ("benchmark", "median", "spread", "target", "met", "baseline"):
        table.add_column(title, justify="left" if title == "benchmark" else "right")
    for result in results:
        lowest, highest = result.spread
        met = {True: "yes", False: "no", None: ""}[result.met]
        baseline = f"{result.baseline:,.4g} {result.baseline_unit}" if result.baseline is not None else ""
        table.add_row(
            result.name,
            f"{result.value:.3g} {result.unit}",
            f"{lowest:.3g} to {highest:.3g}",
            str(result.target or ""),
            met,
            baseline,
        )
    console.print(table)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
