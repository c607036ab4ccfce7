"""The check of logs refuses a leak, and accepts all that production would write."""

import logging
import subprocess
import sys
from pathlib import Path

import pytest

from app.core.logging import get_logger
from tests.factories import PASSWORD
from tests.plugins.log_leaks import LeakError, LogWatch, production_formatter

BACKEND = Path(__file__).resolve().parents[2]


@pytest.mark.parametrize(
    "line",
    [
        f"password {PASSWORD}",
        "DETAIL:  Key (email)=(anna@pau2.example) already exists.",
        "$argon2id$v=19$m=8,t=1,p=1$unusable",
        "Authorization: Bearer abcdefghij.klm",
        f"eyJ{'abcde' * 3}.{'fghij' * 3}.{'klmno' * 3}",
        "called +34600111222",
        "hello Neighbour 7",
        "GET /api/v1/calendars/abcdefghijklmnopqrstuvwxyz/events.ics",
    ],
)
def test_refuses_a_line_when_it_gives_something_away(line: str, tmp_path: Path) -> None:
    log = tmp_path / "log"
    log.write_text("before the run: anna@pau2.example\n")
    watch = LogWatch(log)
    with log.open("a") as appended:
        appended.write("LOG:  checkpoint complete\n")
    watch.check()

    with log.open("a") as appended:
        appended.write(f"{line}\n")

    with pytest.raises(LeakError, match="1 lines of logs"):
        watch.check()


def test_ignores_records_when_production_would_not_log_them() -> None:
    watch = LogWatch(None)

    with watch.watching(production_formatter()):
        get_logger().info("logged in", member_id="7", email="anna@pau2.example")
        logging.getLogger("library").warning("cannot send to %s", "anna@pau2.example")
        try:
            int(PASSWORD)
        except ValueError:
            logging.getLogger("library").exception("failed")

    watch.check()


LEAKING = f"""
import logging
import pytest

@pytest.mark.usefixtures("no_leaks")
def test_passes():
    logging.getLogger("library").warning("cannot log in with {PASSWORD}")
"""


def test_fails_the_run_when_a_test_passes_but_leaks(tmp_path: Path) -> None:
    (tmp_path / "test_leaking.py").write_text(LEAKING)
    plain = [
        "-p",
        "tests.plugins.log_leaks",
        "-p",
        "no:cacheprovider",
        "-p",
        "no:randomly",
        "-n0",
        "-c",
        "/dev/null",
    ]

    result = subprocess.run(
        [sys.executable, "-m", "pytest", *plain, "--rootdir", str(tmp_path), str(tmp_path)],
        cwd=BACKEND,
        capture_output=True,
        text=True,
        check=False,
    )

    assert result.returncode == 1, result.stdout
    assert "1 passed, 1 error" in result.stdout
    assert "1 lines of logs contain secret or personal data" in result.stdout
