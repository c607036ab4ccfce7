import pytest

from app.domain.members.member import Language
from app.presentation.http.languages import preferred_language


@pytest.mark.parametrize(
    ("header", "language"),
    [
        ("", Language.ENGLISH),
        ("es", Language.SPANISH),
        ("es-ES,es;q=0.9,en;q=0.8", Language.SPANISH),
        ("ES-419", Language.SPANISH),
        ("en-GB, es;q=0.5", Language.ENGLISH),
        ("en;q=0.3, es;q=0.7", Language.SPANISH),
        ("ca, es ; q=0.4", Language.SPANISH),
        ("es;q=0, en;q=0.1", Language.ENGLISH),
        ("es;q=0", Language.ENGLISH),
        ("fr, de", Language.ENGLISH),
        ("*", Language.ENGLISH),
        ("espanol, ;;, es;q=2, \x00", Language.ENGLISH),
    ],
)
def test_chooses_the_best_language_when_asked(header: str, language: Language) -> None:
    assert preferred_language(header) is language
