"""The reference of gates: their documentation, and changes that they refuse and accept."""

import textwrap
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from importlib import import_module

from gates.explain import EXAMPLES, PARTS, documentation
from gates.model import Project
from gates.registry import CHECKS

HEAD = """# Gates

A gate checks one rule on the repository. `./noxw -s explain -- GATE` prints the same at the desk.

| gate | rule | session |
|---|---|---|
"""


def gates_page(project: Project) -> str:
    """Return the page. The examples are the cases that the gates are tested with."""
    rules = {gate: number for number, rule in project.rulebook["rules"].items() for gate in rule["gates"]}
    listed = [gate for gate in CHECKS if gate in rules]
    rows = "".join(
        f"| [`{gate}`](#{gate}) | {rules[gate]} | `{project.rulebook.session_of(gate)}` |\n"
        for gate in listed
    )
    find_examples = import_module(EXAMPLES).examples
    with ThreadPoolExecutor(max_workers=4) as pool:
        examples = [*pool.map(lambda gate: [*find_examples(gate)], listed)]
    sections = [
        f"## {gate}\n\n{_documentation(documentation(gate))}\n{''.join(map(_example, found))}"
        for gate, found in zip(listed, examples, strict=True)
    ]
    return f"{HEAD}{rows}\n" + "\n".join(sections)


def _documentation(text: str) -> str:
    """Return a docstring with its parts (Why, Refuses, …) as a definition list."""
    return "\n".join(_paragraphs(textwrap.dedent(text).strip().splitlines()))


def _paragraphs(lines: Sequence[str]) -> Iterator[str]:
    for line in lines:
        part = next((part for part in PARTS if line.startswith(part)), None)
        if part:
            yield f"\n{part.removesuffix(':')}\n:   {line.removeprefix(part).strip()}"
        else:
            yield line


def _example(example: str) -> str:
    """Return an example of `gates explain` as Markdown: title, diff, and the finding if there is one."""
    title, diff, *findings = example.split("\n\n", 2)
    text = f"\n**{title.rstrip(':')}**\n\n````diff\n{textwrap.dedent(diff)}\n````\n"
    return text + "".join(f"\n````text\n{textwrap.dedent(finding)}\n````\n" for finding in findings)
