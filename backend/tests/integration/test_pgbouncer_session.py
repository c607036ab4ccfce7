"""`./noxw -s pgbouncer`: installs Debian's package only in CI, and ends with pytest's exit code."""

import sys
from pathlib import Path

import pytest

from devtools import pgbouncer


@pytest.mark.parametrize(("variables", "installs"), [({}, False), ({"CI": "true"}, True)])
def test_installs_the_package_when_it_runs_in_ci(
    variables: dict[str, str], installs: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    installed = tmp_path / "installed"
    touch = (sys.executable, "-c", f"open({str(installed)!r}, 'x')")
    monkeypatch.setattr(pgbouncer, "INSTALL", (touch,))
    monkeypatch.setattr(pgbouncer, "TESTS", (sys.executable, "-c", "raise SystemExit(3)"))
    monkeypatch.delenv("CI", raising=False)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)

    assert pgbouncer.main() == 3
    assert installed.exists() == installs


@pytest.mark.parametrize(
    ("command", "message"),
    [
        (("no-such-sudo", "apt-get"), "the program no-such-sudo is missing"),
        (("sh", "-c", "exit 7"), "`sh -c 'exit 7'` ended with exit code 7"),
    ],
)
def test_says_what_to_do_when_ci_cannot_install(
    command: tuple[str, ...], message: str, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(pgbouncer, "INSTALL", (command,))
    monkeypatch.setattr(pgbouncer, "TESTS", (sys.executable, "-c", "raise SystemExit(3)"))
    monkeypatch.setenv("CI", "true")

    assert pgbouncer.main() == 1
    assert capfd.readouterr().err == f"pgbouncer: {message}. {pgbouncer.REPAIR}\n"
