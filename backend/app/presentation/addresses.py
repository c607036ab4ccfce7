"""E-mail addresses as typed by people."""

import idna

from app.domain.members.contact_details import EmailAddress, EmailAddressError

FULL_WIDTH_AT = "\uff20"
"""The @ of Chinese and Japanese keyboards."""


def email_address(text: str) -> EmailAddress:
    """Return the address with its domain in A-labels (RFC 5890 §2.3.2.1). Raises EmailAddressError.

    The domain is mapped (UTS 46, non-transitional: ß stays ß, RFC 5891), then validated strictly: IDNA 2008
    does not allow emoji, for instance.
    """
    local_part, _, domain = text.strip().replace(FULL_WIDTH_AT, "@").rpartition("@")
    try:
        ascii_domain = idna.encode(domain, uts46=True, std3_rules=True, transitional=False).decode("ascii")
    except idna.IDNAError:
        raise EmailAddressError from None
    return EmailAddress.parse(f"{local_part}@{ascii_domain}")


def username(text: str) -> str:
    """Return an e-mail address in its stored form, and any other text unchanged."""
    try:
        return email_address(text).value
    except EmailAddressError:
        return text
