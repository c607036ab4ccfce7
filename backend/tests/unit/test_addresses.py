"""Internationalised domains by IDNA 2008 (RFC 5890 to 5895), which Python's own codec does not know."""

import pytest

from app.domain.members.contact_details import EmailAddressError
from app.presentation.addresses import email_address, username


@pytest.mark.parametrize(
    ("typed", "stored"),
    [
        ("marta@BÜCHER.example", "marta@xn--bcher-kva.example"),
        ("marta@faß.de", "marta@xn--fa-hia.de"),
        ("marta@fass.de", "marta@fass.de"),
        ("marta@xn--fa-hia.de", "marta@xn--fa-hia.de"),
        ("marta@βόλος.com", "marta@xn--nxasmm1c.com"),
        ("marta@\u0646\u0627\u0645\u0647\u200c\u0627\u06cc.com", "marta@xn--mgba3gch31f060k.com"),
        ("marta@pau2\u3002example", "marta@pau2.example"),
        ("marta\uff20PAU2.example ", "marta@pau2.example"),
    ],
)
def test_keeps_domains_apart_when_their_labels_are(typed: str, stored: str) -> None:
    assert email_address(typed).value == stored
    assert username(typed) == stored


@pytest.mark.parametrize(
    "text",
    [
        "",
        "marta",
        "marta@",
        "marta@☃.example",
        "marta@xn--a.de",
        "marta@foo_bar.example",
        "marta@pau2..example",
        "marta@-pau2.example",
        f"marta@{'ü' * 63}.example",
        "märta@pau2.example",
    ],
)
def test_refuses_an_address_when_its_domain_cannot_be_registered(text: str) -> None:
    with pytest.raises(EmailAddressError):
        email_address(text)
    assert username(text) == text
