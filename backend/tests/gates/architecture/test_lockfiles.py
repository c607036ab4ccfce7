"""Locks: the form that uv writes, and nothing in them that nobody asks for."""

import sys
from collections.abc import Sequence

import pytest
from packaging.requirements import Requirement

from gates.architecture.lock_format import check_agreement, check_format
from gates.architecture.lock_resolution import check_resolution
from tests.gates.support.parts.application import installed, lock
from tests.gates.support.sample_project import SampleProject

RUNTIME, DEV = "backend/requirements/runtime.txt", "backend/requirements/dev.txt"
DIGESTS = [f"    --hash=sha256:{digit * 64}" for digit in "012"]
ELSEWHERE = "sys_platform == 'win32'"


def install(sample: SampleProject, pin: str, *asks: str) -> SampleProject:
    for name, metadata in installed(pin, *asks).items():
        sample.write(name, metadata)
    return sample


def refusals(sample: SampleProject, *asked: str) -> list[str]:
    """Return the findings about the production lock when these are its requirements."""
    return [
        finding.message for finding in check_resolution(sample.project, "runtime", [*map(Requirement, asked)])
    ]


def locked(sample: SampleProject, *pins: str) -> SampleProject:
    return sample.write(RUNTIME, lock(*pins))


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


def test_passes_when_installed_packages_ask_for_every_pin(sample: SampleProject) -> None:
    """Over extras, names in other spellings, and circles."""
    install(sample, "a==1", "b[more]>=1", 'never ; extra == "unasked"')
    install(sample, "b==1", 'C.c ; extra == "more"')
    install(sample, "c-c==1", "a")
    locked(sample, "a==1", "b==1", "c-c==1")

    assert refusals(sample, "a") == []


def test_refuses_pin_when_nothing_asks_for_it(sample: SampleProject) -> None:
    install(install(sample, "a==1", 'smuggled ; extra == "unasked"'), "smuggled==1")
    locked(sample, "a==1", "smuggled==1")

    assert refusals(sample, "a") == ["nothing asks for smuggled, but it would be installed"]


def test_refuses_pin_when_only_another_unasked_one_asks_for_it(sample: SampleProject) -> None:
    install(install(install(sample, "a==1"), "b==1", "c"), "c==1", "b")
    locked(sample, "a==1", "b==1", "c==1")

    assert [message.split(",")[0] for message in refusals(sample, "a")] == [
        "nothing asks for b",
        "nothing asks for c",
    ]


@pytest.mark.parametrize(
    ("asked", "pin", "message"),
    [
        (f"b ; {ELSEWHERE}", "b==1", "nothing asks for b for cpython "),
        ("b", f"b==1 ; {ELSEWHERE}", "a asks for b for cpython "),
        ("b", "c==1", "a asks for b, which the lock lacks"),
        ("b>=2", "b==1", "a asks for b>=2, the lock has 1"),
        (f"b>=2 ; {ELSEWHERE}", f"b==1 ; {ELSEWHERE}", "a asks for b>=2, the lock has 1"),
    ],
)
def test_refuses_pin_when_it_is_not_the_one_that_is_asked_for(
    sample: SampleProject, asked: str, pin: str, message: str
) -> None:
    install(install(install(sample, "a==1", asked), "b==1"), "c==1")
    locked(sample, "a==1", pin)

    assert any(said.startswith(message) for said in refusals(sample, "a"))


def test_passes_when_the_limits_of_a_pin_are_lifted(sample: SampleProject) -> None:
    install(install(sample, "a==1", "b<1"), "b==1")
    locked(sample, "a==1", "b==1").append(
        "backend/pyproject.toml", '[tool.uv]\noverride-dependencies = ["b"]\n'
    )

    assert refusals(sample, "a") == []


def test_refuses_pin_when_its_version_is_not_installed(sample: SampleProject) -> None:
    install(sample, "a==2")
    locked(sample, "a==1")

    assert refusals(sample, "a") == ["a 1 is not installed, so its requirements are unknown"]


def test_checks_this_platform_only_when_a_package_is_unknown(sample: SampleProject) -> None:
    """That one may ask for more where it is installed, but for nothing here."""
    there = f"sys_platform != '{sys.platform}'"
    install(install(sample, "a==1", f"unknown ; {there}"), "smuggled==1")
    locked(sample, "a==1", f"its-own==1 ; {there}", f"unknown==1 ; {there}")
    assert refusals(sample, "a") == []

    locked(sample, "a==1", "smuggled==1", f"unknown==1 ; {there}")
    [message] = refusals(sample, "a")
    assert message.startswith("nothing asks for smuggled")


def test_follows_the_audit_s_lock_where_it_is_installed(sample: SampleProject) -> None:
    sample.write("backend/requirements/audit.txt", lock("a==1", "smuggled==1"))
    assert [*check_resolution(sample.project, "audit", [Requirement("a")])] == []

    for pin in ("a==1", "smuggled==1"):
        for name, metadata in installed(pin, place=".audit").items():
            sample.write(name, metadata)
    [finding] = check_resolution(sample.project, "audit", [Requirement("a")])
    assert finding.message.startswith("nothing asks for smuggled")
