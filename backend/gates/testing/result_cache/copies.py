"""Copies that a test makes of files of the checkout: not the copying counts, but the reading of the copy."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path, PurePath

from gates.testing.result_cache.children import OF_THE_STANDARD_LIBRARY, Child, words_of
from gates.testing.result_cache.folders import NO_SOURCES

PAGES = "docs/"
"""Programs that run in a copy of the checkout may read its pages, too. But the gates judge the pages in the
checkout itself."""
GIT_WITHOUT_CONTENT = {"add", "clean", "commit", "diff", "init", "restore", "rev-parse", "status"}
"""Commands of git whose output has no content of a file, unless the test has changed that file."""


@dataclass
class Copies:
    """The copied files of the checkout in the folder `root`, and who made each, by the path of the copy."""

    root: str
    names: dict[str, str] = field(default_factory=dict)
    makers: dict[str, object] = field(default_factory=dict)
    copied: str = ""

    def note(self, source: str, copy: str, maker: object) -> None:
        """Note that a file is about to be copied. A copy of a copy counts as a copy."""
        name = self.names.get(source, source.removeprefix(self.root))
        self.copied = source
        if name != source and NO_SOURCES.isdisjoint(PurePath(name).parts):
            self.names[copy] = name
            self.makers[copy] = maker

    def forget(self, maker: object) -> None:
        """Forget the copies of a test that has ended: no other test reads them."""
        for copy in [copy for copy, made_by in self.makers.items() if made_by is maker]:
            del self.names[copy], self.makers[copy]

    def is_being_copied(self, path: str) -> bool:
        """Return whether a file is opened only to be copied."""
        is_copied = path == self.copied
        self.copied = ""
        return is_copied

    def unit_of(self, path: str) -> str | None:
        """Return the unit of the copied file when its copy is read."""
        return f"source {self.names[path]}" if path in self.names else None

    def units_of_child(self, child: Child) -> set[str]:
        """Return the units of all copies that a program may read: those that exist when it starts."""
        words = words_of(child.command)
        program = PurePath(words[0]).name
        if program in OF_THE_STANDARD_LIBRARY or (program == "git" and GIT_WITHOUT_CONTENT & {*words[1:]}):
            return set()
        return {*self._existing()}

    def _existing(self) -> Iterator[str]:
        for path, name in self.names.items():
            if not name.startswith(PAGES) and Path(path).exists():
                yield f"source {name}"
