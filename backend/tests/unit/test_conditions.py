import pytest

from app.presentation.http.conditions import etag, parse_if_match


@pytest.mark.parametrize(
    ("header", "seen"),
    [
        ("*", None),
        (' "3" ', frozenset({3})),
        ('"3", "12"', frozenset({3, 12})),
        ('W/"3"', frozenset({3})),
        ('"3-gzip"', frozenset({3})),
        ('"3-br", "4--gzip"', frozenset({3, 4})),
        ('W/"3-zstd"', frozenset({3})),
        ('"3-other"', frozenset()),
        ('"-gzip"', frozenset()),
        ("3", frozenset()),
        ('"abc", "-1", "0", "٣"', frozenset()),
        ('"' + "9" * 30 + '"', frozenset()),
        ("", frozenset()),
    ],
)
def test_reads_the_versions_when_the_header_is_given(header: str, seen: frozenset[int] | None) -> None:
    assert parse_if_match(header) == seen


def test_comes_back_when_the_client_returns_our_tag() -> None:
    assert parse_if_match(etag(42)) == frozenset({42})
