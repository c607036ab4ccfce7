"""The number of tests that run at a time."""

import psutil
import pytest

from gates.testing.workers import VARIABLE, workers_for_all_tests


@pytest.mark.parametrize(("cores", "workers"), [(2, "4"), (8, "16")])
def test_has_two_workers_for_each_core(cores: int, workers: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(VARIABLE)
    monkeypatch.setattr(psutil, "cpu_count", lambda **_: cores)

    assert workers_for_all_tests() == workers


def test_has_the_workers_that_the_environment_asks_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(VARIABLE, "5")

    assert workers_for_all_tests() == "5"
