"""The tests behind PgBouncer. CI installs Debian's package first, since PyPI has none."""

import os
import shlex
import subprocess
import sys

INSTALL = (("sudo", "apt-get", "update"), ("sudo", "apt-get", "install", "--yes", "pgbouncer"))
TESTS = (sys.executable, "-m", "pytest", "-n", "0", "tests/integration/pgbouncer.py")
REPAIR = "Install Debian's package pgbouncer as root, unset CI, and run ./noxw -s pgbouncer again."


def main() -> int:
    """Run the tests in backend/; return pytest's exit code, or 1 when CI cannot install PgBouncer."""
    if "CI" in os.environ:
        try:
            for command in INSTALL:
                subprocess.run(command, check=True)
        except FileNotFoundError as error:
            print(f"pgbouncer: the program {error.filename} is missing. {REPAIR}", file=sys.stderr)
            return 1
        except subprocess.CalledProcessError as error:
            failed = f"`{shlex.join(error.cmd)}` ended with exit code {error.returncode}"
            print(f"pgbouncer: {failed}. {REPAIR}", file=sys.stderr)
            return 1
    return subprocess.run(TESTS, check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
