"""Temporary checkouts, each with its own embedded server."""

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from devtools.server_folders import digest

BACKEND = Path(__file__).resolve().parents[2]


@contextmanager
def new_folder() -> Iterator[Path]:
    """Yield a folder that everybody may enter, unlike pytest's own."""
    path = Path(tempfile.mkdtemp(prefix="pau2-", dir="/var/tmp"))
    path.chmod(0o755)
    yield path
    shutil.rmtree(path)


@contextmanager
def new_checkout(path: str) -> Iterator[Path]:
    """Yield the folder of a checkout, at a path below a new folder."""
    with new_folder() as folder:
        yield folder / path
        shutil.rmtree(outside(folder / path), ignore_errors=True)
        for sockets in Path("/", "tmp").glob(f"pau2-*-{digest(folder / path / '.postgres/data')}"):
            sockets.rmdir()


def start_in(project: Path, *command: str, **options: Any) -> subprocess.Popen[bytes]:
    """Start `devtools.postgres` as a checkout at `project` would, without DATABASE_URL."""
    shutil.copytree(BACKEND / "devtools", project / "backend/devtools", dirs_exist_ok=True)
    environment = {name: value for name, value in os.environ.items() if name != "DATABASE_URL"}
    return subprocess.Popen(
        [sys.executable, "-m", "devtools.postgres", *command],
        cwd=project / "backend",
        env=environment | options.pop("environment", {}),
        **options,
    )


def run_in(
    project: Path, *command: str, umask: int = 0o022, **environment: str
) -> subprocess.CompletedProcess[str]:
    """Run `devtools.postgres` as a checkout at `project` would."""
    pipe = subprocess.PIPE
    options = {"stdout": pipe, "stderr": pipe, "text": True, "umask": umask, "environment": environment}
    with start_in(project, *command, **options) as run:
        stdout, stderr = run.communicate(timeout=60)
    return subprocess.CompletedProcess(run.args, run.returncode, str(stdout), str(stderr))


def outside(project: Path) -> Path:
    """Return the folder outside the project that the server uses when a private folder hides the project."""
    return Path("/var/lib") / f"pau2-{digest(project)}"


def place(project: Path) -> Path:
    """Return the folder of the server's files."""
    return outside(project) if outside(project).exists() else project / ".postgres"
