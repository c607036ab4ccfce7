"""Writes a revision: what the models have and the revisions do not.

The revisions run on an empty database: what other branches have left in the development database is not seen.
"""

import argparse
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from devtools.databases import scratch_databases
from devtools.errors import PostgresUnavailableError
from devtools.postgres import PROJECT
from devtools.signals import handling, interrupt


def main(arguments: Sequence[str]) -> int:
    """Write the revision that the command line names; return the exit code."""
    parser = argparse.ArgumentParser(prog="./noxw -s revision --")
    parser.add_argument("slug", help="what changes, in a few words: the file is named after it")
    slug: str = parser.parse_args(arguments).slug
    try:
        with handling(interrupt):
            return write(slug, PROJECT / "backend")
    except PostgresUnavailableError as error:
        print(f"revision: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("revision: stopped.", file=sys.stderr)
        return 130


def write(slug: str, backend: Path) -> int:
    """Add the revision to `alembic/versions` below `backend`; return the exit code of what failed, or 0.

    Raises PostgresUnavailableError.
    """
    with scratch_databases() as scratch:
        environment = os.environ | {"DATABASE_URL": scratch.make()}
        for command in (
            ("alembic", "upgrade", "head"),
            ("alembic", "revision", "--autogenerate", "-m", slug),
            ("ruff", "format", "--quiet", "alembic/versions"),
        ):
            run = subprocess.run([sys.executable, "-m", *command], cwd=backend, env=environment, check=False)
            if run.returncode:
                return run.returncode
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
