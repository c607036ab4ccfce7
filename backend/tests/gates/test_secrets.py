import pytest

from gates.secrets import check
from tests.gates.twin import RULE_BOOK, Twin

KEY = "AKIA" + "QWERTYUIOPASDFGH"
ENTRY = '[[exclusions]]\nkind = "secrets"\npath = "{}"\nrules = ["{}"]\nreason = "x"\n[rules.R01]'


@pytest.fixture
def clean(twin: Twin) -> Twin:
    """The twin, whose locks are full of digests."""
    return twin.rule("[rules.R01]", ENTRY.format("requirements/*.txt", "all"))


def test_passes_when_nothing_looks_like_a_secret(clean: Twin) -> None:
    assert check(clean.project).status == "passed"


@pytest.mark.parametrize(
    ("name", "text", "kind"),
    [
        ("backend/app/core/settings.py", f"KEY = '{KEY}'\n", "AWS Access Key"),
        ("backend/app/core/swagger.json", f'{{"key": "{KEY}"}}\n', "AWS Access Key"),
        ("yarn.lock", f"{KEY}\n", "AWS Access Key"),
        ("backend/x.py", "url = 'https://me:" + "hunter2x@example.org'\n", "Basic Auth Credentials"),
    ],
)
def test_refuses_file_when_it_holds_a_secret(clean: Twin, name: str, text: str, kind: str) -> None:
    clean.write(name, text)

    (finding,) = check(clean.project).findings

    assert (finding.file, finding.line, finding.message) == (name, 1, f"looks like a secret: {kind}")
    assert check(clean.project).findings == [finding], "the second run reads what the first one kept"


def test_refuses_file_when_it_cannot_be_searched(clean: Twin) -> None:
    (clean.root / "notes.bin").write_bytes(b"\xff\xfe" + KEY.encode("utf-16-le"))

    (finding,) = check(clean.project).findings

    assert (finding.file, finding.line) == ("notes.bin", 0)
    assert "cannot be searched" in finding.message


def test_passes_when_only_git_ignores_the_secret(clean: Twin) -> None:
    clean.write("reports/x.txt", KEY)

    assert check(clean.project).findings == []


def test_refuses_other_kinds_when_one_is_declared(clean: Twin) -> None:
    clean.write("backend/tests/x.py", f"password = 'horse-staple'\nkey = '{KEY}'\n")
    clean.rule("[rules.R01]", ENTRY.format("tests/*", "Secret Keyword"))

    assert [finding.message for finding in check(clean.project).findings] == [
        "looks like a secret: AWS Access Key"
    ]


def test_refuses_declaration_when_nothing_needs_it(clean: Twin) -> None:
    clean.rule("[rules.R01]", ENTRY.format("README.md", "Secret Keyword"))

    (finding,) = check(clean.project).findings

    assert finding.file == RULE_BOOK
    assert "is declared but not in use" in finding.message
