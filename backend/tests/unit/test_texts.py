import pytest
from pydantic import TypeAdapter, ValidationError

from app.presentation.http.schemas.base import MultilineText, Text

LINES: TypeAdapter[str] = TypeAdapter(MultilineText)
LINE: TypeAdapter[str] = TypeAdapter(Text)


def test_keeps_line_feeds_when_lines_end_as_in_forms_or_windows() -> None:
    assert LINES.validate_python("one\r\n\r\n\ttwo\n") == "one\n\n\ttwo\n"
    assert LINES.validate_python("one\u2028two\u2029") == "one\ntwo\n"


def test_counts_composed_characters_when_accents_come_apart() -> None:
    assert LINE.validate_python("Nu\u0301n\u0303ez") == "Núñez"


@pytest.mark.parametrize("text", ["a\rb", "a\n\rb", "a\x00", "\x1b[0m", "a\x0bb", "\x7f", "\x85", "\ud800"])
def test_refuses_text_when_it_has_controls_or_surrogates(text: str) -> None:
    with pytest.raises(ValidationError, match="control_character"):
        LINES.validate_python(text)


@pytest.mark.parametrize("text", ["a\nb", "a\r\nb", "a\tb", "a\u2028b", "a\u2029b"])
def test_refuses_line_when_it_has_breaks_or_tabs(text: str) -> None:
    with pytest.raises(ValidationError, match="line_break"):
        LINE.validate_python(text)
