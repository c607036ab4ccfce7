"""The generator of docs/settings.md, from the fields of `Settings` and their docstrings.

`./noxw -s fix` runs it as `python -m devtools.settings_page`.
"""

from enum import Enum
from pathlib import Path

from app.core.settings import DEVELOPMENT_MAIL_FOLDER, PRODUCTION_NEEDS, Settings, variable
from devtools.postgres import PROJECT

PAGE = PROJECT / "docs/settings.md"
HEAD = """# Settings of the application

Environment variables, or files in `/run/secrets` with the same names in small letters.
Durations are in seconds, and what production has to set is in bold. The table is made from
`backend/app/core/settings.py` by `./noxw -s fix`.

| variable | unless set | meaning |
|---|---|---|
"""


def page() -> str:
    """Return the text of the page."""
    return HEAD + "".join(map(_row, Settings.model_fields))


def _row(name: str) -> str:
    field = Settings.model_fields[name]
    needed = name in PRODUCTION_NEEDS
    shown = f"**`{variable(name)}`**" if needed else f"`{variable(name)}`"
    meaning = " ".join((field.description or "").split()).replace("|", "\\|")
    return f"| {shown} | {_default(field.default, needed=needed)} | {meaning} |\n"


def _default(value: object, *, needed: bool) -> str:
    if needed:
        return "only for development"
    if value is None or value == ():
        return "none"
    if isinstance(value, Path):
        return f"`{value.relative_to(DEVELOPMENT_MAIL_FOLDER.parent)}`"
    return f"`{value.value if isinstance(value, Enum) else value}`"


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
