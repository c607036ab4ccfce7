"""Migration and seeding of the development database, followed by the worker.

One process does both because loading the application takes longer than each part.
"""

import os
import sys

from app.application.demo import ACCOUNTS, DEMO_CREDENTIAL
from app.main import cli

STDOUT = 1
STDERR = 2


def main() -> int:
    """Migrate and seed the database, and print how to log in; return the exit code."""
    for command in ("migrate", "seed"):
        if code := cli([command], standalone_mode=False):
            return int(code)
    print(f"  Accounts       {' '.join(f'{name}@pau2.example' for name in ACCOUNTS)}")
    print(f"  Password       {DEMO_CREDENTIAL} (all of them)")
    return 0


def run_worker() -> int:
    """Run the worker until a signal ends it; return the exit code.

    Redirects standard output to standard error, so that its reader sees the end of the output of `main`.
    """
    sys.stdout.flush()
    os.dup2(STDERR, STDOUT)
    return int(cli(["worker"], standalone_mode=False) or 0)


if __name__ == "__main__":
    sys.exit(main() or run_worker())
