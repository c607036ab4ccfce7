"""The tests behind PgBouncer. CI installs Debian's package first, since PyPI has none."""

import os
import subprocess
import sys

INSTALL = (("sudo", "apt-get", "update"), ("sudo", "apt-get", "install", "--yes", "pgbouncer"))
TESTS = (sys.executable, "-m", "pytest", "-n", "0", "tests/integration/pgbouncer.py")


def main() -> int:
    """Run the tests in backend/; return pytest's exit code."""
    if "CI" in os.environ:
        for command in INSTALL:
            subprocess.run(command, check=True)
    return subprocess.run(TESTS, check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
