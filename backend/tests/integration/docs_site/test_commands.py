"""The sessions of the noxfile, their reference, and commands in pages."""

from pathlib import Path

import pytest

from devtools.docs_site.commands_page import commands_page
from devtools.docs_site.sessions import Session, read_sessions
from devtools.docs_site.stale_commands import stale_commands, unknown_options

NOXFILE = '''
@nox.session(requires=["env"])
def lint(session: nox.Session) -> None:
    """Gates: a | b."""
    gates(session)


def helper() -> None: ...


@nox.session(default=False)
def doctor(session: nox.Session) -> None:
    """Diagnose."""
    python(session, "-m", "devtools.dev", "--port", *session.posargs)


@nox.session
def tests(session: nox.Session) -> None:
    gates(session)


@nox.session
def openapi(session: nox.Session) -> None:
    """Write."""
    python(session, "-m", "gates", "openapi")
'''
DEV = Session("dev", "Run.", ("devtools.dev",))
APP = Session("app", "Run a command.", ("devtools.application",))
RULE_BOOK = {"default": {"sessions": ["lint"], "on-request": ["audit"]}}


def test_reads_sessions_with_the_programs_that_take_arguments(tmp_path: Path) -> None:
    noxfile = tmp_path / "noxfile.py"
    noxfile.write_text(NOXFILE, encoding="utf-8")

    assert read_sessions(noxfile) == [
        Session("lint", "Gates: a | b."),
        Session("doctor", "Diagnose.", ("devtools.dev", "--port")),
        Session("tests", "", ("pytest",)),
        Session("openapi", "Write."),
    ]


def test_shows_sessions_by_purpose_with_their_options() -> None:
    sessions = [Session("lint", "Gates: a | b."), Session("audit", "On request."), DEV]

    page = commands_page(sessions, RULE_BOOK)

    every, requested, desk = (page.index(f"## {title}") for title in ("Every", "Gates on", "At the desk"))
    assert every < page.index("| `lint` | Gates: a \\| b. |") < requested
    assert requested < page.index("| `audit` | On request. |") < desk
    assert desk < page.index("| `dev` | Run. |") < page.index("--port PORT")
    assert "### Options of lint" not in page


def test_leaves_the_options_of_pytest_to_pytest() -> None:
    assert "Arguments are pytest's" in commands_page([Session("tests", "", ("pytest",))], RULE_BOOK)


@pytest.mark.parametrize(
    ("session", "arguments", "expected"),
    [
        (DEV, "--port 9000", []),
        (DEV, "--port=9000  # elsewhere", []),
        (DEV, "--prot 9000 …", ["--prot"]),
        (APP, "create-admin --email ana@vecinos.example", []),
        (APP, "create-admin --address ana@vecinos.example", ["--address"]),
        (APP, "reset --yes", []),
        (Session("lint", ""), "--anything", []),
    ],
)
def test_finds_options_that_a_program_lacks(session: Session, arguments: str, expected: list[str]) -> None:
    assert unknown_options(session, arguments) == expected


def test_names_the_line_of_a_command_that_no_longer_exists() -> None:
    pages = {"docs/a.md": "Run `./noxw -s dev -- --reload`\nor `./noxw -s start`, not `./noxw -s dev`.\n"}

    assert [*stale_commands(pages, [DEV])] == [
        "docs/a.md:1: the session dev has no option --reload. Correct the command.",
        "docs/a.md:2: there is no session start. Correct the command.",
    ]


def test_a_program_without_help_has_no_options() -> None:
    assert Session("broken", "", ("no_such_module",)).help() == ""
