"""What counts as a text that somebody can read."""

from app.domain.errors import RuleViolationError


def is_text(text: str, longest: int) -> bool:
    """Say whether the text has at most `longest` characters, and not only space."""
    return len(text) <= longest and text.strip() != ""


def tidy(text: str, longest: int, error: type[RuleViolationError] | RuleViolationError) -> str:
    """Return the text without the space around it. Raises `error` if it is then empty or too long."""
    text = text.strip()
    if not 1 <= len(text) <= longest:
        raise error
    return text
