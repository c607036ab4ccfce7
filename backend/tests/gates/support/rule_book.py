"""The rule book of a sample project, merged from the tables of its parts."""

import re
from functools import cache

from gates.architecture.sessions import table
from gates.rulebook import RuleBook

BASE = """[versions]
python = ["3.11", "3.12"]
postgresql = ["15", "16"]
[rules]
[sessions]
"""
"""Tables that every rule book has."""
TEXT = "# Rules\n\n<!-- gates -->\n{table}<!-- /gates -->\n\n```toml\n{block}```\n"
TABLE_START = re.compile(r"^(?=\[)", re.MULTILINE)
KEY_START = re.compile(r"^(?=[\w\"])", re.MULTILINE)


@cache
def rule_book(*parts: str) -> str:
    """Return a rule book with the base tables and those of parts, and with the list of its gates.

    A part extends the tables before it: its keys replace equal ones. It appends to arrays of tables.
    """
    block = _merge("".join([BASE, *parts]))
    book = RuleBook.parse(f"```toml\n{block}```\n")
    cases = {(gate, "proofs") for rule in book["rules"].values() for gate in rule["gates"]}
    return TEXT.format(table=table(book, cases), block=block)


def _merge(text: str) -> str:
    """Return TOML in which each table occurs once, and the arrays of tables follow the tables."""
    tables: dict[str, dict[str, str]] = {}
    arrays = ""
    for part in filter(None, TABLE_START.split(text)):
        if part.startswith("[["):
            arrays += part
            continue
        header, *entries = KEY_START.split(part)
        keys = tables.setdefault(header.strip(), {})
        keys |= {entry.partition(" = ")[0]: entry for entry in entries}
    merged = "".join(f"{header}\n{''.join(keys.values())}\n" for header, keys in tables.items())
    return merged + arrays
