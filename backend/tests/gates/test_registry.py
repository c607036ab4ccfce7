"""Gates whose modules are imported only when they run."""

import pytest

from gates.migrations import head
from gates.registry import LazyGate
from tests.gates.support.sample_project import SampleProject
from tests.gates.support.with_migrations import FILES


def test_gives_the_gate_s_outcome_when_it_is_imported_late(sample: SampleProject) -> None:
    for name, text in FILES.items():
        sample.write(name, text)
    assert LazyGate("gates.migrations.head:check")(sample.project) == head.check(sample.project)


def test_fails_when_the_late_gate_is_missing(sample: SampleProject) -> None:
    with pytest.raises(AttributeError, match="nobody"):
        LazyGate("gates.migrations.head:nobody")(sample.project)
