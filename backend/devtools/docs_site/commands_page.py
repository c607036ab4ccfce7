"""The reference of commands: every session of the noxfile with its options."""

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor

from devtools.docs_site.sessions import PYTEST, Session

HEAD = """# Commands

`./noxw` runs every gate and all tests. `./noxw -s NAME` runs one session, which installs what it needs. Words
after `--` are for the session: `./noxw -s tests -- -k news`.
"""
GROUPS = {
    "Every change": "`./noxw` and CI run these sessions; a change must pass them.",
    "Gates on request": "These sessions take too long for every change, or need the network.",
    "At the desk": "These sessions run the product, write files, or answer questions.",
}


def commands_page(sessions: Sequence[Session], rulebook: Mapping[str, Mapping[str, Sequence[str]]]) -> str:
    """Return the page. The rule book says which sessions a change must pass, and which have gates."""
    programs = {each.command: each for each in sessions}
    with ThreadPoolExecutor(max_workers=4) as pool:
        helps = dict(zip(programs, pool.map(_options, programs.values()), strict=True))
    parts = [HEAD]
    for title, members in _groups(sessions, rulebook).items():
        parts += [f"## {title}\n\n{GROUPS[title]}\n\n| session | what it does |\n|---|---|"]
        parts += [f"| `{each.name}` | {_cell(each.summary)} |" for each in members]
        parts.append("")
        for each in members:
            if helps[each.command]:
                parts.append(f"### Options of {each.name}\n\n{helps[each.command]}\n")
    return "\n".join(parts)


def _groups(
    sessions: Sequence[Session], rulebook: Mapping[str, Mapping[str, Sequence[str]]]
) -> Mapping[str, Sequence[Session]]:
    default = rulebook["default"]
    titles = dict.fromkeys(default["sessions"], "Every change")
    titles |= dict.fromkeys(default.get("on-request", ()), "Gates on request")
    return {
        title: [each for each in sessions if titles.get(each.name, "At the desk") == title]
        for title in GROUPS
    }


def _options(session: Session) -> str:
    """Return a session's options as Markdown; pytest's own are too many to repeat."""
    if session.command == PYTEST:
        return "Arguments are pytest's, such as `-k news`, `-x` or `-n 0 --pdb`; `--help` prints them all."
    text = session.help()
    return f"```text\n{text}\n```" if text else ""


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")
