"""Reads a page as a browser does, but strictly: every element that is opened is closed, in order."""

from html.parser import HTMLParser
from xml.etree.ElementTree import Element, TreeBuilder

EMPTY = {"meta", "br", "link", "img", "input", "hr", "base"}


class _Parser(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.builder = TreeBuilder()
        self.open: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert len(dict(attrs)) == len(attrs), f"<{tag}> has an attribute twice: {attrs}"
        self.builder.start(tag, {name: value or "" for name, value in attrs})
        if tag in EMPTY:
            self.builder.end(tag)
        else:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open, f"</{tag}> closes nothing, line {self.getpos()[0]}"
        assert self.open.pop() == tag, f"</{tag}> closes another element, line {self.getpos()[0]}"
        self.builder.end(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        self.handle_endtag(tag)

    def handle_data(self, data: str) -> None:
        if self.open:
            self.builder.data(data)


def parse(page: str) -> Element:
    """Return the tree of a page; tags and attributes in lower case."""
    parser = _Parser()
    parser.feed(page)
    parser.close()
    assert parser.open == []
    return parser.builder.close()


def text_of(element: Element) -> str:
    """Return what a reader sees of an element, in one line; each piece of text is a word of its own."""
    return " ".join(" ".join(element.itertext()).split())


def with_class(element: Element, name: str) -> list[Element]:
    """Return the elements inside that have a class."""
    return [found for found in element.iter() if name in found.get("class", "").split()]
