"""Mail addresses as people type them."""

import idna

from app.domain.members import EmailAddress, EmailAddressError

FULL_WIDTH_AT = "\uff20"
"""How keyboards for Chinese and Japanese write @."""


def email_address(text: str) -> EmailAddress:
    """Return the address with its domain in A-labels (RFC 5890 §2.3.2.1). Raises EmailAddressError.

    What is typed is mapped (UTS 46, non-transitional: ß is a letter of its own, as RFC 5891 has it), then
    registered strictly: what IDNA 2008 does not allow, such as emoji, is refused.
    """
    local_part, _, domain = text.strip().replace(FULL_WIDTH_AT, "@").rpartition("@")
    try:
        ascii_domain = idna.encode(domain, uts46=True, std3_rules=True, transitional=False).decode("ascii")
    except idna.IDNAError:
        raise EmailAddressError from None
    return EmailAddress.parse(f"{local_part}@{ascii_domain}")


def username(text: str) -> str:
    """Return the log-in name in the form that addresses are stored in, or as it is when it is not one."""
    try:
        return email_address(text).value
    except EmailAddressError:
        return text
