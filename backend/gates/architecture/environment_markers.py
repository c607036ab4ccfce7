"""The environments that may install the locks, and where the markers of PEP 508 hold."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import product

from packaging.markers import Marker, default_environment

from gates.model import Project

SYSTEM = ("os_name", "sys_platform", "platform_system", "platform_machine")
SYSTEMS = (
    ("posix", "linux", "Linux", "x86_64"),
    ("posix", "linux", "Linux", "aarch64"),
    ("posix", "darwin", "Darwin", "arm64"),
    ("nt", "win32", "Windows", "AMD64"),
)
IMPLEMENTATION = ("implementation_name", "platform_python_implementation")
IMPLEMENTATIONS = (("cpython", "CPython"), ("pypy", "PyPy"))
HERE = frozenset({0})

Numbers = frozenset[int]
"""Environments by their numbers; this machine's is 0."""


@dataclass(frozen=True)
class Environments:
    """This machine's environment, and every supported Python on the usual systems."""

    values: Sequence[Mapping[str, str]]
    known: dict[tuple[str, str], Numbers] = field(default_factory=dict)

    @classmethod
    def of(cls, project: Project) -> "Environments":
        """Return those of the rule book's versions."""
        here = {name: str(value) for name, value in default_environment().items()}
        values = [here]
        for python, system, implementation in product(
            project.rulebook["versions"]["python"], SYSTEMS, IMPLEMENTATIONS
        ):
            value = here | {"python_version": python, "python_full_version": f"{python}.0"}
            value |= dict(zip(SYSTEM, system, strict=True))
            value |= dict(zip(IMPLEMENTATION, implementation, strict=True))
            values.append(value)
        return cls(values)

    @property
    def everywhere(self) -> Numbers:
        return frozenset(range(len(self.values)))

    def where(self, marker: str, extra: str = "") -> Numbers:
        """Return where a marker holds while an extra is asked for; "" holds everywhere.

        Raises packaging's InvalidMarker.
        """
        if not marker:
            return self.everywhere
        if (marker, extra) not in self.known:
            parsed = Marker(marker)
            self.known[marker, extra] = frozenset(
                number
                for number, value in enumerate(self.values)
                if parsed.evaluate({**value, "extra": extra})
            )
        return self.known[marker, extra]

    def named(self, numbers: Numbers) -> str:
        """Return words for the first of some environments, "" when they are all."""
        if numbers == self.everywhere:
            return ""
        value = self.values[min(numbers)]
        names = ("implementation_name", "python_version", "sys_platform", "platform_machine")
        return f" for {' '.join(value[name] for name in names)}"
