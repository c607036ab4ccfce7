import pytest

from gates.testing.result_cache.units import BINDING, SKELETON, measured_units

DOCSTRINGS_UNIT = f"{BINDING}__doc__"


@pytest.mark.parametrize(
    "source",
    ["def f():\n    pass\n", 'def f():\n    """Do nothing."""\n', "def f(): return 1\n"],
    ids=["pass", "docstring", "one line"],
)
def test_has_no_unit_of_a_function_when_no_probe_is_its_own(source: str) -> None:
    assert measured_units(source).keys() - {DOCSTRINGS_UNIT} == {SKELETON}


def test_has_a_unit_of_a_function_when_a_probe_is_its_own() -> None:
    assert measured_units("def f():\n    return 1\n").keys() == {
        SKELETON,
        "f",
        f"{BINDING}f",
    }


@pytest.mark.parametrize(
    ("source", "names"),
    [
        ("RATE = 2\n", {"=RATE"}),
        ("RATE: int = -2 * BASE\n", {"=RATE"}),
        ("RATES = (1, *MORE)\n", {"=RATES"}),
        ('PLAN = re.compile("a", flags=FLAGS)\n', {"=PLAN"}),
        ("def rate(by=BASE):\n    return by\n", {"=rate", "rate"}),
        ("RATE = compute()\n", set[str]()),
        ("RATE: int\n", set[str]()),
        ("__version__ = 2\n", set[str]()),
        ("a.rate = 2\n", set[str]()),
        ("def rate(by=compute()):\n    return by\n", {"rate"}),
        ("@cache\ndef rate():\n    return 1\n", {"rate"}),
        ("def pytest_configure():\n    return 1\n", {"pytest_configure"}),
        ("from app.rates import rate as price\n", {"=price"}),
    ],
)
def test_separates_bindings_without_effects(source: str, names: set[str]) -> None:
    assert measured_units(source).keys() - {SKELETON} == names


@pytest.mark.parametrize(
    ("source", "mentioned"),
    [
        ("def f(a):\n    b = a\n    return b + C + d.e\n", {"C", "d", "e"}),
        ("def f():\n    global b\n    b = 1\n", {"b"}),
        ("def f():\n    return g('app.rates:rate', 'no name')\n", {"app", "g", "rate", "rates"}),
        ("from a import b as c\n\n\ndef f():\n    return c\n", {"b", "c"}),
        ("def f():\n    from a import b\n\n    return b\n", {"b"}),
        ("def f(m):\n    return vars(m)\n", {"vars", "*"}),
        ("def f(app):\n    return app.openapi()\n", {"openapi", "__doc__"}),
    ],
    ids=["variables", "global", "text", "alias", "import", "lister", "docstrings"],
)
def test_knows_names_that_a_function_mentions(source: str, mentioned: set[str]) -> None:
    assert {*measured_units(source)["f"].names} == mentioned


@pytest.mark.parametrize(
    ("source", "is_kept"),
    [
        ('"""Old."""\n', False),
        ('class A:\n    """Old."""\n', False),
        ('@dataclass(frozen=True)\nclass A:\n    """Old."""\n\n    b: int\n', False),
        ('class A(Schema):\n    """Old."""\n', True),
        ('@router.get("/")\ndef f():\n    """Old."""\n    return 1\n', True),
        ('class A:\n    b: int\n    """Old."""\n', True),
    ],
)
def test_has_docstrings_in_the_skeleton_when_others_read_them(source: str, is_kept: bool) -> None:
    edited = source.replace("Old", "New")

    is_changed = measured_units(source)[SKELETON] != measured_units(edited)[SKELETON]

    assert is_changed == is_kept
