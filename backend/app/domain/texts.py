"""Normal forms of texts: NFC, without invisible characters, and with something visible.

The rules follow PRECIS (RFC 8264 §9, RFC 8266 §2) and UTS 39. Unicode calls characters that have no glyph and
no width Default_Ignorable_Code_Point. They are dropped, except where they change what is displayed:

- ZWNJ and ZWJ after a virama or between letters of a cursive script (RFC 5892 appendix A; the standard
  library does not know the Joining_Type, so the script decides), and ZWJ between parts of an emoji;
- a variation selector right after a visible character, in names after an ideograph;
- the tags of a subdivision flag (UTS 51, ED-14a);
- in a text of several lines what guides line breaks and the order of words, but never a control that
  turns the text after it (embeddings, overrides, isolates).

More than four combining marks in a row are refused (UTS 39 §5.4). Characters of several scripts that look the
same are not detected in general: that needs the confusables data, which the standard library does not have.
"""

import re
from unicodedata import category, combining, name, normalize

from app.domain.errors import RuleViolationError

Error = type[RuleViolationError] | RuleViolationError

MAX_MARKS = 4
"""Combining marks in a row (UTS 39 §5.4)."""

_TAGGED_FLAG = "\U0001f3f4[\U000e0030-\U000e0039\U000e0061-\U000e007a]{2,6}\U000e007f"
"""A flag of a subdivision, with its tags."""
_IGNORABLE_CHARACTER = (
    "[\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e\u2060-\u206f\u3164"
    "\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufffb\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff]"
)
"""Default_Ignorable_Code_Point, and the interlinear annotations."""
_IGNORABLE = re.compile(f"{_TAGGED_FLAG}|{_IGNORABLE_CHARACTER}")
_LAYOUT_CONTROLS = frozenset("\u00ad\u061c\u200b\u200e\u200f\u2060")
"""Soft hyphen, zero-width space, word joiner, and direction marks, which do not affect later text."""
_ZWNJ = "\u200c"
_ZWJ = "\u200d"
_VARIATION_SELECTORS = re.compile("[\u180b-\u180d\u180f\ufe00-\ufe0f\U000e0100-\U000e01ef]")
_BLANK_SYMBOLS = re.compile("[\u2800\ufffc\U0001d159]")
"""Symbols without ink: the empty braille pattern, the object replacement, the null notehead."""
_CURSIVE_SCRIPTS = frozenset({"ADLAM", "ARABIC", "MANDAIC", "MONGOLIAN", "NKO", "SYRIAC"})
_CONFUSABLE_ALPHABETS = frozenset({"CYRILLIC", "GREEK", "LATIN"})
"""Alphabets with letters that look the same. No word has letters of two of them (UTS 39 §5.2)."""
_VIRAMA_CLASS = 9
_LINK = re.compile(r"[@<>\\]|//|:\S|\.\w\w")
"""Text that mail programs turn into a link: `mailto:…`, `//host`, `host.example`."""


def single_line(text: str, max_length: int, error: Error) -> str:
    """Return a normalized text of one line. Raises `error` if nothing is visible or it is too long.

    Line breaks become spaces, and so do blank symbols, which look like spaces.
    """
    return _require_displayable(_one_line(text), max_length, error)


def multiline(text: str, max_length: int, error: Error) -> str:
    """Return a normalized text of several lines. Raises `error` if nothing is visible or it is too long."""
    return _require_displayable(_without_ignorable(text, kept=_LAYOUT_CONTROLS), max_length, error)


def person_name(text: str, max_length: int, error: Error) -> str:
    """Return a normalized name of a person, with single spaces. Raises `error` if it cannot be a name.

    This is the profile for nicknames (RFC 8266 §2), with NFC instead of NFKC, which would write Mª as Ma. A
    name has no private or unassigned characters, no word that mixes confusable alphabets, and nothing that
    a mail program turns into a link.
    """
    full_name = " ".join(_VARIATION_SELECTORS.sub(_after_ideograph, _one_line(text)).split())
    has_control = any(
        category(character)[0] == "C" and character not in _ZWNJ + _ZWJ for character in full_name
    )
    plain = normalize("NFKC", full_name).replace("\u3002", ".")
    if has_control or _LINK.search(plain) or any(map(_mixes_alphabets, re.findall(r"\w+", full_name))):
        raise error
    return _require_displayable(full_name, max_length, error)


def comparison_key(text: str) -> str:
    """Return a key that is equal for texts that differ only in case, width or style (NFKC_Casefold)."""
    shown = " ".join(_VARIATION_SELECTORS.sub("", text).split())
    return normalize("NFKC", normalize("NFKC", shown).casefold())


def _one_line(text: str) -> str:
    joined = " ".join(_BLANK_SYMBOLS.sub(" ", text).splitlines())
    return _without_ignorable(joined, kept=frozenset()).strip()


def _without_ignorable(text: str, *, kept: frozenset[str]) -> str:
    composed = normalize("NFC", text)
    shown = _IGNORABLE.sub(
        lambda match: match[0] if match[0] in kept or _changes_display(match) else "", composed
    )
    return normalize("NFC", shown)


def _changes_display(match: re.Match[str]) -> bool:
    """Return whether an ignorable character changes what is displayed."""
    character = match[0]
    text = match.string
    before = text[max(match.start() - 2, 0) : match.start()]
    after = text[match.end() : match.end() + 1]
    if character in (_ZWNJ, _ZWJ):
        return _is_effective_joiner(before.removesuffix("\ufe0f")[-1:], character, after)
    if _VARIATION_SELECTORS.match(character):
        return before != "" and category(before[-1])[0] in "LNPS"
    return len(character) > 1


def _after_ideograph(match: re.Match[str]) -> str:
    """Return the selector after an ideograph, where names need it, and otherwise nothing."""
    before = match.string[max(match.start() - 1, 0) : match.start()]
    return match[0] if _script(before) in {"CJK", "MONGOLIAN"} else ""


def _is_effective_joiner(before: str, joiner: str, after: str) -> bool:
    if not before:
        return False
    if combining(before) == _VIRAMA_CLASS:
        return True
    if _script(before) in _CURSIVE_SCRIPTS:
        return joiner == _ZWJ or _script(after) in _CURSIVE_SCRIPTS
    return joiner == _ZWJ and after != "" and _is_emoji(before) and _is_emoji(after)


def _is_emoji(character: str) -> bool:
    """Return whether this may be an emoji: a symbol, or a character newer than this Python's Unicode."""
    return category(character) in {"So", "Sm", "Sk", "Cn"}


def _script(character: str) -> str:
    return name(character, "").partition(" ")[0] if character else ""


def _mixes_alphabets(word: str) -> bool:
    return len(_CONFUSABLE_ALPHABETS & {_script(character) for character in word}) > 1


def _require_displayable(text: str, max_length: int, error: Error) -> str:
    marks = 0
    for character in text:
        marks = marks + 1 if category(character) in {"Mn", "Me"} else 0
        if marks > MAX_MARKS:
            raise error
    if len(text) > max_length or not _has_visible_character(text):
        raise error
    return text


def _has_visible_character(text: str) -> bool:
    return any(category(character)[0] in "LNPS" for character in _BLANK_SYMBOLS.sub("", text))
