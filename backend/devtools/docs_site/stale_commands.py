"""Commands in pages that no longer work: sessions that do not exist, options that their programs lack."""

import re
import shlex
from collections.abc import Iterator, Mapping, Sequence

from devtools.docs_site.sessions import Session

COMMAND = re.compile(r"\./noxw -s ([a-z][\w-]*)(?: -- ([^`\n]+))?")
OPTION = re.compile(r"-{1,2}[A-Za-z][\w-]*")
EXTRA_OPTIONS = {"tests": ("--whole", "--shard", "--combine")}
"""Options that the gates read before they pass the rest on."""


def stale_commands(pages: Mapping[str, str], sessions: Sequence[Session]) -> Iterator[str]:
    """Yield a message for each command of the pages that names an unknown session or option."""
    known = {session.name: session for session in sessions}
    for path, text in pages.items():
        for number, line in enumerate(text.splitlines(), 1):
            for name, arguments in COMMAND.findall(line):
                if name not in known:
                    yield f"{path}:{number}: there is no session {name}. Correct the command."
                    continue
                for option in unknown_options(known[name], arguments):
                    yield f"{path}:{number}: the session {name} has no option {option}. Correct the command."


def unknown_options(session: Session, arguments: str) -> list[str]:
    """Return the options in a command line that the session's program does not describe."""
    words = shlex.split(arguments.replace("…", ""), comments=True)
    options = [word.partition("=")[0] for word in words if OPTION.fullmatch(word.partition("=")[0])]
    if not options or not session.command:
        return []
    known = {*OPTION.findall(session.help(*words[:1])), *EXTRA_OPTIONS.get(session.name, ())}
    return [option for option in options if option not in known]
