import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.presentation.http.requests import MAX_DEPTH, MAX_ITEMS, parse_json

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda children: st.lists(children, max_size=5) | st.dictionaries(st.text(), children, max_size=5),
    max_leaves=10,
)


@given(VALUES)
def test_reads_output_of_the_standard_library_when_ordinary(value: object) -> None:
    assert parse_json(json.dumps(value).encode()) == value


@pytest.mark.parametrize(
    "body",
    [
        b'{"a": 1, "a": 2}',
        b'{"x": {"a": 1, "a": 1}}',
        b"1e400",
        b"[-1e400]",
        b"NaN",
        b"Infinity",
        b'"\xff"',
        '{"a": 1}'.encode("utf-16"),
        b"1" * 5000,
        b"[" * 100_000,
        b"[" * (MAX_DEPTH + 1) + b"]" * (MAX_DEPTH + 1),
        json.dumps([0] * (MAX_ITEMS + 1)).encode(),
        json.dumps([dict.fromkeys(map(str, range(MAX_ITEMS + 1)))]).encode(),
        b"{",
    ],
)
def test_refuses_when_readers_would_differ_or_choke(body: bytes) -> None:
    with pytest.raises(json.JSONDecodeError):
        parse_json(body)


def test_accepts_when_just_within_the_limits() -> None:
    parse_json(b"[" * MAX_DEPTH + b"]" * MAX_DEPTH)
    parse_json(json.dumps([0] * MAX_ITEMS).encode())
    parse_json(json.dumps(dict.fromkeys(map(str, range(MAX_ITEMS)))).encode())
