"""The build of the collected pages with Zensical, and the check for resources of other hosts."""

import re
import shutil
import subprocess
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path

from devtools.docs_site.errors import DocsError
from devtools.docs_site.navigation import as_toml, navigation
from devtools.docs_site.pages import Pages

HERE = Path(__file__).parent
RESOURCES = {"img": "src", "script": "src", "iframe": "src", "source": "src", "link": "href"}
"""Tags that make a browser load something, and their attribute."""
LINKS_WITHOUT_REQUEST = {"canonical", "next", "prev", "edit", "alternate"}
COLOURS = re.compile(r"\x1b\[[0-9;]*m")
EXTERNAL = re.compile(r"(?:https?:)?//")
CSS_URL = re.compile(r"(?:@import\s+|url\()[\"']?((?:https?:)?//[^\"')]+)")


def write_sources(pages: Pages, folder: Path) -> Path:
    """Write pages and configuration to a new folder; return the configuration. Raises DocsError."""
    shutil.rmtree(folder, ignore_errors=True)
    for place, text in pages.items():
        path = folder / "pages" / place
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    shutil.copy(HERE / "site.css", folder / "pages")
    entries = ",\n  ".join(map(as_toml, navigation(pages)))
    config = (HERE / "zensical.toml").read_text(encoding="utf-8")
    path = folder / "zensical.toml"
    path.write_text(
        config.replace("[project]\n", f"[project]\nnav = [\n  {entries},\n]\n", 1), encoding="utf-8"
    )
    return path


def build(config: Path, site: Path, generator: Path) -> None:
    """Build the site anew.

    Raises DocsError when a page or an anchor is missing, or when a page loads something from another host.
    """
    if not generator.exists():
        raise DocsError("Zensical is not installed. Run ./noxw -s docs_env.")
    shutil.rmtree(site, ignore_errors=True)
    command = [str(generator), "build", "--clean", "--strict", "--config-file", str(config)]
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    if result.returncode:
        raise DocsError(f"Zensical refuses the pages. Correct them.\n{_report(result.stderr)}")
    foreign = [*foreign_resources(site)]
    if foreign:
        raise DocsError("\n".join(["Pages load from other hosts. Remove the address.", *foreign]))


def foreign_resources(site: Path) -> Iterator[str]:
    """Yield the file and address of each resource that a browser would load from another host."""
    for path in sorted(site.rglob("*.html")):
        parser = _Resources()
        parser.feed(path.read_text(encoding="utf-8"))
        yield from (f"{path.relative_to(site)}: {url}" for url in parser.found)
    for path in sorted(site.rglob("*.css")):
        found = CSS_URL.findall(path.read_text(encoding="utf-8"))
        yield from (f"{path.relative_to(site)}: {url}" for url in found)


class _Resources(HTMLParser):
    """Collects addresses on other hosts that a page loads."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        attributes = {name: value or "" for name, value in attrs}
        url = attributes.get(RESOURCES.get(tag, ""), "")
        is_loaded = tag != "link" or attributes.get("rel") not in LINKS_WITHOUT_REQUEST
        if is_loaded and EXTERNAL.match(url):
            self.found.append(url)


def _report(output: str) -> str:
    """Return Zensical's warnings without colours and the traceback that follows them."""
    return COLOURS.sub("", output).partition("Traceback (most recent call last)")[0].strip()
