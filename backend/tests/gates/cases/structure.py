"""R06: what the rule book lists is what there is."""

from tests.gates.cases.case import InvalidCase
from tests.gates.support.parts.all_gates import TEST
from tests.gates.support.parts.application import DOMAIN, PYPROJECT
from tests.gates.support.parts.automation import DOCKERFILE, WORKFLOW
from tests.gates.support.sample_project import RULE_BOOK, SampleProject

SAME = "change it or .agent/rules/techstack-backend.md so that they agree"
SMALLER = "split it where one part can be understood without the other"


def _link(sample: SampleProject) -> None:
    (sample.root / "docs/settings").symlink_to("../backend/app/core")


CASES = [
    InvalidCase(
        id="a folder that nobody declared",
        gate="structure",
        change=lambda sample: sample.write("scripts/fix.sh", "true\n"),
        file="scripts/fix.sh",
        message="scripts/fix.sh is not below anything that [tree] lists",
        fix="move it, or list its place",
    ),
    InvalidCase(
        id="a listed folder that is not there",
        gate="structure",
        change=lambda sample: sample.rule("[tree]\n", '[tree]\n"scripts/" = "tools"\n'),
        file=RULE_BOOK,
        line='"scripts/"',
        message="[tree] lists scripts/, which does not exist",
        fix="restore it",
        also_rejected_by=("change-control",),
    ),
    InvalidCase(
        id="a second configuration of the linter",
        gate="structure",
        change=lambda sample: sample.write("backend/app/ruff.toml", "line-length = 200\n"),
        file="backend/app/ruff.toml",
        message="a second configuration: ruff.toml could switch rules off for a folder",
        fix="configure tools in backend/pyproject.toml alone",
    ),
    InvalidCase(
        id="a module that git ignores",
        gate="structure",
        change=lambda sample: sample.append(".gitignore", "prices.py\n").write(
            "backend/app/domain/prices.py", "PRICE = 1\n"
        ),
        file="backend/app/domain/prices.py",
        message="git ignores this file, so it exists on this machine only",
        fix="rename it, or correct .gitignore",
    ),
    InvalidCase(
        id="a test whose name is a sentence",
        gate="structure",
        change=lambda sample: sample.append(TEST, f"\n\ndef test_{'x' * 26}() -> None:\n    assert True\n"),
        file=TEST,
        line="def test_xxx",
        message="31 characters, a test's may have 30: 1 too many",
        fix="name the outcome and its condition only",
    ),
    InvalidCase(
        id="a link to other code",
        gate="structure",
        change=_link,
        file="docs/settings",
        message="a link or submodule",
        fix="replace it with the files themselves",
    ),
    InvalidCase(
        id="a file that grew too long",
        gate="structure",
        change=lambda sample: sample.append(DOMAIN, "".join(f"N{n} = {n}\n" for n in range(60))),
        file=DOMAIN,
        message="63 lines, this file may have 60: 3 too many",
        fix=SMALLER,
    ),
    InvalidCase(
        id="a file of tests that grew too long",
        gate="structure",
        change=lambda sample: sample.write("backend/tests/unit/test_numbers.py", "NUMBER = 1\n" * 81),
        file="backend/tests/unit/test_numbers.py",
        message="81 lines, this file may have 80: 1 too many",
        fix=SMALLER,
    ),
    InvalidCase(
        id="a function that grew too long",
        gate="structure",
        change=lambda sample: sample.append(
            DOMAIN, "\n\ndef add(n: int) -> int:\n" + "    n += 1\n" * 20 + "    return n\n"
        ),
        file=DOMAIN,
        line="def add",
        message="add has 22 lines, a function may have 20: 2 too many",
        fix=SMALLER,
    ),
    InvalidCase(
        id="a noxfile that grew too long",
        gate="structure",
        change=lambda sample: sample.append("noxfile.py", "\n\n" + "# why\n" * 11),
        file="noxfile.py",
        message="41 lines, this file may have 40: 1 too many",
        fix=SMALLER,
    ),
    InvalidCase(
        id="a session that does more than its gates",
        gate="structure",
        change=lambda sample: sample.replace(
            "noxfile.py", "    gates(session)", '    if session.name != "static":\n        gates(session)'
        ),
        file="noxfile.py",
        line="def static",
        message="the session static must do nothing but gates(session)",
        fix=SAME,
    ),
    InvalidCase(
        id="a command that the documents still name",
        gate="structure",
        change=lambda sample: sample.replace("README.md", "-s fix", "-s repair"),
        file="README.md",
        line="repair",
        message="names the session repair, which does not exist",
        fix=SAME,
    ),
    InvalidCase(
        id="a gate that no session runs",
        gate="structure",
        change=lambda sample: sample.replace(
            "backend/gates/registry.py", '    "types": "",\n', '    "types": "",\n    "taste": "",\n'
        ),
        file="backend/gates/registry.py",
        message="no session runs the gate taste",
        fix=SAME,
    ),
    InvalidCase(
        id="a gate that no change proves",
        gate="structure",
        change=lambda sample: sample.replace(
            "backend/tests/gates/proofs.py", 'InvalidCase(gate="layers")\n', ""
        ),
        file=RULE_BOOK,
        line="[rules.R03]",
        message="no InvalidCase(gate='layers', …) in backend/tests/gates shows what it refuses",
        fix=SAME,
    ),
    InvalidCase(
        id="a table that says less than the block",
        gate="structure",
        change=lambda sample: sample.rule("| R04 | Routers.", "| R04 | Nothing."),
        file=RULE_BOOK,
        line="<!-- gates -->",
        message="the table of rules, gates and sessions is not what the block says",
        fix="./noxw -s fix",
    ),
    InvalidCase(
        id="another PostgreSQL in the workflow",
        gate="structure",
        change=lambda sample: sample.replace(WORKFLOW, 'postgresql: "16"', 'postgresql: "17"'),
        file=WORKFLOW,
        line='"17"',
        message="postgresql 17 is not in [versions]",
        fix="use a version of [versions]",
        also_rejected_by=("change-control",),
    ),
    InvalidCase(
        id="another Python in the container",
        gate="structure",
        change=lambda sample: sample.replace(
            DOCKERFILE, "FROM debian:bookworm-slim", "FROM python:3.14-slim"
        ),
        file=DOCKERFILE,
        line="python:3.14",
        message="python 3.14 is not in [versions]",
        fix="use a version of [versions]",
    ),
    InvalidCase(
        id="another Python for the type checker",
        gate="structure",
        change=lambda sample: sample.replace(PYPROJECT, 'python_version = "3.11"', 'python_version = "3.12"'),
        file=PYPROJECT,
        line="python_version",
        message='python_version = "3.12"; [versions] requires python_version = "3.11"',
        fix="use a version of [versions]",
    ),
    InvalidCase(
        id="a link to a page that is gone",
        gate="structure",
        change=lambda sample: sample.append("README.md", "\n[Guide](docs/guide.md)\n"),
        file="README.md",
        line="Guide",
        message="the link to docs/guide.md leads nowhere",
        fix="correct the name or remove it",
    ),
    InvalidCase(
        id="a name of a file that moved",
        gate="structure",
        change=lambda sample: sample.append("README.md", "\nEdit `backend/app/domain/guide.py`.\n"),
        file="README.md",
        line="guide.py",
        message="backend/app/domain/guide.py does not exist",
        fix="correct the name or remove it",
    ),
]
