"""R06: what the rule book lists is what there is."""

from tests.gates.cases.case import Violation
from tests.gates.support.complete import DOCKERFILE, DOMAIN, PYPROJECT, WORKFLOW
from tests.gates.support.sample_project import RULE_BOOK, Twin

SAME = "make it and .agent/rules/techstack-backend.md say the same"
SMALLER = "split it where one part can be understood without the other"


def _link(twin: Twin) -> None:
    (twin.root / "docs/settings").symlink_to("../backend/app/core")


ENTRIES = [
    Violation(
        what="a folder that nobody declared",
        gate="structure",
        change=lambda twin: twin.write("scripts/fix.sh", "true\n"),
        file="scripts/fix.sh",
        says="scripts/fix.sh is not below anything that [tree] lists",
        fix="move it, or list its place",
    ),
    Violation(
        what="a listed folder that is not there",
        gate="structure",
        change=lambda twin: twin.rule("[tree]\n", '[tree]\n"scripts/" = "tools"\n'),
        file=RULE_BOOK,
        line='"scripts/"',
        says="[tree] lists scripts/, but there is nothing",
        fix="restore it",
        also=("change-control",),
    ),
    Violation(
        what="a second configuration of the linter",
        gate="structure",
        change=lambda twin: twin.write("backend/app/ruff.toml", "line-length = 200\n"),
        file="backend/app/ruff.toml",
        says="a second configuration: ruff.toml could switch rules off for a folder",
        fix="configure tools in backend/pyproject.toml alone",
    ),
    Violation(
        what="a module that git ignores",
        gate="structure",
        change=lambda twin: twin.append(".gitignore", "prices.py\n").write(
            "backend/app/domain/prices.py", "PRICE = 1\n"
        ),
        file="backend/app/domain/prices.py",
        says="git ignores this file, so it exists on this machine only",
        fix="rename it, or correct .gitignore",
    ),
    Violation(
        what="a link to other code",
        gate="structure",
        change=_link,
        file="docs/settings",
        says="a link or submodule",
        fix="copy what is needed",
    ),
    Violation(
        what="a file that grew too long",
        gate="structure",
        change=lambda twin: twin.append(DOMAIN, "".join(f"N{n} = {n}\n" for n in range(60))),
        file=DOMAIN,
        says="63 lines, this file may have 60",
        fix=SMALLER,
    ),
    Violation(
        what="a function that grew too long",
        gate="structure",
        change=lambda twin: twin.append(
            DOMAIN, "\n\ndef add(n: int) -> int:\n" + "    n += 1\n" * 20 + "    return n\n"
        ),
        file=DOMAIN,
        line="def add",
        says="add has 22 lines, a function may have 20",
        fix=SMALLER,
    ),
    Violation(
        what="a noxfile that grew too long",
        gate="structure",
        change=lambda twin: twin.append("noxfile.py", "\n\n" + "# why\n" * 20),
        file="noxfile.py",
        says="lines, this file may have 40",
        fix=SMALLER,
    ),
    Violation(
        what="a session that does more than its gates",
        gate="structure",
        change=lambda twin: twin.replace(
            "noxfile.py", "    gates(session)", '    if session.name != "static":\n        gates(session)'
        ),
        file="noxfile.py",
        line="def static",
        says="the session static must do nothing but gates(session)",
        fix=SAME,
    ),
    Violation(
        what="a command that the documents still name",
        gate="structure",
        change=lambda twin: twin.replace("README.md", "-s fix", "-s repair"),
        file="README.md",
        line="repair",
        says="names the session repair, which does not exist",
        fix=SAME,
    ),
    Violation(
        what="a gate that no session runs",
        gate="structure",
        change=lambda twin: twin.replace(
            "backend/gates/registry.py", '    "types": "",\n', '    "types": "",\n    "taste": "",\n'
        ),
        file="backend/gates/registry.py",
        says="no session runs the gate taste",
        fix=SAME,
    ),
    Violation(
        what="a gate that no change proves",
        gate="structure",
        change=lambda twin: twin.replace("backend/tests/gates/proofs.py", 'Violation(gate="layers")\n', ""),
        file=RULE_BOOK,
        line="[rules.R03]",
        says="no Violation(gate='layers', …) in backend/tests/gates shows what it refuses",
        fix=SAME,
    ),
    Violation(
        what="a table that says less than the block",
        gate="structure",
        change=lambda twin: twin.rule("| R04 | Routers.", "| R04 | Nothing."),
        file=RULE_BOOK,
        line="<!-- gates -->",
        says="the table of rules, gates and sessions is not what the block says",
        fix="./noxw -s fix",
    ),
    Violation(
        what="another PostgreSQL in the workflow",
        gate="structure",
        change=lambda twin: twin.replace(WORKFLOW, 'postgresql: "16"', 'postgresql: "17"'),
        file=WORKFLOW,
        line='"17"',
        says="postgresql 17 is not in [versions]",
        fix="[versions] is the one place",
        also=("change-control",),
    ),
    Violation(
        what="another Python in the container",
        gate="structure",
        change=lambda twin: twin.replace(DOCKERFILE, "FROM debian:bookworm-slim", "FROM python:3.14-slim"),
        file=DOCKERFILE,
        line="python:3.14",
        says="python 3.14 is not in [versions]",
        fix="[versions] is the one place",
    ),
    Violation(
        what="another Python for the type checker",
        gate="structure",
        change=lambda twin: twin.replace(PYPROJECT, 'python_version = "3.11"', 'python_version = "3.12"'),
        file=PYPROJECT,
        line="python_version",
        says='python_version = "3.12"; [versions] requires python_version = "3.11"',
        fix="[versions] is the one place",
    ),
    Violation(
        what="a link to a page that is gone",
        gate="structure",
        change=lambda twin: twin.append("README.md", "\n[Guide](docs/guide.md)\n"),
        file="README.md",
        line="Guide",
        says="the link to docs/guide.md leads nowhere",
        fix="correct the name or remove it",
    ),
    Violation(
        what="a name of a file that moved",
        gate="structure",
        change=lambda twin: twin.append("README.md", "\nEdit `backend/app/domain/guide.py`.\n"),
        file="README.md",
        line="guide.py",
        says="backend/app/domain/guide.py does not exist",
        fix="correct the name or remove it",
    ),
]
