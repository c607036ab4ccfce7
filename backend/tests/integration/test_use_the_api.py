"""`docs/how-to/use-the-api.md`: every block of the page runs, and prints what the page says."""

import os
import re
import subprocess
import sys
from email import message_from_bytes
from email.policy import default
from pathlib import Path
from typing import NamedTuple

import pytest

from devtools.postgres import PROJECT
from tests.plugins.dev_server import DEAD_PROXY, Start
from tests.support.executed_pages import read_blocks

PAGE = PROJECT / "docs/how-to/use-the-api.md"
END_OF_STEP = "--- end of step ---"
WITHIN = 180.0


class Step(NamedTuple):
    """A shell block, and the text block below it, which is its output."""

    commands: str
    printed: str


def read_steps() -> list[Step]:
    steps: list[Step] = []
    for kind, text in read_blocks(PAGE):
        if kind == "sh":
            steps.append(Step(text, printed=""))
        elif kind == "text":
            steps[-1] = steps[-1]._replace(printed=text)
    return steps


@pytest.fixture
def files(tmp_path: Path) -> Path:
    folder = tmp_path / "files"
    folder.mkdir()
    return folder


def test_prints_what_the_page_says_when_it_is_followed(
    start: Start, port: int, tmp_path: Path, files: Path
) -> None:
    start()
    steps = read_steps()
    script = tmp_path / "page.sh"
    script.write_text("".join(f"{step.commands}echo '{END_OF_STEP}'\n" for step in steps), encoding="utf-8")

    run = subprocess.run(
        ["bash", "-euo", "pipefail", str(script)],
        cwd=PROJECT,
        env=os.environ
        | {
            "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
            "PORT": str(port),
            "PAU2_MAIL_FOLDER": str(tmp_path / "mail"),
            "FILES": str(files),
            "http_proxy": DEAD_PROXY,
        },
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=WITHIN,
        check=False,
    )

    assert run.stdout == "".join(f"{step.printed}{END_OF_STEP}\n" for step in steps), run.stderr
    assert run.returncode == 0, run.stderr
    assert all(file.stat().st_size for file in files.iterdir())
    assert linked_from(tmp_path / "mail") == {f"http://127.0.0.1:{port}"}


def linked_from(mails: Path) -> set[str]:
    """Return the addresses of the links in mails."""
    origins: set[str] = set()
    for file in mails.glob("*.eml"):
        mail = message_from_bytes(file.read_bytes(), policy=default)
        body = mail.get_body(("plain",))
        assert body
        origins.update(re.findall(r"https?://[^/\s]+", body.get_content()))
    return origins
