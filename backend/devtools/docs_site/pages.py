"""The pages of the site: those of the repository at their place in the site, with links that lead there."""

import posixpath
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

from devtools.docs_site.errors import DocsError

PLACES = {
    "CONTRIBUTING.md": "contributing.md",
    "CHANGELOG.md": "changelog.md",
    ".agent/rules/backend-testing.md": "testing.md",
    ".agent/rules/techstack-backend.md": "reference/rule-book.md",
    "backend/requirements/README.md": "requirements.md",
}
"""Pages outside docs/ → their place in the site."""
REPLACED = {
    "README.md": "index.md",
    "backend/openapi.json": "reference/api/index.md",
}
"""Files that are not in the site → the page that takes their place."""
SOURCE_FOLDER = "files/"
"""The places of pages with the text of other files."""
CODE = re.compile(r"^(```+|~~~+).*?^\1 *$|`[^`\n]+`", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"(?<=\]\()([^)\s#]*)(#[^)\s]*)?(?=\))")
URL = re.compile(r"[a-z][a-z+.-]*:|//")
LANGUAGES = {".yaml": "yaml", ".yml": "yaml", ".json": "json", ".toml": "toml", ".py": "python", ".sh": "sh"}

Pages = dict[str, str]
"""Place in the site → text."""
Renderer = Callable[[str], str]
NO_RENDERERS: Mapping[str, Renderer] = MappingProxyType({})


@dataclass(frozen=True)
class Repository:
    """The files of a checkout."""

    root: Path

    def places(self) -> dict[str, str]:
        """Return the path of each page → its place in the site."""
        guides = [path.relative_to(self.root / "docs") for path in (self.root / "docs").rglob("*.md")]
        found = {f"docs/{path.as_posix()}": _place(path) for path in sorted(guides)}
        return found | {path: place for path, place in PLACES.items() if (self.root / path).exists()}

    def text(self, path: str) -> str:
        return (self.root / path).read_text(encoding="utf-8")


def collect(
    repository: Repository, generated: Mapping[str, str], renderers: Mapping[str, Renderer] = NO_RENDERERS
) -> Pages:
    """Return all pages of the site.

    `generated` are pages at their places, with links between places. `renderers` make the text of the site
    from that of a file. Raises DocsError when a link leads nowhere.
    """
    places = repository.places()
    pages = Pages(generated)
    sources: dict[str, str] = {}
    for path, place in places.items():
        if place in pages:
            raise DocsError(f"{path} would replace the generated page {place}. Rename it.")
        linker = _Linker(repository, path, place, places | REPLACED)
        text = repository.text(path)
        pages[place] = linker.text(renderers[path](text) if path in renderers else text)
        sources |= linker.sources
    return pages | {place: _source_page(repository, path) for path, place in sources.items()}


def outside_code(text: str) -> Iterator[tuple[bool, str]]:
    """Yield the parts of a page in their order, and whether each is prose."""
    end = 0
    for match in CODE.finditer(text):
        yield True, text[end : match.start()]
        yield False, match[0]
        end = match.end()
    yield True, text[end:]


class _Linker:
    """Rewrites the links of one page. `sources` collects the files that are not pages."""

    def __init__(self, repository: Repository, path: str, place: str, places: Mapping[str, str]) -> None:
        self._repository = repository
        self._path = path
        self._place = place
        self._places = places
        self.sources: dict[str, str] = {}

    def text(self, text: str) -> str:
        """Return the page's text with links to places. Raises DocsError."""
        return "".join(
            LINK.sub(self._rewritten, part) if is_prose else part for is_prose, part in outside_code(text)
        )

    def _rewritten(self, match: re.Match[str]) -> str:
        target = match[1]
        fragment = match[2] or ""
        if not target or URL.match(target):
            return match[0]
        path = posixpath.normpath(posixpath.join(posixpath.dirname(self._path), target))
        return posixpath.relpath(self._place_of(path), posixpath.dirname(self._place) or ".") + fragment

    def _place_of(self, path: str) -> str:
        if path in self._places:
            return self._places[path]
        index = self._places.get(f"{path}/README.md")
        if index:
            return index
        if not (self._repository.root / path).is_file():
            raise DocsError(f"{self._path} links to {path}, which does not exist. Correct the link.")
        self.sources[path] = f"{SOURCE_FOLDER}{path.replace('/.', '/').lstrip('.')}.md"
        return self.sources[path]


def _place(path: Path) -> str:
    """Return the place of a page below docs/: a README is the index of its folder."""
    return path.with_name("index.md").as_posix() if path.name == "README.md" else path.as_posix()


def _source_page(repository: Repository, path: str) -> str:
    """Return a page with the text of a file."""
    language = LANGUAGES.get(Path(path).suffix, "text")
    return f"---\nsearch:\n  exclude: true\n---\n# {path}\n\n````{language}\n{repository.text(path)}````\n"
