"""A sample of mutants of the measured code, the same for the same seed and the same code."""

import ast
import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice

from gates.coverage.data import measured_files
from gates.model import GateError, Project
from gates.mutation.judges import matches
from gates.mutation.operators import Mutant, edited, mutants
from gates.repo import files
from gates.repo.python import parse_source
from gates.testing.result_cache.selection import MACHINERY

OWN_CODE = ("backend/gates/mutation/", "backend/gates/soundness/")
"""The code that makes and judges the mutants."""


@dataclass(frozen=True)
class SampledMutant:
    """A mutant, and the source of its file with it."""

    file: str
    mutant: Mutant
    source: str

    @property
    def name(self) -> str:
        """The place of the mutant, in one line."""
        return f"{self.file}:{self.mutant.line} #{self.mutant.number}"


def sample(project: Project, count: int, seed: int, patterns: Sequence[str]) -> list[SampledMutant]:
    """Return mutants of all measured files, or of those that match a pattern, without repetition.

    Every test depends on the machinery of the memory, so memory would run all of them for its mutants: they
    are left out. Raises GateError when no file matches.
    """
    names = [
        name
        for name in measured_files(project)
        if not name.startswith((*MACHINERY, *OWN_CODE)) and (not patterns or matches(name, patterns))
    ]
    if not names:
        raise GateError(f"No measured file matches {' or '.join(patterns)}: say app/domain/* or gates/*.")
    places = [(name, mutant.number) for name in names for mutant in _mutants(project, name)]
    ordered = sorted(places, key=lambda place: _position(seed, *place))
    writable = (sampled for sampled in (_sampled(project, *place) for place in ordered) if sampled)
    chosen = islice(writable, count)
    return sorted(chosen, key=lambda sampled: (sampled.file, sampled.mutant.number))


def _position(seed: int, name: str, number: int) -> bytes:
    return hashlib.sha256(f"{seed} {name} {number}".encode()).digest()


def _mutants(project: Project, name: str) -> Iterator[Mutant]:
    source = files.text(project, name)
    return mutants(source, parse_source(source))


def _sampled(project: Project, name: str, number: int) -> SampledMutant | None:
    """Return a mutant of a file, None when its edit of the text means something else than its syntax tree."""
    source = files.text(project, name)
    tree = parse_source(source)
    for mutant in mutants(source, tree):
        if mutant.number == number:
            text = edited(source, [mutant.edit])
            return SampledMutant(name, mutant, text) if _same(text, tree) else None
    raise LookupError(f"{name} has no mutant {number}")


def _same(text: str, tree: ast.Module) -> bool:
    try:
        return ast.unparse(parse_source(text)) == ast.unparse(tree)
    except SyntaxError:
        return False
