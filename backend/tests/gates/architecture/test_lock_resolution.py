"""Locks pin nothing but what is asked for."""

import sys

import pytest
from packaging.requirements import Requirement

from gates.architecture.lock_resolution import check_resolution
from tests.gates.support.parts.application import installed, lock
from tests.gates.support.sample_project import SampleProject

RUNTIME = "backend/requirements/runtime.txt"
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
