"""Templates: files with the code to write, in folders like those of the repository."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape

from scaffold.layout import MEMBERS, ONE_LINE, SEVERAL_LINES
from scaffold.samples import samples_of

TEMPLATES = Path(__file__).parent / "templates"
SUFFIX = ".jinja"


def _grouped(number: int) -> str:
    """Write a number as Python source, with underscores between thousands."""
    return f"{number:_}"


_environment = Environment(
    loader=FileSystemLoader(TEMPLATES),
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
    keep_trailing_newline=True,
    autoescape=select_autoescape(),
)
_environment.globals |= {"MEMBERS": MEMBERS, "ONE_LINE": ONE_LINE, "SEVERAL_LINES": SEVERAL_LINES}
_environment.filters |= {"grouped": _grouped, "samples": samples_of}


def render(template: str, context: dict[str, Any]) -> str:
    return _environment.get_template(template).render(context)


def render_folder(folder: str, context: dict[str, Any], **names: str) -> Iterator[tuple[str, str]]:
    """Yield path and text of each file. In paths, the keys of `names` stand for their values."""
    for template in sorted((TEMPLATES / folder).rglob(f"*{SUFFIX}")):
        path = template.relative_to(TEMPLATES / folder).as_posix().removesuffix(SUFFIX)
        for key, value in names.items():
            path = path.replace(key, value)
        yield path, render(template.relative_to(TEMPLATES).as_posix(), context)
