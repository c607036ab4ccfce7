"""Checks of the machine: disk, temporary folder, locale."""

import locale
import os
import shlex
import shutil
import tempfile
from pathlib import Path

from devtools.doctor.checks import Result

GIB = 1024**3
MIN_FREE_BYTES = 2 * GIB
"""The space for the environment, the databases of a test run and the caches of the tools."""
NO_EXEC: int = getattr(os, "ST_NOEXEC", 0)
"""The flag of a mount on Linux; macOS does not have it."""


def disk(*folders: Path, needed: int = MIN_FREE_BYTES) -> Result:
    """Check that there is enough disk space for the project and its temporary files."""
    free = {folder: shutil.disk_usage(folder).free for folder in folders}
    least = min(free, key=lambda folder: free[folder])
    summary = f"{free[least] / GIB:.1f} GiB are free in {least}"
    if free[least] >= needed:
        return Result(summary=summary)
    return Result(
        summary=f"only {summary}, {needed / GIB:.0f} are needed",
        remedy=f"du -xhd1 {shlex.quote(str(least))} | sort -h",
    )


def temporary() -> Result:
    """Check that the temporary folder is writable and allows programs, which some tests create there."""
    named = os.environ.get("TMPDIR", "")
    folder = Path(named or tempfile.gettempdir())
    remedy = "unset TMPDIR" if named else "export TMPDIR=/var/tmp"
    if not os.access(folder, os.W_OK | os.X_OK) or not folder.is_dir():
        return Result(summary=f"{folder} is not a writable folder", remedy=remedy)
    if os.statvfs(folder).f_flag & NO_EXEC:
        return Result(summary=f"{folder} is mounted noexec, so programs in it cannot run", remedy=remedy)
    return Result(summary=f"{folder} is writable and allows programs")


def language() -> Result:
    """Check that the locale of the environment exists; otherwise shells and Python print warnings."""
    before = locale.setlocale(locale.LC_ALL)
    try:
        locale.setlocale(locale.LC_ALL, "")
    except locale.Error:
        variables = ("LC_ALL", "LC_CTYPE", "LANG")
        named = ", ".join(f"{name}={os.environ[name]}" for name in variables if os.environ.get(name))
        summary = f"{named or 'LC_…'} names a locale that this machine lacks"
        return Result(summary=summary, remedy="export LC_ALL=C.UTF-8")
    finally:
        locale.setlocale(locale.LC_ALL, before)
    return Result(summary=os.environ.get("LC_ALL") or os.environ.get("LANG") or "C")
