"""The wrapper: one line that says what to install, and nothing half installed."""

import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]
TOOLS = ("sh", "dirname", "cmp", "cp", "rm", "env")


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A checkout with the wrapper alone, and a `bin` that is its whole PATH."""
    (tmp_path / "backend/requirements").mkdir(parents=True)
    (tmp_path / "bin").mkdir()
    shutil.copy(ROOT / "noxw", tmp_path)
    (tmp_path / "backend/requirements/nox.txt").write_text("nox==2026.10.20\n")
    for tool in TOOLS:
        (tmp_path / "bin" / tool).symlink_to(str(shutil.which(tool)))
    return tmp_path


def script(checkout: Path, name: str, body: str) -> None:
    path = checkout / "bin" / name
    path.write_text(f"#!/bin/sh\n{body}\n")
    path.chmod(0o755)


def noxw(checkout: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["./noxw", *arguments],
        cwd=checkout,
        env={"PATH": str(checkout / "bin")},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


def test_names_git_when_it_is_missing(checkout: Path) -> None:
    result = noxw(checkout, "-l")

    assert (result.returncode, result.stdout) == (2, "")
    assert result.stderr == "noxw: git is missing. Install it (Debian: apt-get install git).\n"


def test_names_python_when_it_is_missing(checkout: Path) -> None:
    script(checkout, "git", "exit 0")

    result = noxw(checkout, "-l")

    assert result.returncode == 2
    assert result.stderr == (
        "noxw: python3 is missing. Install Python 3.11 or newer "
        "(Debian: apt-get install python3 python3-venv).\n"
    )


def test_names_the_version_when_python_is_too_old(checkout: Path) -> None:
    script(checkout, "git", "exit 0")
    script(checkout, "python3", 'case "$1" in -V) echo Python 3.9.18 ;; *) exit 1 ;; esac')

    result = noxw(checkout, "-l")

    assert result.returncode == 2
    assert result.stderr.startswith("noxw: Python 3.9.18 is too old. Install Python 3.11 or newer")
    assert len(result.stderr.splitlines()) == 1


def test_names_venv_when_it_is_missing(checkout: Path) -> None:
    script(checkout, "git", "exit 0")
    script(checkout, "python3", 'case "$2" in *ensurepip*) exit 1 ;; esac')

    result = noxw(checkout, "-l")

    assert result.returncode == 2
    assert result.stderr == (
        "noxw: Python's venv module is missing. Install it (Debian: apt-get install python3-venv).\n"
    )


def test_starts_over_when_the_first_installation_failed(checkout: Path) -> None:
    script(checkout, "git", "exit 0")
    installed = (
        'mkdir -p .noxw/bin; printf "#!/bin/sh\\necho nox \\"\\$@\\"; exit $PIP\\n" > .noxw/bin/python;'
        " chmod +x .noxw/bin/python"
    )
    for tool in ("mkdir", "chmod", "printf"):
        (checkout / "bin" / tool).symlink_to(str(shutil.which(tool)))
    script(checkout, "python3", f'case "$2" in venv) PIP=1; {installed} ;; esac')

    failed = noxw(checkout, "-l")
    script(checkout, "python3", f'case "$2" in venv) PIP=0; {installed} ;; esac')
    repaired = noxw(checkout, "-l")
    warm = noxw(checkout, "-l")

    assert failed.returncode == 2
    assert "the first run needs the network. Run the same command again once there is one." in failed.stderr
    assert (repaired.returncode, repaired.stdout.splitlines()[-1]) == (0, "nox -m nox -l")
    assert (warm.returncode, warm.stdout, warm.stderr) == (0, "nox -m nox -l\n", "")


def installed(checkout: Path, *, nox: str, environment: str | None) -> None:
    """Put programs in the places of nox and of the shared environment's Python, None for a missing one."""
    script(checkout, "git", "exit 0")
    script(checkout, "python3", "exit 0")
    script(checkout, "nox-python", nox)
    (checkout / ".noxw/bin").mkdir(parents=True)
    (checkout / "bin/nox-python").rename(checkout / ".noxw/bin/python")
    shutil.copy(checkout / "backend/requirements/nox.txt", checkout / ".noxw/stamp")
    if environment is not None:
        script(checkout, "shared-python", environment)
        (checkout / ".venv/bin").mkdir(parents=True)
        (checkout / "bin/shared-python").rename(checkout / ".venv/bin/python")


def test_installs_the_environment_and_gives_the_gates_the_command_of_all_sessions(checkout: Path) -> None:
    installed(checkout, nox='echo "nox $*"', environment='echo "gates in ${PWD##*/}: $*"; exit 1')

    result = noxw(checkout)

    first, second = result.stdout.splitlines()
    assert (result.returncode, first, result.stderr) == (1, "nox -m nox -s env", "")
    assert second == f"gates in backend: -m gates all {checkout}/.noxw/bin/python -m nox --parallel auto"


@pytest.mark.parametrize(("nox", "environment"), [("exit 1", "exit 0"), ("exit 0", None)])
def test_says_so_when_the_environment_is_missing(checkout: Path, nox: str, environment: str | None) -> None:
    installed(checkout, nox=nox, environment=environment)

    result = noxw(checkout)

    assert (result.returncode, result.stdout) == (2, "")
    assert result.stderr == "noxw: the shared environment is missing, see above.\n"
