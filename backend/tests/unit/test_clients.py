import pytest

from app.domain.auth import Session
from app.presentation.http.clients import PROGRAMS, SYSTEMS, client_name

MOZILLA = "Mozilla/5.0"
WEBKIT = "AppleWebKit/537.36 (KHTML, like Gecko)"
LINUX = "(X11; Linux x86_64)"
WINDOWS = "(Windows NT 10.0; Win64; x64)"
PHONE = "(iPhone; CPU iPhone OS 18_1 like Mac OS X)"


@pytest.mark.parametrize(
    ("header", "name"),
    [
        (f"{MOZILLA} (Android 15; Mobile; rv:133.0) Gecko/133.0 Firefox/133.0", "Firefox on Android"),
        (f"{MOZILLA} {LINUX[:-1]}; rv:133.0) Gecko/20100101 Firefox/133.0", "Firefox on Linux"),
        (f"{MOZILLA} {WINDOWS} {WEBKIT} Chrome/131.0.0.0 Safari/537.36", "Chrome on Windows"),
        (f"{MOZILLA} {WINDOWS} {WEBKIT} Chrome/131.0.0.0 Safari/537.36 Edg/131.0.0.0", "Edge on Windows"),
        (f"{MOZILLA} {WINDOWS} {WEBKIT} Chrome/130.0.0.0 Safari/537.36 OPR/115.0.0.0", "Opera on Windows"),
        (
            f"{MOZILLA} (Linux; Android 10; K) {WEBKIT} SamsungBrowser/27.0 Chrome/125.0.0.0 Safari/537.36",
            "Samsung Internet on Android",
        ),
        (f"{MOZILLA} (X11; CrOS x86_64 14541.0.0) {WEBKIT} Chrome/131.0.0.0", "Chrome on ChromeOS"),
        (
            f"{MOZILLA} {PHONE} AppleWebKit/605.1.15 Version/18.1 Mobile/15E148 Safari/604.1",
            "Safari on iPhone",
        ),
        (
            f"{MOZILLA} {PHONE} AppleWebKit/605.1.15 CriOS/131.0 Mobile/15E148 Safari/604.1",
            "Chrome on iPhone",
        ),
        (
            f"{MOZILLA} {PHONE} AppleWebKit/605.1.15 FxiOS/133.0 Mobile/15E148 Safari/605.1",
            "Firefox on iPhone",
        ),
        (
            f"{MOZILLA} (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605 Version/18.1 Safari/605.1.15",
            "Safari on macOS",
        ),
        ("curl/8.11.0", "curl"),
        ("python-httpx/0.28.1", "Python"),
        ("Python-urllib/3.11", "Python"),
        ("Tablet of Marta (Android 15)", "Android"),
        ("canary-device 4711", None),
        ("", None),
        ("x" * 500 + "Firefox/133.0", None),
    ],
)
def test_names_the_program_and_the_system_when_they_are_known(header: str, name: str | None) -> None:
    assert client_name(header) == name


def test_names_fit_the_column_when_they_are_longest() -> None:
    program, system = (max((name for _, name in table), key=len) for table in (PROGRAMS, SYSTEMS))

    assert len(f"{program} on {system}") <= Session.MAX_CLIENT_NAME_LENGTH
