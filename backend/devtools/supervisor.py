"""The parent process of the embedded server. It stops the server when the last user has ended.

Run by path as `supervisor.py USERS LOCK LOG UID GID COMMAND …`. It imports the standard library alone, so it
starts fast.
"""

import fcntl
import os
import signal
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

STOP_TIMEOUT = 20.0
"""Seconds to wait after each signal."""
STOP_SIGNALS = (signal.SIGINT, signal.SIGQUIT, signal.SIGKILL)
"""Fast shutdown, immediate shutdown, and the kernel's SIGKILL."""


def main(arguments: Sequence[str]) -> int:
    """Run the server until no process holds the file USERS; return 0.

    LOCK is the descriptor of a locked file. The server's processes inherit it, so it stays locked as long as
    one of them lives. UID and GID are those of the server, which refuses to run as root.
    """
    users, lock, log, uid, gid, *command = arguments
    with Path(users).open("rb") as held, Path(log).open("ab") as output:
        server = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            pass_fds=[int(lock)],
            start_new_session=True,
            user=int(uid),
            group=int(gid),
            extra_groups=None if os.geteuid() else [],  # only root may drop its groups
        )
        os.close(int(lock))
        fcntl.flock(held, fcntl.LOCK_EX)  # returns when the last user has ended, also after a kill
        stop(server)
    return 0


def stop(server: subprocess.Popen[bytes]) -> None:
    """Stop the server; kill it as a last resort. It is our child, so its number cannot be reused."""
    for number in STOP_SIGNALS:
        server.send_signal(number)
        try:
            server.wait(STOP_TIMEOUT)
        except subprocess.TimeoutExpired:
            continue
        return


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
