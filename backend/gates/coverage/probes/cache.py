"""A cache of code with probes: only the first import after a change instruments a module."""

import hashlib
import json
import marshal
import os
import threading
from dataclasses import dataclass
from functools import cached_property
from importlib.machinery import SourcelessFileLoader
from importlib.metadata import version
from importlib.util import MAGIC_NUMBER, decode_source
from pathlib import Path
from types import CodeType
from typing import cast

from gates.coverage.probes import instrument as instrumentation
from gates.coverage.probes.instrument import Probe, instrument

PYC_HEADER = MAGIC_NUMBER + bytes(12)
"""Flags, time and size are zero: the file's name identifies the source."""


@dataclass(frozen=True)
class CodeCache:
    """Two files a module below the folder: its code, and what its probes prove.

    They are named by the module's path and a digest of all that they depend on: its content, the
    instrumentation, coverage.py and Python.
    """

    folder: Path

    def load(self, path: Path, source: bytes) -> tuple[CodeType, list[Probe]]:
        """Return a module's code with probes, and the probes by number. Raises SyntaxError."""
        module = _digest(bytes(path))
        place = self.folder / f"{module}-{_digest(self._version, source)}"
        try:
            return _read(place)
        except (OSError, ImportError, EOFError, ValueError):
            tree, probes = instrument(decode_source(source))
            code = compile(tree, str(path), "exec", dont_inherit=True)
            self.folder.mkdir(parents=True, exist_ok=True)
            _replace(place.with_suffix(".json"), json.dumps([[p.lines, p.arcs] for p in probes]).encode())
            _replace(place.with_suffix(".pyc"), PYC_HEADER + marshal.dumps(code))
            for file in self.folder.glob(f"{module}-*"):
                if file.stem != place.name:
                    file.unlink(missing_ok=True)
            return code, probes

    @cached_property
    def _version(self) -> bytes:
        code = Path(instrumentation.__file__).read_bytes()
        return code + MAGIC_NUMBER + version("coverage").encode()


def _read(place: Path) -> tuple[CodeType, list[Probe]]:
    known = json.loads(place.with_suffix(".json").read_bytes())
    probes = [Probe(tuple(lines), tuple((start, end) for start, end in arcs)) for lines, arcs in known]
    loader = SourcelessFileLoader(place.name, str(place.with_suffix(".pyc")))
    code = cast("CodeType", loader.get_code(place.name))  # without source there is nothing else
    return code, probes


def _replace(path: Path, content: bytes) -> None:
    """Write a file atomically: other processes import the same module meanwhile."""
    unfinished = path.with_suffix(f".{os.getpid()}-{threading.get_ident()}")
    unfinished.write_bytes(content)
    unfinished.replace(path)


def _digest(*parts: bytes) -> str:
    return hashlib.sha256(b"\0".join(parts)).hexdigest()[:32]
