"""E-mail addresses and phone numbers, each in one normal form."""

import re
import unicodedata
from dataclasses import dataclass, field
from typing import ClassVar, Self

from app.domain.errors import RuleViolationError

_ATOM = r"[a-z0-9!#$%&'*+/=?^_`{|}~-]+"
_LABEL = r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?"
_TOP_LEVEL_LABEL = r"[a-z][a-z0-9-]{0,61}[a-z0-9]"


class EmailAddressError(RuleViolationError):
    code: ClassVar[str] = "email_address_invalid"
    detail: ClassVar[str] = "This is not an e-mail address that can receive mail."
    field: ClassVar[str] = "email"


class PhoneNumberError(RuleViolationError):
    code: ClassVar[str] = "phone_number_invalid"
    detail: ClassVar[str] = "Write a phone number as + and 7 to 15 digits, with the country code first."
    field: ClassVar[str] = "phone"


@dataclass(frozen=True, slots=True)
class EmailAddress:
    """A normalized e-mail address: equal addresses are equal texts.

    It is in lower case, since no mail system distinguishes local parts by case, and the domain consists of
    A-labels, to which the boundary converts it (RFC 5891 §4). The local part is a dot-string in ASCII
    (RFC 5321 §4.1.2), since not every server accepts SMTPUTF8. `repr` omits the value, and so do logs.
    """

    value: str = field(repr=False)

    MAX_LENGTH: ClassVar[int] = 254
    MAX_LOCAL_PART_LENGTH: ClassVar[int] = 64
    _LOCAL_PART: ClassVar[re.Pattern[str]] = re.compile(rf"{_ATOM}(\.{_ATOM})*")
    _DOMAIN: ClassVar[re.Pattern[str]] = re.compile(rf"({_LABEL}\.)+{_TOP_LEVEL_LABEL}")

    @classmethod
    def parse(cls, text: str) -> Self:
        """Normalize an address whose domain consists of A-labels. Raises EmailAddressError."""
        local_part, _, domain = unicodedata.normalize("NFKC", text).strip().lower().rpartition("@")
        value = f"{local_part}@{domain}"
        if not (
            len(value) <= cls.MAX_LENGTH
            and len(local_part) <= cls.MAX_LOCAL_PART_LENGTH
            and cls._LOCAL_PART.fullmatch(local_part)
            and cls._DOMAIN.fullmatch(domain)
        ):
            raise EmailAddressError
        return cls(value)

    def __str__(self) -> str:
        return self.value


@dataclass(frozen=True, slots=True)
class PhoneNumber:
    """A phone number in E.164 form, such as `+34600111222`. `repr` omits the value."""

    value: str = field(repr=False)

    _E164: ClassVar[re.Pattern[str]] = re.compile(r"\+[1-9][0-9]{6,14}")

    @classmethod
    def parse(cls, text: str) -> Self:
        """Remove spaces, dots, dashes and brackets. Raises PhoneNumberError."""
        value = re.sub(r"[ .()-]", "", text)
        if not cls._E164.fullmatch(value):
            raise PhoneNumberError
        return cls(value)

    def __str__(self) -> str:
        return self.value
