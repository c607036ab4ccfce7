import pytest

from gates.testing.result_cache.units import SKELETON, measured_units


@pytest.mark.parametrize(
    "source",
    ["def f():\n    pass\n", 'def f():\n    """Do nothing."""\n', "def f(): return 1\n"],
    ids=["pass", "docstring", "one line"],
)
def test_has_no_unit_of_a_function_when_no_probe_is_its_own(source: str) -> None:
    assert measured_units(source).keys() == {SKELETON}


def test_has_a_unit_of_a_function_when_a_probe_is_its_own() -> None:
    assert measured_units("def f():\n    return 1\n").keys() == {SKELETON, "f"}
