"""Migrates and seeds the development database, then says how to log in.

One process for both: loading the application takes longer than either.
"""

from app.application.demo import ACCOUNTS, LOG_IN_WITH
from app.main import cli


def main() -> None:
    """Bring DATABASE_URL to the newest schema with the demo data in it."""
    for command in ("migrate", "seed"):
        cli([command], standalone_mode=False)
    print(f"  Accounts       {' '.join(f'{name}@pau2.example' for name in ACCOUNTS)}")
    print(f"  Password       {LOG_IN_WITH} (all of them)")


if __name__ == "__main__":
    main()
