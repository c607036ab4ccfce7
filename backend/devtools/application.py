"""Commands of the application on the development database, and `reset`, which only developers need.

After Ctrl-C nox waits 30 s before it kills the command; `serve` needs up to 25 s.
"""

import subprocess
import sys
from collections.abc import Sequence

from devtools import postgres, reset


def main(arguments: Sequence[str]) -> int:
    """Run the command; return its exit code."""
    if arguments[:1] == ["reset"]:
        return reset.main(arguments[1:])
    command = [sys.executable, "-m", "app", *arguments]
    if "--help" in arguments:  # needs no database
        return subprocess.run(command, check=False).returncode
    return postgres.main(command)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
