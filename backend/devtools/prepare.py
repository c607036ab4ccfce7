"""Migrates and seeds the development database, then says how to log in.

One process for both: loading the application takes longer than either.
"""

import sys

from app.application.demo import ACCOUNTS, LOG_IN_WITH
from app.main import cli


def main() -> int:
    """Bring the database to the newest schema with the demo data in it; return the exit code."""
    for command in ("migrate", "seed"):
        if code := cli([command], standalone_mode=False):
            return int(code)
    print(f"  Accounts       {' '.join(f'{name}@pau2.example' for name in ACCOUNTS)}")
    print(f"  Password       {LOG_IN_WITH} (all of them)")
    return 0


if __name__ == "__main__":
    sys.exit(main())
