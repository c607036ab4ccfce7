"""Stored texts contain visible characters and no invisible ones (RFC 8264, RFC 8266, UTS 39)."""

from unicodedata import normalize

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.consultations.questions import (
    AnswerError,
    OptionsError,
    Question,
    QuestionKind,
)
from app.domain.members.member import FullNameError, Member
from app.domain.news import ArticleTitleError
from app.domain.texts import comparison_key, multiline, person_name, single_line
from tests.factories import NOW, make_article, make_event, make_member, make_question

FAMILY = "\U0001f468\u200d\U0001f469\u200d\U0001f467"
HEART_ON_FIRE = "\u2764\ufe0f\u200d\U0001f525"
ENGLAND = "\U0001f3f4\U000e0067\U000e0062\U000e0065\U000e006e\U000e0067\U000e007f"
NODDING = "\U0001f642\u200d\u2195\ufe0f"
PERSIAN = "\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645"
SINHALA = "ශ්\u200dරී"
JAPANESE = "葛\U000e0100城"
HIDDEN = {
    "zero-width space": "\u200b",
    "Hangul filler": "\u3164",
    "half-width filler": "\uffa0",
    "choseong filler": "\u115f",
    "braille blank": "\u2800",
    "soft hyphen": "\u00ad",
    "byte order mark": "\ufeff",
    "word joiner": "\u2060",
    "tags": "\U000e0041\U000e0042",
    "joiners": "\u200d\u200c",
    "selectors": "\ufe0f\ufe00",
    "override": "\u202e\u202c",
    "isolate": "\u2066\u2069",
    "separators": "\u2028\u2029",
    "marks alone": "\u0301\u0308",
    "null notehead": "\U0001d159",
    "space": " \u00a0\u3000",
}


class RefusedError(ArticleTitleError):
    """The error that these checks raise."""


@pytest.mark.parametrize("text", HIDDEN.values(), ids=HIDDEN)
def test_refuses_a_text_when_there_is_nothing_to_see(text: str) -> None:
    for check in (single_line, multiline, person_name):
        with pytest.raises(RefusedError):
            check(text, 200, RefusedError)
    with pytest.raises(FullNameError):
        make_member(full_name=text)
    with pytest.raises(ArticleTitleError):
        make_article(title=text)


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("Ca\u00adfe\u0301", "Café"),
        ("Cafe\u200b\u0301", "Café"),
        ("\ufeffSummer\u2060 cinema\u200b", "Summer cinema"),
        ("Marta \u202egro.rekcah\u202c", "Marta gro.rekcah"),
        ("one\u2028two\u2029three", "one two three"),
        ("Hidden\U000e0068\U000e0069 tags", "Hidden tags"),
        ("a\ufe00\ufe01\ufe02b", "a\ufe00b"),
        (FAMILY, FAMILY),
        (HEART_ON_FIRE, HEART_ON_FIRE),
        (ENGLAND, ENGLAND),
        (NODDING, NODDING),
        ("1\ufe0f\u20e3", "1\ufe0f\u20e3"),
        (PERSIAN, PERSIAN),
        (SINHALA, SINHALA),
        (JAPANESE, JAPANESE),
        ("\u0647\u200d", "\u0647\u200d"),
        ("a\u200cb\u200d", "ab"),
    ],
)
def test_drops_what_nobody_sees_when_a_line_is_stored(typed: str, kept: str) -> None:
    assert single_line(typed, 200, RefusedError) == kept
    assert make_event(title=typed).title == kept


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("co\u00adoperation\nภาษา\u200bไทย \u200fא", "co\u00adoperation\nภาษา\u200bไทย \u200fא"),
        ("safe \u202eegnaro\u202c \u2066text\u2069", "safe egnaro text"),
        (f"{FAMILY}\n{PERSIAN}\n", f"{FAMILY}\n{PERSIAN}\n"),
        ("x\u3164y\U000e0041", "xy"),
    ],
)
def test_keeps_direction_marks_but_no_overrides_when_stored(typed: str, kept: str) -> None:
    assert multiline(typed, 200, RefusedError) == kept
    assert make_article(content=typed).content == kept


