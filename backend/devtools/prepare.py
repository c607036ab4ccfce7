"""Migrates and seeds the development database, says how to log in, then runs the worker.

One process for all of it: loading the application takes longer than any part.
"""

import os
import sys

from app.application.demo import ACCOUNTS, DEMO_CREDENTIAL
from app.main import cli

STDOUT = 1
STDERR = 2


def main() -> int:
    """Bring the database to the newest schema with the demo data in it; return the exit code."""
    for command in ("migrate", "seed"):
        if code := cli([command], standalone_mode=False):
            return int(code)
    print(f"  Accounts       {' '.join(f'{name}@pau2.example' for name in ACCOUNTS)}")
    print(f"  Password       {DEMO_CREDENTIAL} (all of them)")
    return 0


def run_worker() -> int:
    """Run the worker until it is stopped; return the exit code.

    Standard output becomes standard error first: its reader then sees the end of what `main` says.
    """
    sys.stdout.flush()
    os.dup2(STDERR, STDOUT)
    return int(cli(["worker"], standalone_mode=False) or 0)


if __name__ == "__main__":
    sys.exit(main() or run_worker())
