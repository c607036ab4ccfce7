"""The page at `/`: a description of the service, with links to its documentation and public resources."""

from base64 import b64encode
from hashlib import sha256
from html import escape
from string import Template
from typing import NamedTuple

from fastapi.responses import HTMLResponse

MAX_AGE_SECONDS = 3600


class Link(NamedTuple):
    """A link to a path of the service, below its prefix, with a title and a description."""

    path: str
    title: str
    text: str


LINKS = (
    Link("/docs", "Documentation", "Every request with its parameters and errors. Try them in the browser."),
    Link("/openapi.json", "Contract", "The OpenAPI document, for generators of clients."),
    Link("/api/v1/events.ics", "Calendar", "Public events as iCalendar. Subscribe with your calendar."),
    Link("/api/v1/news", "News", "Published articles as JSON."),
    Link("/problems", "Error codes", "The meaning of each code that a request can return."),
    Link("/health/ready", "Health", "Whether this process can serve requests."),
)
STYLE = """
:root {
  color-scheme: light dark;
  --ink: #1b2430; --quiet: #526070; --paper: #f6f7f9; --card: #fff; --line: #d9dee5; --accent: #1f5fbf;
}
@media (prefers-color-scheme: dark) {
  :root {
    --ink: #e8ecf1; --quiet: #a4b0be; --paper: #12161c; --card: #1b212a; --line: #323b48; --accent: #8ab8ff;
  }
}
* { box-sizing: border-box }
body { margin: 0; background: var(--paper); color: var(--ink); font: 1rem/1.5 system-ui, sans-serif }
main { max-width: 56rem; margin: 0 auto; padding: clamp(2rem, 8vw, 6rem) 1.25rem 3rem }
h1 { margin: 0; font-size: clamp(2rem, 6vw, 3rem); line-height: 1.1; letter-spacing: -0.02em }
.lead { margin: 1rem 0 2.5rem; max-width: 38rem; color: var(--quiet); font-size: 1.125rem }
ul { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(16rem, 100%), 1fr)); gap: 1rem }
ul { margin: 0; padding: 0; list-style: none }
a { display: block; height: 100%; padding: 1.25rem; border: 1px solid var(--line); border-radius: 0.75rem;
  background: var(--card); color: inherit; text-decoration: none }
a:hover, a:focus-visible { border-color: var(--accent) }
a:focus-visible { outline: 3px solid var(--accent); outline-offset: 2px }
strong { display: block; color: var(--accent); font-size: 1.125rem }
span { color: var(--quiet) }
code { display: block; margin-top: 0.75rem; color: var(--quiet); font: 0.8125rem/1.4 ui-monospace, monospace;
  overflow-wrap: anywhere }
footer { margin-top: 2.5rem; color: var(--quiet); font-size: 0.875rem }
"""
PAGE = Template("""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="description" content="The API of a neighbourhood association.">
<title>$title</title>
<link rel="icon" href="$prefix/docs/assets/favicon.png">
<style>$style</style>
</head>
<body>
<main>
<h1>$title</h1>
<p class="lead">The API of a neighbourhood association: news, events, consultations, and the members who
take part.</p>
<nav aria-label="Resources">
<ul>
$links</ul>
</nav>
<footer>Version $version</footer>
</main>
</body>
</html>
""")
ITEM = Template(
    '<li><a href="$prefix$path"><strong>$title</strong><span>$text</span><code>$prefix$path</code></a></li>\n'
)


def landing_page(*, title: str, version: str, prefix: str) -> HTMLResponse:
    """Return the page. Its content security policy allows nothing except its style and the icon.

    Addresses begin with the prefix that a proxy removed. Caches may keep the page for an hour.
    """
    links = "".join(ITEM.substitute(link._asdict(), prefix=escape(prefix)) for link in LINKS)
    page = PAGE.substitute(
        title=escape(title), version=escape(version), prefix=escape(prefix), style=STYLE, links=links
    )
    return HTMLResponse(page, headers=_HEADERS)


def _digest(text: str) -> str:
    """Return the source expression of CSP for an inline style."""
    return f"'sha256-{b64encode(sha256(text.encode()).digest()).decode()}'"


_HEADERS = {
    "Cache-Control": f"public, max-age={MAX_AGE_SECONDS}",
    "Content-Security-Policy": (
        f"default-src 'none'; style-src {_digest(STYLE)}; img-src 'self'; "
        "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    ),
}
