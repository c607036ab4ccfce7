from pathlib import Path

import pytest

from gates.testing.result_cache.dependencies import Dependencies
from tests.gates.support.sample_project import SampleProject
from tests.gates.testing.result_cache.sample import REMEMBERED

BROKEN = "backend/app/broken.py"


@pytest.mark.parametrize("source", ["def broken(:\n", "broken = '\0'\n"], ids=["syntax", "null character"])
def test_uses_the_whole_content_when_a_file_is_not_python(source: str, tmp_path: Path) -> None:
    sample = SampleProject.build(tmp_path, REMEMBERED).write(BROKEN, source)

    dependencies = Dependencies(sample.project)

    assert dependencies.digest(f"code {BROKEN}::") is None
    assert dependencies.closure(BROKEN) == {BROKEN, "backend/app/__init__.py"}
    assert dependencies.code_digest(BROKEN) == dependencies.digest(f"file {BROKEN}")
