"""`./noxw -s faults`: breaks a running service, prints its results, and writes `reports/faults.json`."""

import argparse
import asyncio
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from rich.console import Console

from devtools.errors import PostgresUnavailableError
from devtools.postgres import PROJECT
from devtools.signals import interrupt, signal_handler
from faults import database_faults, network_faults, process_faults
from faults.clients import open_survey
from faults.data import Data
from faults.mailbox import Mailbox
from faults.published import publish
from faults.results import Result, show, write
from faults.runner import Fault, run_fault
from faults.service import REPORTS, Service, ServiceError, running_service

REPORT = REPORTS.with_suffix(".json")
PAGE = PROJECT / "docs/faults.md"
FAULTS: Mapping[str, Fault] = {
    "killed-server": process_faults.killed_server,
    "killed-api": process_faults.killed_api,
    "killed-worker": process_faults.killed_worker,
    "broken-exports": network_faults.broken_exports,
    "frozen-server": process_faults.frozen_server,
    "slow-server": process_faults.slow_server,
    "frozen-api": process_faults.frozen_api,
    "exhausted-connections": database_faults.exhausted_connections,
    "held-lock": database_faults.held_lock,
    "read-only": database_faults.read_only,
    "full-disk": database_faults.full_disk,
    "deadlocks": database_faults.deadlocks,
    "migration": database_faults.migration_under_traffic,
    "lost-answers": network_faults.lost_answers,
    "hang-ups": network_faults.hang_ups,
    "no-mail-server": network_faults.no_mail_server,
    "silent-mail-server": network_faults.silent_mail_server,
    "fast-clocks": network_faults.fast_clocks,
    "slow-clocks": network_faults.slow_clocks,
    "restarts": process_faults.restarts,
    "two-workers": process_faults.two_workers,
}


def main(arguments: Sequence[str]) -> int:
    """Run the named faults, or all; return 0, 1 after a broken promise, 2 if the service did not start."""
    parser = argparse.ArgumentParser(prog="./noxw -s faults --")
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of {', '.join(FAULTS)}; all by default")
    parser.add_argument(
        "--publish", action="store_true", help="write the last run's results into docs/faults.md"
    )
    options = parser.parse_args(arguments)
    if options.publish:
        return publish_results()
    names: list[str] = options.names or list(FAULTS)
    if unknown := [name for name in names if name not in FAULTS]:
        parser.error(f"there is no fault {unknown[0]}; choose from {', '.join(FAULTS)}")
    results: list[Result] = []
    try:
        with signal_handler(interrupt):
            asyncio.run(run(names, results))
    except KeyboardInterrupt:
        print("faults: stopped.", file=sys.stderr)
    except (ServiceError, PostgresUnavailableError) as error:
        print(f"faults: {error}", file=sys.stderr)
        return 2
    write(results, REPORT)
    show(results, Console())
    return 0 if len(results) == len(names) and all(result.kept for result in results) else 1


def publish_results(report: Path = REPORT, page: Path = PAGE) -> int:
    """Write the results of the last run into the page; return 0, or 2 if there was no run."""
    try:
        publish(report, page)
    except OSError as error:
        print(f"faults: {error}. Run ./noxw -s faults first.", file=sys.stderr)
        return 2
    return 0


async def run(names: Sequence[str], results: list[Result]) -> None:
    """Run faults one after the other on one service, and add each result to `results`.

    Raises ServiceError, PostgresUnavailableError.
    """
    mailbox = Mailbox()
    await mailbox.start()
    with running_service(mailbox.url) as service:
        data = Data(service.owner_url)
        await asyncio.to_thread(_start, service, data)
        await open_survey(service.apis[0], data)
        for name in names:
            started = time.monotonic()
            result = await run_fault(name, FAULTS[name], service, data, mailbox)
            results.append(result)
            print(f"faults: {result.summary} in {time.monotonic() - started:.0f} s", file=sys.stderr)
    await mailbox.stop()


def _start(service: Service, data: Data) -> None:
    data.fill()
    for process in [*service.apis, service.worker]:
        process.start()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