def test_refuses_a_text_when_marks_are_stacked() -> None:
    assert single_line("a" + "\u0316" * 4, 200, RefusedError) == "a" + "\u0316" * 4
    for check in (single_line, multiline, person_name):
        with pytest.raises(RefusedError):
            check("a" + "\u0316" * 5, 200, RefusedError)


@given(st.text(alphabet=st.characters(exclude_categories=["Cs"]), max_size=20))
def test_changes_nothing_more_when_a_text_is_stored_again(text: str) -> None:
    for check in (single_line, multiline, person_name):
        try:
            kept = check(text, 200, RefusedError)
        except RefusedError:
            continue
        assert check(kept, 200, RefusedError) == kept == normalize("NFC", kept)


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("  Nora \u3000 Nu\u0301n\u0303ez\u200b ", "Nora Núñez"),
        ("Mª José O'Neill-Sáez", "Mª José O'Neill-Sáez"),
        ("J. R. R. Tolkien", "J. R. R. Tolkien"),
        ("Ravi s/o Kumar (Mari) 3rd", "Ravi s/o Kumar (Mari) 3rd"),
        ("Μαρία Παπαδοπούλου", "Μαρία Παπαδοπούλου"),
        ("Иван (Ivan)", "Иван (Ivan)"),
        (JAPANESE, JAPANESE),
        (SINHALA, SINHALA),
        ("\u0639\u0644\u06cc\u200c\u0631\u0636\u0627", "\u0639\u0644\u06cc\u200c\u0631\u0636\u0627"),
        ("M\ufe00arta", "Marta"),
        ("=1+1 \U0001f338", "=1+1 \U0001f338"),
        ("Marta\u2800", "Marta"),
    ],
)
def test_keeps_a_name_when_people_are_called_so(typed: str, kept: str) -> None:
    assert person_name(typed, 120, RefusedError) == kept


@pytest.mark.parametrize(
    "text",
    [
        "WIN 500 EUR now http://casino.evil.example/?a=1 Marta",
        "Marta casino.example",
        "Marta casino\u3002example",
        "Marta casino\uff0eexample",
        "t.co",
        "marta@casino.example",
        "mailto:marta",
        "//casino",
        "<b>Marta</b>",
        "Marta \u202egro.rekcah\u202c",
        "M\u0430rta",
        "\u039carta",
        "Marta \ue000",
    ],
)
def test_refuses_name_when_it_is_a_link_or_mixes_alphabets(text: str) -> None:
    with pytest.raises(RefusedError):
        person_name(text, Member.MAX_FULL_NAME_LENGTH, RefusedError)


@pytest.mark.parametrize(
    "twin",
    [
        "Cafe\u0301",
        "Café\u200b",
        "Ca\u00adfé",
        "Café\u2060",
        "CAFÉ",
        " Café ",
        "\uff23af\u00e9",
        "Café\ufe0e",
        "Café\u2800",
    ],
)
def test_refuses_options_when_they_look_the_same(twin: str) -> None:
    draft = make_question(options=["Café", twin])

    with pytest.raises(OptionsError):
        Question.create(draft, position=0, at=NOW)


def test_tells_options_apart_when_people_do() -> None:
    options = ["Café", "Cafe", f"{FAMILY}", "\U0001f468\U0001f469\U0001f467", "Straße"]

    question = Question.create(make_question(options=options), position=0, at=NOW)

    assert [option.text for option in question.options] == options
    assert comparison_key("STRASSE") == comparison_key("Straße")


@pytest.mark.parametrize("text", ["\u200b", "\u2800", "\u3164", " "])
def test_refuses_an_answer_when_there_is_nothing_to_see(text: str) -> None:
    draft = make_question(kind=QuestionKind.OPEN_TEXT, options=[])
    question = Question.create(draft, position=0, at=NOW)

    with pytest.raises(AnswerError):
        question.check_text(text, index=0)
    assert question.check_text(" Cafe\u0301\u2066 ", index=0) == "Café"


def test_accepts_old_name_when_another_field_changes() -> None:
    member = make_member()
    member.full_name = "stored.before"

    member.change_profile({"phone": None}, at=NOW)

    assert member.full_name == "stored.before"
