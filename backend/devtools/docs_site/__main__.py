"""`./noxw -s docs`: builds the documentation as a site, and refuses broken links and stale commands."""

import argparse
import sys
from collections.abc import Sequence
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from devtools.dev import port_number
from devtools.docs_site.build import build, write_sources
from devtools.docs_site.errors import DocsError
from devtools.docs_site.pages import Repository, collect
from devtools.docs_site.reference import RENDERERS, generated_pages
from devtools.docs_site.sessions import read_sessions
from devtools.docs_site.stale_commands import stale_commands
from devtools.postgres import PROJECT

SOURCES = PROJECT / "reports/docs"
GENERATOR = PROJECT / ".docs/bin/zensical"
FIRST_PAGES = ("README.md", "CONTRIBUTING.md")
"""Pages outside docs/ whose commands readers try first."""


def main(
    arguments: Sequence[str], *, root: Path = PROJECT, sources: Path = SOURCES, generator: Path = GENERATOR
) -> int:
    """Build the site; return 0, or 1 when a page is wrong. With `--serve` it runs until Ctrl-C."""
    parser = argparse.ArgumentParser(
        prog="./noxw -s docs --", description="Build the documentation as a site."
    )
    parser.add_argument("--serve", action="store_true", help="show the site on 127.0.0.1 until Ctrl-C")
    parser.add_argument("--port", type=port_number, default=8001, help="the port of --serve (default: 8001)")
    options = parser.parse_args(arguments)
    try:
        site = build_site(Repository(root), sources, generator)
    except DocsError as error:
        print(f"docs: {error}", file=sys.stderr)
        return 1
    print(f"docs: {site}/index.html is built.")
    if options.serve:
        serve(site, options.port)
    return 0


def build_site(repository: Repository, sources: Path, generator: Path) -> Path:
    """Collect the pages in `sources`, check and build; return the site's folder. Raises DocsError."""
    sessions = read_sessions(repository.root / "noxfile.py")
    paths = [*repository.places(), *FIRST_PAGES]
    stale = [*stale_commands({path: repository.text(path) for path in dict.fromkeys(paths)}, sessions)]
    if stale:
        raise DocsError("\n".join(stale))
    pages = collect(repository, generated_pages(repository, sessions), RENDERERS)
    site = sources / "site"
    build(write_sources(pages, sources), site, generator)
    return site


def serve(site: Path, port: int) -> None:
    """Show the site on 127.0.0.1 until Ctrl-C."""
    with create_server(site, port) as server:
        print(f"docs: http://127.0.0.1:{server.server_port}/ (Ctrl-C ends it)", flush=True)
        try:
            server.serve_forever()
        except KeyboardInterrupt:
            print("docs: stopped.")


def create_server(site: Path, port: int) -> ThreadingHTTPServer:
    """Return a server of the site that only this machine reaches."""
    return ThreadingHTTPServer(("127.0.0.1", port), partial(SimpleHTTPRequestHandler, directory=str(site)))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
