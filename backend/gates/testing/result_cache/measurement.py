"""The measurement of code for observations: that of the coverage, and of the modules that tests share."""

from contextlib import AbstractContextManager
from dataclasses import dataclass, field

from gates.coverage.probes.importer import Measurement
from gates.testing.result_cache.observer import Observer

TESTS = "tests"
IMPORT = "import "
"""The prefix of the keys for observations of an imported module."""
REWRITTEN = ("conftest", "plugins")
"""Parts of the names of modules whose assertions pytest rewrites."""


@dataclass(frozen=True)
class ObservedMeasurement(Measurement):
    """Also measures the modules of tests, except those whose assertions pytest rewrites."""

    observer: Observer = field(kw_only=True)

    def is_measured(self, module: str) -> bool:
        """Return whether a module gets probes."""
        parts = module.split(".")
        if parts[0] != TESTS:
            return super().is_measured(module)
        return not any(part in REWRITTEN or part.startswith("test_") for part in parts)

    def importing(self, name: str) -> AbstractContextManager[object]:
        """Record the code that runs during the import under a key of its own."""
        return self.observer.observing(self.observer.keep(IMPORT + name))
