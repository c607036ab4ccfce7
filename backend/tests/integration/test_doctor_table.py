"""`./noxw -s doctor`: the machine, repairs that fail, and the table."""

import os
import shutil
from pathlib import Path

import pytest

from devtools.doctor import machine, table
from devtools.doctor.checks import Check, Result, Row, examine, shell_repair


def row_of(check: Check, *, fix: bool = False) -> Row:
    [row] = examine({"check": check}, fix=fix)
    return row


def test_refuses_the_disk_when_less_is_free_than_needed(tmp_path: Path) -> None:
    free = shutil.disk_usage(tmp_path).free

    assert machine.disk(tmp_path, needed=0).remedy == ""
    assert machine.disk(tmp_path, needed=2 * free).remedy == f"du -xhd1 {tmp_path} | sort -h"


def test_refuses_the_temporary_folder_when_it_is_missing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    accepted = machine.temporary()
    monkeypatch.setenv("TMPDIR", str(tmp_path / "missing"))

    assert accepted.remedy == ""
    assert machine.temporary() == Result(
        summary=f"{tmp_path}/missing is not a writable folder", remedy="unset TMPDIR"
    )


def test_refuses_temporary_folder_when_mounted_noexec(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Only root can mount, so the test treats a flag that the mount already has as `noexec`."""
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr(machine, "NO_EXEC", os.statvfs(tmp_path).f_flag)

    assert machine.temporary().summary == f"{tmp_path} is mounted noexec, so programs in it cannot run"


def test_refuses_locale_when_the_machine_has_not_generated_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LC_ALL", "C.UTF-8")
    accepted = machine.language()
    monkeypatch.setenv("LC_ALL", "xx_XX.UTF-8")

    assert accepted == Result(summary="C.UTF-8")
    assert machine.language().remedy == "export LC_ALL=C.UTF-8"


def test_reports_a_repair_when_it_fails(tmp_path: Path) -> None:
    row = row_of(
        lambda: Result(
            summary="broken", remedy="false", repair=shell_repair("echo no >&2; exit 3", tmp_path)
        ),
        fix=True,
    )

    assert row.state == "wrong"
    assert row.summary == "not repaired: `echo no >&2; exit 3` failed with exit code 3 (no)."


def test_reports_what_is_wrong_when_the_repair_did_not_help(tmp_path: Path) -> None:
    row = row_of(
        lambda: Result(summary="broken", remedy="true", repair=shell_repair("true", tmp_path)), fix=True
    )

    assert row == Row(check="check", state="wrong", summary="broken", remedy="true", is_safe=True)


def test_keeps_commands_on_one_line_when_table_has_80_columns() -> None:
    long = "./noxw " + "x" * 90
    rows = [
        Row(check="port", state="ok", summary="word " * 30),
        Row(check="hooks", state="wrong", summary="missing", remedy=long, is_safe=True),
        Row(check="base", state="fixed", summary="ran"),
    ]

    lines = table.text_of(rows, is_coloured=False).splitlines()

    assert [line for line in lines if len(line) > 80] == [f"{'':22}$ {long}"]
    assert {line[22:].startswith(" ") for line in lines[:4]} == {False}
    assert " ".join(lines[-2:]) == (
        "1 repaired. 1 of 3 checks found a problem. Run the commands after the $. "
        "To repair 1 of them, run ./noxw -s doctor -- --fix"
    )


def test_shows_colours_when_it_is_asked_to() -> None:
    text = table.text_of([Row(check="port", state="ok", summary="free")], is_coloured=True)

    assert "\033[32mok       \033[0mfree" in text
    assert text.endswith("Everything is in order.")


def test_counts_the_checks_that_could_not_look() -> None:
    text = table.text_of([Row(check="database", state="skipped", summary="no server")], is_coloured=False)

    assert text.endswith("Everything is in order. Skipped checks: 1.")
