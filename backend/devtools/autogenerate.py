"""The writer of revisions: `python -m devtools.autogenerate [--empty] TITLE` in backend/.

It runs in its own process because it imports env.py, the revisions and the application. `DATABASE_URL` names
an empty database, on which the revisions run first.
"""

import argparse
import re
import subprocess
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, cast

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import Script, ScriptDirectory
from alembic.util import CommandError

CONFIGURATION = "pyproject.toml"
SLUG = re.compile(r"[a-z0-9]+(_[a-z0-9]+)*")
MAX_SLUG_LENGTH = 40  # characters; Alembic truncates longer slugs
TABLES = "backend/app/infrastructure/database/tables.py"


class RefusedError(Exception):
    """The revision cannot be written. The message says why, then what to do."""


def parse(arguments: Sequence[str]) -> argparse.Namespace:
    """Return `title` and `empty`; print usage and exit when the arguments are wrong."""
    parser = argparse.ArgumentParser(prog="./noxw -s revision --")
    parser.add_argument(
        "--empty", action="store_true", help="write a revision without operations, to complete by hand"
    )
    parser.add_argument("title", metavar="slug", help="the change in a few words, which name the file")
    return parser.parse_args(arguments)


def main(arguments: Sequence[str]) -> int:
    """Write the revision and return 0, or print why not and return 2."""
    options = parse(arguments)
    config = Config(toml_file=CONFIGURATION)
    try:
        _check_name(options.title)
        _check_heads(ScriptDirectory.from_config(config))
        written = _write_empty(config, options.title) if options.empty else _write(config, options.title)
    except (RefusedError, CommandError) as error:
        print(f"revision: {error}", file=sys.stderr)
        return 2
    format_one = ["-m", "ruff", "format", "--quiet", "--config", CONFIGURATION, written.path]
    return subprocess.run([sys.executable, *format_one], check=False).returncode


def _write(config: Config, title: str) -> Script:
    command.upgrade(config, "head")
    written = command.revision(
        config, title, autogenerate=True, process_revision_directives=_check_operations
    )
    return cast("Script", written)


def _write_empty(config: Config, title: str) -> Script:
    return cast("Script", command.revision(config, title))


def _check_name(title: str) -> None:
    """Refuse a title whose file name the gate migration-head would refuse, or whose file exists."""
    slug = "_".join(re.findall(r"\w+", title)).lower()
    if not SLUG.fullmatch(slug) or len(slug) > MAX_SLUG_LENGTH:
        raise RefusedError(
            f"{title!r} cannot name a file. Use at most {MAX_SLUG_LENGTH} letters a to z, digits and spaces."
        )
    path = Path("alembic/versions", f"{datetime.now(UTC):%Y-%m-%d}_{slug}.py")
    if path.exists():
        raise RefusedError(
            f"backend/{path} exists. Choose another slug, or remove the file to write this revision again."
        )


def _check_heads(script: ScriptDirectory) -> None:
    heads = [script.get_revision(head) for head in script.get_heads()]
    if len(heads) > 1:
        names = " and ".join(f"{Path(head.path).name} ({head.revision})" for head in heads)
        raise RefusedError(
            f"There are two heads: {names}. Revisions form one chain without merges. In the first revision "
            "of the branch that is not merged yet, set down_revision to the id of the other head."
        )


def _check_operations(_context: MigrationContext, _revision: object, directives: list[Any]) -> None:
    """Refuse a MigrationScript without operations, and warn if it drops a table."""
    operations = directives[0].upgrade_ops
    if operations.is_empty():
        raise RefusedError(
            "The models and the revisions describe the same tables. If a table is new, import it in "
            f"{TABLES}. For changes that Alembic cannot detect, such as a CHECK or rows, write the "
            "operations by hand: ./noxw -s revision -- --empty SLUG"
        )
    for difference in operations.as_diffs():
        if difference[0] == "remove_table":
            print(
                f"revision: it drops the table {difference[1].name}, which the models lack. If this is "
                f"a mistake, remove the new file and import the table in {TABLES}.",
                file=sys.stderr,
            )


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
