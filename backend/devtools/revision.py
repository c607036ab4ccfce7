"""`./noxw -s revision`: writes a revision from the difference between models and revisions.

The revisions run on an empty database, because other branches may have changed the development database.
"""

import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from devtools.autogenerate import parse
from devtools.databases import scratch_databases
from devtools.errors import PostgresUnavailableError
from devtools.postgres import PROJECT
from devtools.signals import interrupt, signal_handler


def main(arguments: Sequence[str]) -> int:
    """Write the revision that the command line names; return the exit code."""
    options = parse(arguments)
    try:
        with signal_handler(interrupt):
            return write(options.title, PROJECT / "backend", empty=options.empty)
    except PostgresUnavailableError as error:
        print(f"revision: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("revision: stopped.", file=sys.stderr)
        return 130


def write(title: str, backend: Path, *, empty: bool = False) -> int:
    """Add the revision to `alembic/versions` below `backend`; return the exit code of Alembic's process.

    Raises PostgresUnavailableError.
    """
    command = [sys.executable, "-m", "devtools.autogenerate"]
    if empty:
        command.append("--empty")
    command += ["--", title]
    with scratch_databases() as scratch:
        environment = os.environ | {"DATABASE_URL": scratch.create_database()}
        return subprocess.run(command, cwd=backend, env=environment, check=False).returncode


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
