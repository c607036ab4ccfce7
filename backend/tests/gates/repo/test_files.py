import pytest

from gates.model import GateError
from gates.repo.files import files, text
from tests.gates.support.sample_project import SampleProject


def test_lists_files_when_neither_ignored_nor_deleted(sample: SampleProject) -> None:
    sample.write("backend/app/new.py").write("reports/x.py").remove("backend/app/main.py")

    listed = files(sample.project, "backend/app/*.py", "reports/*")

    assert "backend/app/new.py" in listed
    assert "backend/app/domain/news.py" in listed
    assert not {"reports/x.py", "backend/app/main.py"} & {*listed}


def test_names_file_when_it_is_not_text(sample: SampleProject) -> None:
    (sample.root / "x.py").write_bytes(b"\xff")

    with pytest.raises(GateError, match=r"x\.py is not UTF-8 text"):
        text(sample.project, "x.py")
