"""Gates whose modules are imported only when they run."""

from pathlib import Path

import pytest

from gates.migrations import head
from gates.registry import LazyGate
from tests.gates.support.parts.migrations import MIGRATIONS
from tests.gates.support.sample_project import SampleProject


def test_gives_the_gate_s_outcome_when_it_is_imported_late(tmp_path: Path) -> None:
    sample = SampleProject.build(tmp_path, MIGRATIONS)
    assert LazyGate("gates.migrations.head:check")(sample.project) == head.check(sample.project)


def test_fails_when_the_late_gate_is_missing(sample: SampleProject) -> None:
    with pytest.raises(AttributeError, match="nobody"):
        LazyGate("gates.migrations.head:nobody")(sample.project)
