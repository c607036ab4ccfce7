import pytest

from app.presentation.http.conditions import etag, parse_if_match


@pytest.mark.parametrize(
    ("header", "seen"),
    [
        ("*", None),
        (' "3" ', {3}),
        ('"3", "12"', {3, 12}),
        ('W/"3"', set()),
        ('W/"3", "4"', {4}),
        ("3", set()),
        ('"abc", "-1", "0", "٣"', set()),
        ('"' + "9" * 30 + '"', set()),
        ("", set()),
    ],
)
def test_reads_the_versions_when_the_header_is_given(header: str, seen: set[int] | None) -> None:
    assert parse_if_match(header) == seen


def test_comes_back_when_the_client_returns_our_tag() -> None:
    assert parse_if_match(etag(42)) == {42}
