"""R06: every decision has a number, a date and a status, and the index of decisions is complete."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from gates.model import Finding, Project
from gates.repo.files import files, text

FOLDER = "docs/decisions/"
INDEX = f"{FOLDER}README.md"
PAGE_HEAD = re.compile(
    r"""
    \#\ (?P<number>\d+)\.\ (?P<title>.+)\n\n
    -\ Date:\ (?P<date>\d{4}-\d{2}-\d{2})\n
    -\ Status:\ (?P<status>(?:accepted|rejected|superseded\ by\ \[).*)\n\n
    """,
    re.VERBOSE,
)
HEAD_FORMAT = (
    "begin with `# N. Title`, a blank line, `- Date: YYYY-MM-DD`, `- Status: accepted` and a blank line"
)
TABLE_BLOCK = re.compile(r"(?<=<!-- decisions -->\n).*?(?=<!-- /decisions -->)", re.DOTALL)


@dataclass(frozen=True, kw_only=True)
class Decision:
    """The head of a page. `file` is its name in the folder."""

    file: str
    number: int
    title: str
    date: str
    status: str


def check_decisions(project: Project) -> Iterator[Finding]:
    """Yield decisions without a proper head or with a number that is taken, and an index that differs.

    A repository whose rule book does not list the index has none.
    """
    if INDEX not in project.rulebook["tree"]:
        return
    numbered: dict[int, str] = {}
    for name in _pages(project):
        head = _read_head(project, name)
        if head is None:
            yield Finding(
                file=name, line=1, message="the decision lacks a number, date or status", fix=HEAD_FORMAT
            )
        elif numbered.setdefault(head.number, name) != name:
            message = f"{numbered[head.number]} has the same number"
            yield Finding(
                file=name, line=1, message=message, fix="take the next free number, and correct links"
            )
    if TABLE_BLOCK.findall(text(project, INDEX)) != [index(project)]:
        message = "the index differs from the heads of the decisions"
        yield Finding(file=INDEX, message=message, fix="./noxw -s fix")


def index(project: Project) -> str:
    """Return the table of decisions between the markers of the index, newest last."""
    rows = ["| decision | title | date | status |", "|---|---|---|---|"]
    found = [one for name in _pages(project) if (one := _read_head(project, name))]
    rows += [f"| [{one.number}]({one.file}) | {one.title} | {one.date} | {one.status} |" for one in found]
    return "\n".join(rows) + "\n"


def write_index(project: Project) -> None:
    """Update the index of decisions, where the repository has one."""
    if INDEX in project.rulebook["tree"]:
        written = TABLE_BLOCK.sub(lambda _: index(project), text(project, INDEX))
        (project.root / INDEX).write_text(written, encoding="utf-8")


def _pages(project: Project) -> list[str]:
    return files(project, f"{FOLDER}[0-9][0-9][0-9][0-9]-*.md")


def _read_head(project: Project, name: str) -> Decision | None:
    """Return the head of a decision; None if it lacks HEAD_FORMAT or has another number than the file."""
    head = PAGE_HEAD.match(text(project, name))
    file = name.removeprefix(FOLDER)
    if head is None or int(head["number"]) != int(file[:4]):
        return None
    return Decision(
        file=file, number=int(file[:4]), title=head["title"], date=head["date"], status=head["status"]
    )
