"""Benchmark of workbooks: the application's writer against XlsxWriter with constant memory, in a bare loop.

`python -m benchmarks.workbooks NAME ROWS` writes one workbook and prints, as JSON, the processor seconds that
it took and the bytes by which the process grew.
"""

import asyncio
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncGenerator, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from importlib import import_module
from zoneinfo import ZoneInfo

import psutil

from app.application.export_files import Row, RowStream
from app.infrastructure.exports.xlsx import XlsxEncoder
from benchmarks.exports import MEBIBYTE, MEMORY_TARGET
from benchmarks.requests import RunOptions
from benchmarks.results import Result, Target, measured, ratio
from benchmarks.servers import BACKEND

xlsxwriter = import_module("xlsxwriter")  # it has no types
ROWS = 100_000
BATCH_SIZE = 500
COLUMNS = ("id", "email", "full_name", "phone", "role", "is_active", "created_at", "version")
ZONE = ZoneInfo("Europe/Madrid")
START = datetime(2026, 1, 1, 18, 0, tzinfo=UTC)


def workbook(options: RunOptions) -> Iterator[Result]:
    """Measure rows per second of processor time, and the growth of memory."""
    ours = []
    baseline = []
    growth = []
    for _ in range(options.rounds):
        seconds, memory = _run_writer("application")
        ours.append(ROWS / seconds)
        growth.append(memory / MEBIBYTE)
        baseline.append(ROWS / _run_writer("xlsxwriter")[0])
    name = f"XLSX of {ROWS:,} rows"
    yield ratio(
        f"{name}: rows per second against XlsxWriter with constant memory",
        ours,
        baseline,
        target=Target(relation=">=", value=2.5),
        baseline_unit="rows/s",
    )
    yield measured(f"{name}: growth of the process's memory", growth, unit="MiB", target=MEMORY_TARGET)


def _run_writer(name: str) -> tuple[float, float]:
    command = [sys.executable, "-m", "benchmarks.workbooks", name, str(ROWS)]
    result = subprocess.run(command, cwd=BACKEND, check=True, capture_output=True, text=True)
    seconds, memory = json.loads(result.stdout)
    return seconds, memory


def rows(count: int) -> Iterator[Row]:
    """Yield rows of members as an export has them: texts, a Boolean, a time and a number."""
    for number in range(count):
        yield (
            f"01900000-0000-7000-8000-{number:012x}",
            f"member{number}@pau2.example",
            f"Lucía Núñez {number}",
            f"+346{number:08}",
            "MEMBER",
            number % 20 > 0,
            START + timedelta(minutes=number),
            1,
        )


async def application(count: int) -> None:
    """Write the rows with the application's encoder, and discard the output."""

    async def batches() -> AsyncGenerator[Sequence[Row]]:
        batch: list[Row] = []
        for row in rows(count):
            batch.append(row)
            if len(batch) == BATCH_SIZE:
                yield batch
                batch = []
        yield batch

    async for _piece in XlsxEncoder(ZONE).encode(RowStream(COLUMNS, batches())):
        pass


def bare_loop(count: int) -> None:
    """Write the rows with XlsxWriter: texts as texts, times as formatted times."""
    with tempfile.TemporaryFile() as file:
        options = {"constant_memory": True, "remove_timezone": True}
        with xlsxwriter.Workbook(file, options) as book:
            sheet = book.add_worksheet()
            style = book.add_format({"num_format": "yyyy-mm-dd hh:mm"})
            sheet.write_row(0, 0, COLUMNS)
            for index, row in enumerate(rows(count), 1):
                for column, value in enumerate(row):
                    match value:
                        case str():
                            sheet.write_string(index, column, value)
                        case bool():
                            sheet.write_boolean(index, column, value)
                        case datetime():
                            sheet.write_datetime(index, column, value, style)
                        case _:
                            sheet.write_number(index, column, value)


def main(name: str, count: int) -> None:
    """Write one workbook and print its cost."""
    process = psutil.Process()
    before = process.memory_info().rss
    start = time.process_time()
    if name == "application":
        asyncio.run(application(count))
    else:
        bare_loop(count)
    print(json.dumps([time.process_time() - start, process.memory_info().rss - before]))


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
