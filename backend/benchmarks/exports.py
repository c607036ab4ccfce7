"""Benchmarks of exports: rows per second, memory and the first byte."""

import os
import socket
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass

from benchmarks.data import Data
from benchmarks.load import UnexpectedResponseError, request
from benchmarks.requests import RunOptions, authorized
from benchmarks.results import Result, Target, measured, ratio
from benchmarks.servers import Server, application
from devtools.programs import BINARIES, installed_package

MEBIBYTE = 2**20
POLL_INTERVAL = 0.1  # seconds between measurements of memory
MEMORY_TARGET = Target(relation="<=", value=32)
COPY_COMMAND = f"\\copy (TABLE exported_members) TO '{os.devnull}' CSV HEADER"


@dataclass(frozen=True)
class Download:
    """A complete download. Times are in seconds; `memory` is the growth of the server in bytes."""

    seconds: float
    first_byte: float
    lines: int
    memory: int


def csv_of_members(data: Data, options: RunOptions) -> Iterator[Result]:
    """Measure the CSV of all members against psql's `\\copy` of the same rows."""
    message = request(
        "GET",
        "/api/v1/exports/members?format=csv",
        headers=authorized(data.token(1)) | {"Connection": "close"},
    )
    rounds = max(1, options.rounds // 2)
    with application(data.environment) as ours:
        downloads = []
        copies = []
        for _ in range(rounds):
            downloads.append(download(ours, message))
            copies.append(_copy_with_psql(data))
    rows = [one.lines - 1 for one in downloads]
    yield ratio(
        f"CSV of {rows[0]:,} members: rows per second against psql \\copy",
        [count / one.seconds for count, one in zip(rows, downloads, strict=True)],
        [count / seconds for count, seconds in zip(rows, copies, strict=True)],
        target=Target(relation=">=", value=0.60),
        baseline_unit="rows/s",
    )
    yield measured(
        f"CSV of {rows[0]:,} members: growth of the server's memory",
        [one.memory / MEBIBYTE for one in downloads],
        unit="MiB",
        target=MEMORY_TARGET,
    )
    yield measured(
        f"CSV of {rows[0]:,} members: time to the first byte",
        [one.first_byte * 1000 for one in downloads],
        unit="ms",
        target=Target(relation="<=", value=100),
    )


def download(server: Server, message: bytes) -> Download:
    """Read a response until its connection closes. Raises UnexpectedResponseError unless it is complete."""
    before = server.memory()
    peak = before
    start = time.perf_counter()
    lines = 0
    end = b""
    with socket.create_connection(("127.0.0.1", server.port)) as connection:
        connection.sendall(message)
        head = connection.recv(65536)
        first_byte = time.perf_counter() - start
        if not head.startswith(b"HTTP/1.1 200"):
            raise UnexpectedResponseError(f"expected an export, received {head!r}")
        chunk = head.partition(b"\r\n\r\n")[2]
        checked_at = start
        while chunk or not end:
            lines += chunk.count(b"pau2.example")
            end = (end + chunk)[-7:]
            if time.perf_counter() - checked_at > POLL_INTERVAL:
                peak = max(peak, server.memory())
                checked_at = time.perf_counter()
            chunk = connection.recv(2**18)
    if not end.endswith(b"0\r\n\r\n"):
        raise UnexpectedResponseError("the export is truncated")
    return Download(time.perf_counter() - start, first_byte, lines + 1, peak - before)


def _copy_with_psql(data: Data) -> float:
    """Write the same rows to a file with psql. Return the seconds that it takes."""
    psql = installed_package() / BINARIES / "psql"
    start = time.perf_counter()
    subprocess.run([str(psql), "-X", "-q", "-d", data.url, "-c", COPY_COMMAND], check=True)
    return time.perf_counter() - start
