"""Documents that repeat values of the rule book's block."""

import pytest

from gates.architecture.structure import check
from tests.gates.support.sample_project import SampleProject


@pytest.mark.parametrize(
    ("file", "old", "new", "message"),
    [
        ("README.md", "Run", "At least 80 % of lines. Run", "it repeats a threshold of the rule book"),
        ("README.md", "Run", "Coverage of 80% will do. Run", "it repeats a threshold of the rule book"),
        ("README.md", "Run", "Needs Python 3.12 or newer. Run", "names 3.12; [versions] requires 3.11"),
        ("README.md", "Run", "PostgreSQL (15 to 17). Run", "names 15 to 17; [versions] requires 15 to 16"),
        ("README.md", "`lint` has the gates", "nothing", "does not say what the session lint checks"),
        ("README.md", "Run", "| `lintt` | x |\nRun", "names the session lintt, which does not exist"),
        ("backend/requirements/README.md", "", "Python 3.9 will do.\n", "python 3.9 is not in [versions]"),
        (
            "noxfile.py",
            "\n\n",
            "\nP = '--python-version', '3.12'\n\n",
            "names 3.12; [versions] requires 3.11",
        ),
    ],
)
def test_refuses_document_when_it_says_something_else(
    sample: SampleProject, file: str, old: str, new: str, message: str
) -> None:
    sample.write(file, ((sample.root / file).read_text() if old else "")).replace(file, old, new).commit()

    findings = check(sample.project).findings

    assert message in next(finding.message for finding in findings if finding.file == file)


def test_passes_when_documents_agree_or_look_back(sample: SampleProject) -> None:
    sample.replace(
        "README.md", "Run", "Python 3.11 or newer, PostgreSQL 15 to 16; 100 lines.\nMemory grew by 5 %. Run"
    )
    sample.rule('"README.md" = ', '"docs/" = "guides"\n"README.md" = ')
    sample.write("docs/decisions/0001-then.md", "Python 3.8 and newer, 70 % of lines.\n").commit()

    assert check(sample.project).findings == []
