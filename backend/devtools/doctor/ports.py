"""The check of the port of `./noxw -s dev`."""

from argparse import ArgumentTypeError
from pathlib import Path

import psutil

from devtools import dev
from devtools.doctor.checks import Result

DEFAULT_PORT = "8000"
PORTS_TO_TRY = 100


def port(states: Path, wanted: str) -> Result:
    """Check that the port is free, or the product itself uses it."""
    try:
        number = dev.port_number(wanted)
    except ArgumentTypeError as error:
        return Result(summary=f"PORT: {error}", remedy="unset PORT")
    if _is_free(number):
        return Result(summary=f"127.0.0.1:{number} is free")
    processes = dev.running_processes(states / f"dev-{number}.json")
    if processes and all(processes[:2]):
        return Result(summary=f"the product runs on 127.0.0.1:{number} as process {processes[1]}")
    summary = f"{_owner(number)} uses 127.0.0.1:{number}"
    other = next((other for other in range(number + 1, number + PORTS_TO_TRY) if _is_free(other)), 0)
    return Result(summary=summary, remedy=f"./noxw -s dev -- --port {other}")


def _is_free(number: int) -> bool:
    try:
        dev.refuse_taken_port(number)
    except dev.DevError:
        return False
    return True


def _owner(number: int) -> str:
    """Return the name and number of the process that listens, if this user may see it."""
    try:
        for connection in psutil.net_connections("inet"):
            if (
                connection.status == psutil.CONN_LISTEN
                and connection.laddr[1:] == (number,)
                and connection.pid
            ):
                return f"{psutil.Process(connection.pid).name()} (process {connection.pid})"
    except psutil.Error:
        return "another program"
    return "another user's program"
