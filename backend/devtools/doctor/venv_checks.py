"""Checks that need libraries. `python -m devtools.doctor.venv_checks` prints their rows as JSON."""

import argparse
import json
import os
import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from functools import partial
from pathlib import Path

from devtools.doctor import leftovers, ports, servers
from devtools.doctor.checks import Check, examine
from devtools.postgres import PROJECT
from gates.model import Project


def main(arguments: Sequence[str]) -> int:
    """Print the rows; return 0 whatever the checks find."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--fix", action="store_true")
    parser.add_argument("--start", action="store_true")
    options = parser.parse_args(arguments)
    rows = examine(checks(PROJECT, is_started=options.start), fix=options.fix)
    print(json.dumps([asdict(row) for row in rows]))
    return 0


def checks(root: Path, *, is_started: bool) -> Mapping[str, Check]:
    """Return the checks. `is_started` allows them to start the embedded server."""
    server = servers.Server(place=root, is_started=is_started)
    states = root / ".postgres"
    return {
        "port": partial(ports.port, states, os.environ.get("PORT") or ports.DEFAULT_PORT),
        "runs": partial(leftovers.runs, states),
        "server": server.server,
        "database": partial(server.database, Project(root=root)),
        "scratch": server.scratch,
        "sockets": partial(leftovers.sockets, server.embedded.data),
        "temporary": partial(leftovers.folders, leftovers.temporary_folders()),
    }


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
