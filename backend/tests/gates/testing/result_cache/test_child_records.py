from pathlib import Path

import pytest

from gates.testing.result_cache.child_records import (
    CHILD,
    MAX_PROBES,
    MODULE,
    START,
    RecordWriter,
    WrittenUnits,
    read_child,
)

UNMEASURED = {"tree code"}


@pytest.fixture
def writer(tmp_path: Path) -> RecordWriter:
    """The writer of a child with the process number 7 that was started as 1-0."""
    return RecordWriter(tmp_path, "1-0.7")


def test_reads_what_a_child_wrote(writer: RecordWriter, tmp_path: Path) -> None:
    writer.write(START)
    writer.write(MODULE, "tests.conftest")
    units = WrittenUnits(writer)
    units.add("file a.txt")
    units.update({"file a.txt"}, {"folder b"})
    probes = writer.probes("backend/app/news.py", 3)
    probes[1] = 1
    writer.probes("backend/app/events.py", 2)

    record = read_child(tmp_path, "1-0.7", UNMEASURED)

    assert record.units == {"file a.txt", "folder b"}
    assert record.modules == {"tests.conftest"}
    assert record.loaded == {"backend/app/news.py": {1}, "backend/app/events.py": set()}


def test_includes_processes_that_were_started_by_the_child(writer: RecordWriter, tmp_path: Path) -> None:
    writer.write(START)
    writer.write(CHILD, "7-0.8", ["tree app"])
    spawned = RecordWriter(tmp_path, "1-0.9")
    WrittenUnits(spawned).add("file spawned.txt")
    spawned.probes("backend/app/news.py", 1)[0] = 1

    record = read_child(tmp_path, "1-0.7", UNMEASURED)

    assert record.units == {"tree app", "file spawned.txt"}
    assert record.loaded == {"backend/app/news.py": {0}}


def test_has_coarse_units_when_a_child_left_no_record(tmp_path: Path) -> None:
    RecordWriter(tmp_path, "1-0.9").write(START)

    assert read_child(tmp_path, "1-0.7", UNMEASURED).units == UNMEASURED


def test_refuses_more_probes_than_the_file_has_space_for(writer: RecordWriter) -> None:
    writer.probes("backend/app/news.py", MAX_PROBES)

    with pytest.raises(ValueError, match="too many probes"):
        writer.probes("backend/app/events.py", 1)
