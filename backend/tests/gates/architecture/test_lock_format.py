"""Locks have the form that uv writes."""

from collections.abc import Sequence

import pytest

from gates.architecture.lock_format import check_agreement, check_format
from tests.gates.support.sample_project import SampleProject

RUNTIME = "backend/requirements/runtime.txt"
DEV = "backend/requirements/dev.txt"
DIGESTS = [f"    --hash=sha256:{digit * 64}" for digit in "012"]
ELSEWHERE = "sys_platform == 'win32'"


def with_lines(*lines: str) -> str:
    return "\n".join(lines) + "\n"


@pytest.mark.parametrize(
    ("lines", "line", "message"),
    [
        (["b==1 \\", DIGESTS[0], "a==1 \\", DIGESTS[0]], 1, "uv writes 'a==1' here, the lock has 'b==1'"),
        (["a==1 \\", f"{DIGESTS[1]} \\", DIGESTS[0]], 2, "uv writes '--hash=sha256:000"),
        (["a==1 \\", f"{DIGESTS[0]} \\", DIGESTS[0]], 2, "uv writes '--hash=sha256:000"),
        (["a==1 \\", DIGESTS[0], DIGESTS[1]], 2, "uv writes '--hash=sha256:000"),
        ([DIGESTS[0], "a==1 \\", DIGESTS[0]], 1, "uv writes 'a==1' here, the lock has '--hash"),
        (["a==1 \\", "b==1 \\", DIGESTS[0]], 1, "a has no hash, so anything may be installed"),
        (["a[extra]==1 \\", DIGESTS[0]], 1, "'a[extra]==1 \\\\' is neither a pinned version nor its hash"),
    ],
)
def test_refuses_lock_when_uv_would_not_write_it(
    sample: SampleProject, lines: Sequence[str], line: int, message: str
) -> None:
    sample.write(RUNTIME, with_lines(*lines))

    finding = next(check_format(sample.project, "runtime"))

    assert (finding.file, finding.line, finding.fix) == (RUNTIME, line, "./noxw -s lock")
    assert message in finding.message


def test_passes_when_uv_would_write_the_lock(sample: SampleProject) -> None:
    marked = f"c==1 ; {ELSEWHERE} \\"
    sample.write(
        RUNTIME,
        with_lines("a==1 \\", f"{DIGESTS[0]} \\", DIGESTS[1], "a-b==1 \\", DIGESTS[2], marked, DIGESTS[0]),
    )

    assert [*check_format(sample.project, "runtime")] == []


def test_refuses_hash_when_another_lock_has_other_hashes(sample: SampleProject) -> None:
    sample.replace(DEV, "0" * 64, "1" * 64)

    [finding] = check_agreement(sample.project)

    assert (finding.file, finding.line) == (DEV, 1)
    assert finding.message == f"fastapi 1.0 has other hashes than in {RUNTIME}"
