"""Names of features, fields and verbs, in the spellings that code, paths and sentences need."""

import builtins
import keyword
import re
from dataclasses import dataclass

from scaffold.errors import ScaffoldError

_SNAKE = re.compile(r"[a-z][a-z0-9]*(_[a-z0-9]+)*")
_HISSING = ("s", "x", "z", "ch", "sh")
MAX_NAME_LENGTH = 30
"""Characters. PostgreSQL truncates names of constraints after 63."""

LOCAL_NAMES = {
    *("actor", "article", "at", "author", "body", "calls", "changes", "client", "clock", "draft", "event"),
    *(
        "identity",
        "member",
        "news",
        "page",
        "pagination",
        "params",
        "queries",
        "response",
        "tag",
        "test",
        "uow",
    ),
    *("versions", "where"),
}
"""Names that generated functions use for something else."""


@dataclass(frozen=True)
class Noun:
    """The name of an entity, in snake case."""

    singular: str
    plural: str

    @property
    def pascal(self) -> str:
        return pascal(self.singular)

    @property
    def constant(self) -> str:
        return self.plural.upper()

    @property
    def path(self) -> str:
        return self.plural.replace("_", "-")

    @property
    def words(self) -> str:
        return words(self.singular)

    @property
    def plural_words(self) -> str:
        return words(self.plural)

    @property
    def with_article(self) -> str:
        article = "an" if self.singular[0] in "aeiou" else "a"
        return f"{article} {self.words}"


def noun(singular: str, plural: str | None = None) -> Noun:
    """Make a noun and its plural. Raises ScaffoldError."""
    check_name(singular, "an entity", "tool_loan")
    if singular in LOCAL_NAMES or hasattr(builtins, singular):
        raise ScaffoldError(
            f"{singular!r} already means something else in the code. Use two words, such as tool_loan."
        )
    found = Noun(singular, plural or pluralize(singular))
    check_name(found.plural, "the plural of an entity", "--plural people")
    if found.plural == singular:
        raise ScaffoldError("Singular and plural are equal. Use a noun with a plural of its own.")
    return found


def pluralize(singular: str) -> str:
    """Return the regular plural; `--plural` is for the others."""
    if singular.endswith("y") and singular[-2:-1] not in set("aeiou"):
        return singular[:-1] + "ies"
    return singular + ("es" if singular.endswith(_HISSING) else "s")


def check_name(name: str, kind: str, example: str) -> None:
    """Raises ScaffoldError unless the name is a short identifier in snake case and not a keyword."""
    if not _SNAKE.fullmatch(name) or len(name) > MAX_NAME_LENGTH:
        raise ScaffoldError(
            f"{name!r} cannot name {kind}. Use at most {MAX_NAME_LENGTH} lower-case letters, digits and "
            f"underscores, such as {example}."
        )
    if keyword.iskeyword(name):
        raise ScaffoldError(
            f"{name!r} is a keyword of Python. Use another name for {kind}, such as {example}."
        )


def pascal(name: str) -> str:
    return "".join(part.capitalize() for part in name.split("_"))


def words(name: str) -> str:
    return name.replace("_", " ").lower()
