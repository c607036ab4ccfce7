"""The checks of a production deployment refuse each way in which it can be wrong."""

from copy import deepcopy
from typing import Any

import pytest

from devtools.containers.errors import StepError
from devtools.production.checks import (
    end_problems,
    health_problems,
    order_problems,
    port_problems,
    privilege_problems,
    require_none,
    tool_problems,
)

Services = dict[str, dict[str, Any]]

SERVICES: Services = {
    "migrate": {
        "State": {"Status": "exited", "ExitCode": 0, "FinishedAt": "2026-11-28T10:00:05.123456789Z"},
        "NetworkSettings": {"Ports": {}},
    },
    "api-1": {
        "State": {
            "Status": "running",
            "ExitCode": 0,
            "StartedAt": "2026-11-28T10:00:06.1Z",
            "Health": {"Status": "healthy"},
        },
        "NetworkSettings": {"Ports": {"8000/tcp": None}},
    },
    "proxy": {
        "State": {"Status": "running", "ExitCode": 0, "Health": {"Status": "healthy"}},
        "NetworkSettings": {"Ports": {"8443/tcp": [{"HostIp": "127.0.0.1", "HostPort": "443"}]}},
    },
}
PROBE = "Uid:\t10001\t10001\t10001\t10001\nCapEff:\t0000000000000000\nNoNewPrivs:\t1\n"


def problems_of(services: Services) -> list[str]:
    return [
        *health_problems(services, job="migrate"),
        *order_problems(services, job="migrate", after=["api-1"]),
        *port_problems(services, proxy="proxy"),
    ]


def test_accepts_services_that_are_as_they_must_be() -> None:
    assert problems_of(SERVICES) == []


@pytest.mark.parametrize(
    ("service", "change", "message"),
    [
        ("migrate", {"State": {"ExitCode": 2}}, "migrate is exited with exit code 2"),
        ("migrate", {"State": {"Status": "running"}}, "migrate is running with exit code 0"),
        ("api-1", {"State": {"Health": {"Status": "starting"}}}, "api-1 is not healthy"),
        ("proxy", {"State": {"Health": {}}}, "proxy is not healthy"),
        (
            "api-1",
            {"State": {"StartedAt": "2026-11-28T10:00:04.9Z"}},
            "api-1 started before migrate had ended",
        ),
        ("api-1", {"NetworkSettings": {"Ports": {"8000/tcp": [{}]}}}, "api-1 publishes 8000/tcp"),
    ],
)
def test_refuses_service_that_is_not_as_it_must_be(
    service: str, change: dict[str, dict[str, Any]], message: str
) -> None:
    services = deepcopy(SERVICES)
    for part, values in change.items():
        services[service][part] |= values

    assert problems_of(services) == [message]


def test_accepts_process_without_privileges() -> None:
    assert not list(privilege_problems("api-1", PROBE))


@pytest.mark.parametrize(
    ("before", "after", "message"),
    [
        ("", "root: writable\n", "api-1 can write to its root"),
        ("Uid:\t10001", "Uid:\t0", "api-1 runs as root"),
        ("Uid:\t10001\t10001", "Uid:\t10001\t0", "api-1 runs as root"),
        (
            "CapEff:\t0000000000000000",
            "CapEff:\t00000000a80425fb",
            "api-1 has capabilities: 00000000a80425fb",
        ),
        ("NoNewPrivs:\t1", "NoNewPrivs:\t0", "api-1 may gain privileges"),
    ],
)
def test_refuses_process_with_privileges(before: str, after: str, message: str) -> None:
    assert list(privilege_problems("api-1", PROBE.replace(before, after, 1))) == [message]


def test_refuses_process_of_which_nothing_is_known() -> None:
    assert len(list(privilege_problems("api-1", ""))) == 3


def test_refuses_image_with_build_tools() -> None:
    assert list(tool_problems("/usr/bin/gcc\npip\n")) == ["the image has /usr/bin/gcc", "the image has pip"]
    assert not list(tool_problems("\n"))


@pytest.mark.parametrize(
    ("status", "code", "message"),
    [
        ("exited", 0, None),
        ("exited", 137, "api-1 is exited with exit code 137 after its stop signal"),
        ("running", 0, "api-1 is running with exit code 0 after its stop signal"),
    ],
)
def test_refuses_process_that_does_not_end_by_itself(status: str, code: int, message: str | None) -> None:
    problems = list(end_problems("api-1", {"State": {"Status": status, "ExitCode": code}}))

    assert problems == ([message] if message else [])


def test_raises_all_problems_at_once() -> None:
    with pytest.raises(StepError, match=r"^one\ntwo$"):
        require_none(["one", "two"])


def test_raises_nothing_when_there_are_no_problems() -> None:
    require_none([])
