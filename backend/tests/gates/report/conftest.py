"""A change of a project whose gates have results."""

from pathlib import Path

import pytest

from tests.gates.support.parts.application import APPLICATION
from tests.gates.support.parts.results import ON_REQUEST, RESULTS
from tests.gates.support.sample_project import Part, SampleProject


@pytest.fixture
def change(tmp_path: Path) -> SampleProject:
    """A change of an application that must pass two gates, and one gate on request."""
    application = Part(APPLICATION.files)
    return SampleProject.build(tmp_path, application, RESULTS, ON_REQUEST, branch="change")
