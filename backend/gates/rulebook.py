"""The rule book's machine-readable block: the only place that holds a number, a name or a path of a rule."""

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

PATH = ".agent/rules/techstack-backend.md"
BLOCK = re.compile(r"^```toml\n(.*?)^```$", re.MULTILINE | re.DOTALL)


class RuleBookError(Exception):
    """The rule book has no usable block. The message names the place."""


@dataclass(frozen=True)
class RuleBook:
    """The parsed block. `block[...]` gives its tables as TOML has them."""

    block: Mapping[str, Any]
    text: str

    @classmethod
    def read(cls, root: Path) -> "RuleBook":
        """Read the rule book below a project's root. Raises RuleBookError."""
        path = root / PATH
        if not path.exists():
            raise RuleBookError(f"{PATH} is missing: the gates have no rules to enforce. Restore it.")
        return cls.parse(path.read_text(encoding="utf-8"))

    @classmethod
    def parse(cls, text: str) -> "RuleBook":
        """Parse a rule book's text. Raises RuleBookError unless it holds exactly one valid block."""
        blocks = BLOCK.findall(text)
        if len(blocks) != 1:
            raise RuleBookError(f"{PATH} must hold exactly one ```toml block, but has {len(blocks)}.")
        try:
            return cls(tomllib.loads(blocks[0]), text)
        except tomllib.TOMLDecodeError as error:
            raise RuleBookError(f"{PATH}: the block is not valid TOML: {error}.") from None

    def __getitem__(self, key: str) -> dict[str, Any]:
        try:
            table: dict[str, Any] = self.block[key]
        except KeyError:
            raise RuleBookError(f"{PATH}: the block has no table [{key}].") from None
        return table

    def rule_of(self, gate: str) -> str:
        """Return the number of the rule that a gate enforces, "" for none."""
        return next((number for number, rule in self["rules"].items() if gate in rule["gates"]), "")

    def session_of(self, gate: str) -> str:
        """Return the session that runs a gate, the first listed one, "" for none."""
        return next((name for name, gates in self["sessions"].items() if gate in gates), "")

    def line_of(self, fragment: str) -> int:
        """Return the first line of the rule book that has a fragment, 0 for none."""
        return self._line(fragment, 0)

    def find_line(self, key: str, value: str = "") -> int:
        """Return the line of a key such as `coverage.global.lines`, or of its value.

        When they are gone, this is the line of the nearest part that is left: the key, or its table.
        """
        parts = key.split(".")
        for end in range(len(parts), 0, -1):
            if start := self._line(f"[{'.'.join(parts[:end])}]", 0):
                names = []
                if value:
                    names.append(f'"{value.rpartition(" ")[2]}"')
                if parts[end:]:
                    names.append(f"{parts[end]} =")
                many = f"[[{'.'.join(parts[:end])}]]" in self.text
                found = (self._line(name, start, "\0" if many else "\n[") for name in names)
                return next((line for line in found if line), start)
        return 0

    def _line(self, fragment: str, start: int, end: str = "\0") -> int:
        """Return the first line after `start`, and before `end` if that comes, that has a fragment."""
        after = "\n".join(["", *self.text.splitlines()[start:]]).partition(end)[0]
        place = after.find(fragment)
        return start + after[:place].count("\n") if place >= 0 else 0
