"""Texts as they are stored: NFC, without characters that nobody sees, and with something to see.

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
_GUIDES = frozenset("\u00ad\u061c\u200b\u200e\u200f\u2060")
"""Soft hyphen, zero-width space, word joiner, and marks of direction, which turn nothing after them."""
_ZWNJ = "\u200c"
_ZWJ = "\u200d"
_SELECTORS = re.compile("[\u180b-\u180d\u180f\ufe00-\ufe0f\U000e0100-\U000e01ef]")
_BLANK = re.compile("[\u2800\ufffc\U0001d159]")
"""Symbols without ink: the empty braille pattern, the object replacement, the null notehead."""
_CURSIVE = frozenset({"ADLAM", "ARABIC", "MANDAIC", "MONGOLIAN", "NKO", "SYRIAC"})
_ALIKE = frozenset({"CYRILLIC", "GREEK", "LATIN"})
"""Alphabets with letters that look the same. No word has letters of two of them (UTS 39 §5.2)."""
_VIRAMA = 9
_ADDRESS = re.compile(r"[@<>\\]|//|:\S|\.\w\w")
"""What mail programs take for an address: `mailto:…`, `//host`, `host.example`."""


def line(text: str, longest: int, error: Error) -> str:
    """Return a text of one line, tidied. Raises `error` if it shows nothing or is too long.

    Line breaks become spaces. Blank symbols do as well, since they cannot be told from spaces.
    """
    return _checked(_one_line(text), longest, error)


def prose(text: str, longest: int, error: Error) -> str:
    """Return a text of several lines. Raises `error` if it shows nothing or is too long."""
    return _checked(_visible(text, kept=_GUIDES), longest, error)


def person_name(text: str, longest: int, error: Error) -> str:
    """Return what people call somebody, with single spaces. Raises `error` if it cannot be a name.

    The profile for nicknames (RFC 8266 §2), but NFC where that has NFKC: it would write Mª as Ma. A name
    has no private or unassigned characters, no word of two alphabets that look the same, and nothing that a
    mail program makes a link of.
    """
    full_name = " ".join(_SELECTORS.sub(_after_ideograph, _one_line(text)).split())
    foreign = any(category(character)[0] == "C" and character not in _ZWNJ + _ZWJ for character in full_name)
    plain = normalize("NFKC", full_name).replace("\u3002", ".")
    if foreign or _ADDRESS.search(plain) or any(map(_mixes, re.findall(r"\w+", full_name))):
        raise error
    return _checked(full_name, longest, error)


def looks(text: str) -> str:
    """Return the same for texts that look the same but for case, width and style (NFKC_Casefold)."""
    shown = " ".join(_SELECTORS.sub("", text).split())
    return normalize("NFKC", normalize("NFKC", shown).casefold())


def _one_line(text: str) -> str:
    joined = " ".join(_BLANK.sub(" ", text).splitlines())
    return _visible(joined, kept=frozenset()).strip()


def _visible(text: str, *, kept: frozenset[str]) -> str:
    composed = normalize("NFC", text)
    shown = _IGNORABLE.sub(lambda found: found[0] if found[0] in kept or _shows(found) else "", composed)
    return normalize("NFC", shown)


def _shows(found: re.Match[str]) -> bool:
    """Say whether this ignorable character changes what is displayed."""
    character = found[0]
    text = found.string
    before = text[max(found.start() - 2, 0) : found.start()]
    after = text[found.end() : found.end() + 1]
    if character in (_ZWNJ, _ZWJ):
        return _joins(before.removesuffix("\ufe0f")[-1:], character, after)
    if _SELECTORS.match(character):
        return before != "" and category(before[-1])[0] in "LNPS"
    return len(character) > 1


def _after_ideograph(found: re.Match[str]) -> str:
    """Keep the selectors that names are written with; after other characters nobody sees them."""
    before = found.string[max(found.start() - 1, 0) : found.start()]
    return found[0] if _script(before) in {"CJK", "MONGOLIAN"} else ""


def _joins(before: str, joiner: str, after: str) -> bool:
    if not before:
        return False
    if combining(before) == _VIRAMA:
        return True
    if _script(before) in _CURSIVE:
        return joiner == _ZWJ or _script(after) in _CURSIVE
    return joiner == _ZWJ and after != "" and _is_emoji(before) and _is_emoji(after)


def _is_emoji(character: str) -> bool:
    """Emoji and their modifiers are symbols; those newer than this Python's Unicode are unassigned."""
    return category(character) in {"So", "Sm", "Sk", "Cn"}


def _script(character: str) -> str:
    return name(character, "").partition(" ")[0] if character else ""


def _mixes(word: str) -> bool:
    return len(_ALIKE & {_script(character) for character in word}) > 1


def _checked(text: str, longest: int, error: Error) -> str:
    marks = 0
    for character in text:
        marks = marks + 1 if category(character) in {"Mn", "Me"} else 0
        if marks > MAX_MARKS:
            raise error
    if len(text) > longest or not _is_seen(text):
        raise error
    return text


def _is_seen(text: str) -> bool:
    return any(category(character)[0] in "LNPS" for character in _BLANK.sub("", text))
