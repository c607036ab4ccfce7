"""The wrapper `noxw`: it names what to install in one line, and leaves nothing half installed."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]
TOOLS = ("sh", "dirname", "cmp", "cp", "rm", "env")
VERSION = "python3.11"
IDENTITY = f"/usr {VERSION}"  # what Python prints when asked for its prefix and version
ANSWER = 'if [ "$1" = -IS ]; then echo "{identity}"; exit; fi\n'


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A checkout that contains only the wrapper, and a `bin` that is the whole PATH."""
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


def noxw(checkout: Path, *arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["./noxw", *arguments],
        cwd=checkout,
        env={"PATH": str(checkout / "bin")} | variables,
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


def can_install(checkout: Path, name: str, *, identity: str = IDENTITY, code: int = 0) -> None:
    """Put a Python into PATH that creates .noxw with a Python whose pip and nox exit with these codes."""
    for tool in ("mkdir", "chmod", "cat"):
        if not (checkout / "bin" / tool).exists():
            (checkout / "bin" / tool).symlink_to(str(shutil.which(tool)))
    answer = ANSWER.format(identity=identity)
    site_packages = f".noxw/lib/{identity.rpartition(' ')[2]}/site-packages/nox"
    script(
        checkout,
        name,
        f'{answer}[ "$2" = venv ] || exit 0\nrm -rf .noxw\nmkdir -p .noxw/bin {site_packages}\n'
        f"cat > .noxw/bin/python <<'END'\n#!/bin/sh\n{answer}echo nox \"$@\"; exit {code}\nEND\n"
        "chmod +x .noxw/bin/python",
    )


def test_starts_over_when_the_first_installation_failed(checkout: Path) -> None:
    script(checkout, "git", "exit 0")
    can_install(checkout, "python3", code=1)

    failed = noxw(checkout, "-l")
    can_install(checkout, "python3")
    repaired = noxw(checkout, "-l")
    warm = noxw(checkout, "-l")

    assert failed.returncode == 2
    assert "the first run needs the network. Run the same command again once there is one." in failed.stderr
    assert (repaired.returncode, repaired.stdout.splitlines()[-1]) == (0, "nox -m nox -l")
    assert (warm.returncode, warm.stdout, warm.stderr) == (0, "nox -m nox -l\n", "")


def installed(checkout: Path, *, nox: str, environment: str | None) -> None:
    """Replace nox and the shared environment's Python by scripts; None removes them."""
    script(checkout, "git", "exit 0")
    script(checkout, "python3", "exit 0")
    script(checkout, "nox-python", ANSWER.format(identity=IDENTITY) + nox)
    (checkout / ".noxw/bin").mkdir(parents=True)
    (checkout / f".noxw/lib/{VERSION}/site-packages/nox").mkdir(parents=True)
    (checkout / "bin/nox-python").rename(checkout / ".noxw/bin/python")
    shutil.copy(checkout / "backend/requirements/nox.txt", checkout / ".noxw/stamp")
    if environment is not None:
        script(checkout, "shared-python", environment)
        (checkout / ".venv/bin").mkdir(parents=True)
        (checkout / "bin/shared-python").rename(checkout / ".venv/bin/python")


def test_installs_environment_and_passes_the_command_when_run(checkout: Path) -> None:
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


def test_prepares_again_when_python_was_upgraded_in_place(checkout: Path) -> None:
    script(checkout, "git", "exit 0")
    can_install(checkout, "python3")
    noxw(checkout, "-l")
    upgraded = ANSWER.format(identity="/usr python3.13") + 'echo "No module named nox"; exit 1'
    (checkout / ".noxw/bin/python").write_text(f"#!/bin/sh\n{upgraded}\n")  # python is a link to python3
    can_install(checkout, "python3", identity="/usr python3.13")

    result = noxw(checkout, "-l")

    assert (result.returncode, result.stdout.splitlines()[-1]) == (0, "nox -m nox -l")
    assert "preparing nox in .noxw" in result.stderr


def test_prepares_again_when_another_interpreter_is_named(checkout: Path) -> None:
    script(checkout, "git", "exit 0")
    can_install(checkout, "python3")
    can_install(checkout, "python3.13", identity="/opt python3.13")
    noxw(checkout, "-l")

    named = noxw(checkout, "-l", PYTHON="python3.13")
    again = noxw(checkout, "-l", PYTHON="python3.13")
    unnamed = noxw(checkout, "-l")

    assert "preparing nox in .noxw" in named.stderr
    assert (again.stderr, unnamed.stderr) == ("", "")
    assert (checkout / ".noxw/lib/python3.13").exists()


def test_names_interpreter_when_it_is_missing_after_set_up(checkout: Path) -> None:
    script(checkout, "git", "exit 0")
    can_install(checkout, "python3")
    noxw(checkout, "-l")

    result = noxw(checkout, "-l", PYTHON="python3.99")

    assert result.returncode == 2
    assert result.stderr.startswith("noxw: python3.99 is missing. Install Python 3.11 or newer")


FORGOTTEN = [
    *("PIP_CONSTRAINT", "PIP_DRY_RUN", "PIP_NO_BINARY", "PIP_PYTHON", "PIP_REQUIRE_VIRTUALENV"),
    *("PIP_TARGET", "PIP_USER", "PYTHONHOME", "PYTHONINSPECT", "PYTHONOPTIMIZE", "PYTHONPATH"),
    *("PYTHONSAFEPATH", "PYTHONWARNINGS", "PYTEST_ADDOPTS", "PYTEST_DISABLE_PLUGIN_AUTOLOAD"),
    *("PYTEST_PLUGINS", "UV_CONFIG_FILE", "UV_CONSTRAINT", "UV_EXCLUDE_NEWER", "UV_PYTHON", "UV_TARGET"),
    *("NOXSESSION", "NOXPYTHON", "NOX_DEFAULT_VENV_BACKEND", "COVERAGE_PROCESS_START", "MYPYPATH"),
    *("MYPY_CONFIG_FILE_DIR", "RUFF_OUTPUT_FILE", "HYPOTHESIS_PROFILE", "ZIZMOR_CONFIG", "UVICORN_HOST"),
]
KEPT = [
    *("HOME", "PIP_CERT", "PIP_FIND_LINKS", "PIP_INDEX_URL", "PIP_PROXY", "PYTHON_CPU_COUNT"),
    *("PYTHONBREAKPOINT", "PYTHONUNBUFFERED", "PYTEST_XDIST_AUTO_NUM_WORKERS"),
    *("UV_DEFAULT_INDEX", "UV_INDEX_COMPANY_PASSWORD", "PAU2_BASE", "DATABASE_URL", "GIT_CONFIG_COUNT"),
    *("MYPY_CACHE_DIR", "pip_target"),
]


def test_forgets_variables_when_they_redirect_tools(checkout: Path) -> None:
    installed(checkout, nox="env", environment=None)
    several_lines = "a first line\nPIP_TARGET=a second line\n*\nPYTHON path=1"

    result = noxw(checkout, "-l", **dict.fromkeys([*FORGOTTEN, *KEPT], "1"), OTHER=several_lines)

    names = {line.partition("=")[0] for line in result.stdout.replace(several_lines, "").splitlines()}
    assert result.stderr == ""
    assert names & {*FORGOTTEN, *KEPT} == {*KEPT}
    assert f"OTHER={several_lines}\n" in result.stdout


@pytest.mark.parametrize(("cache", "kept"), [("cache", True), ("noxw/cache", False)])
def test_forgets_the_cache_of_uv_only_when_it_cannot_be_written(
    checkout: Path, cache: str, kept: bool
) -> None:
    installed(checkout, nox="env", environment=None)
    (checkout / "bin/mkdir").symlink_to(str(shutil.which("mkdir")))

    result = noxw(checkout, "-l", UV_CACHE_DIR=str(checkout / cache))

    assert (f"UV_CACHE_DIR={checkout / cache}\n" in result.stdout) is kept
    assert ("UV_CACHE_DIR names a folder that cannot be written" in result.stderr) is not kept


def test_installs_into_own_environment_when_pip_names_another(checkout: Path) -> None:
    """Empty options override those in `pip.conf`."""
    script(checkout, "git", "exit 0")
    can_install(checkout, "python3")

    result = noxw(checkout, "-l")

    assert "--no-user --target  --require-hashes" in result.stdout


def test_finds_its_folder_when_cdpath_names_another(checkout: Path) -> None:
    installed(checkout, nox="exit 0", environment='echo "${PWD}"')
    (checkout / "elsewhere/backend").mkdir(parents=True)

    result = noxw(checkout, CDPATH=str(checkout / "elsewhere"))

    assert result.stdout == f"{checkout}/backend\n"


@pytest.mark.parametrize("name", ["noxw", ".ci/run"])
def test_programs_have_unix_line_ends_when_git_converts_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", os.devnull)
    git = ["git", "-c", "core.autocrlf=true", "-c", "user.name=A", "-c", "user.email=a@example.org"]
    source = tmp_path / "source"
    clone = tmp_path / "clone"
    for file in (".gitattributes", name):
        (source / file).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / file, source / file)
    for command in (["init", "--quiet"], ["add", "--all"], ["commit", "--quiet", "--message", "first"]):
        subprocess.run([*git, *command], cwd=source, check=True)
    subprocess.run([*git, "clone", "--quiet", str(source), str(clone)], cwd=tmp_path, check=True)

    assert (clone / name).read_bytes() == (ROOT / name).read_bytes()
