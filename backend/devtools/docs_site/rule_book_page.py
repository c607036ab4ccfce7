"""The reference of the rule book: its rules, and its block with a section for each of its keys."""

import re
import tomllib
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby
from pathlib import PurePosixPath
from typing import Any

BLOCK = re.compile(r"^## The block\n+```toml\n(.*?)^```\n", re.MULTILINE | re.DOTALL)
HEADER = re.compile(r"\[+([\w.-]+)\]+")
REPEATED = ("rules", "contract-breaks", "exclusions")
"""Tables that a list shows better than their text."""


def rule_book_page(text: str) -> str:
    """Return the page for the text of the rule book, with links as from its file."""
    match = BLOCK.search(text)
    if match is None:
        raise ValueError("The rule book has no block")
    block = tomllib.loads(match[1])
    prose = BLOCK.sub("", text).rstrip()
    sections = "\n".join(_sections(match[1]))
    lists = "\n".join([*_exclusions(block["exclusions"]), *_contract_breaks(block["contract-breaks"])])
    return (
        f"{prose}\n\n## Keys\n\nThe TOML block of the rule book, section by section.\n\n{sections}\n{lists}\n"
    )


def _sections(block: str) -> Iterator[str]:
    """Yield the sections of the block: a heading, the comment above the section, and its text."""
    for name, lines in _split(block):
        if name.partition(".")[0] in REPEATED:
            continue
        comment = " ".join(line.removeprefix("# ") for line in lines if line.startswith("#"))
        text = "\n".join(line for line in lines if not line.startswith("#")).strip()
        yield f"### {name}\n\n{comment}\n\n```toml\n{text}\n```\n"


def _split(block: str) -> Iterator[tuple[str, Sequence[str]]]:
    """Yield each top-level table's name with its lines. Comments belong to the table below them."""
    tables: list[tuple[str, list[str]]] = []
    comments: list[str] = []
    for line in block.splitlines():
        header = HEADER.fullmatch(line)
        if line.startswith("#"):
            comments.append(line)
            continue
        if header:
            tables.append((header[1], [*comments, line]))
        elif tables:
            tables[-1][1].extend([*comments, line])
        comments = []
    for name, group in groupby(tables, key=lambda table: table[0].partition(".")[0]):
        yield name, [line for _, lines in group for line in lines]


def _exclusions(exclusions: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    yield "### exclusions\n"
    yield "Every exclusion from a gate, by kind and by path below `backend/` or package.\n"
    yield "| kind | path | rules | reason |\n|---|---|---|---|"
    for each in exclusions:
        rules = ", ".join(f"`{rule}`" for rule in each["rules"])
        yield f"| {each['kind']} | `{each['path']}` | {rules} | {' '.join(each['reason'].split())} |"
    yield ""


def _contract_breaks(breaks: Sequence[Mapping[str, str]]) -> Iterator[str]:
    yield "### contract-breaks\n"
    yield "Changes of the contract that break clients, by the decision that came with them.\n"
    yield "| decision | changes |\n|---|---|"
    for path, number in sorted(Counter(each["decision"] for each in breaks).items()):
        yield f"| [{PurePosixPath(path).stem}](../../{path}) | {number} |"
