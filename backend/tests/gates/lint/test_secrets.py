from hashlib import sha256
from string import ascii_letters

import pytest
from detect_secrets.core.plugins.util import get_mapping_from_secret_type_to_class
from detect_secrets.plugins.keyword import DENYLIST_REGEX, REGEX_BY_FILETYPE

from gates.lint.secrets import check
from tests.gates.support.sample_project import RULE_BOOK, SampleProject

KEY = "AKIA" + "QWERTYUIOPASDFGH"
ENTRY = '[[exclusions]]\nkind = "secrets"\npath = "{}"\nrules = ["{}"]\nreason = "x"\n[rules.R01]'

DIGEST = sha256(b"").hexdigest()
SAMPLES = {
    "AWS Access Key": KEY,
    "Artifactory Credentials": " AKC" + "a" * 10,
    "Azure Storage Account access key": "AccountKey=" + "a" * 88,
    "Base64 High Entropy String": f"'{ascii_letters[::-1]}'",
    "Basic Auth Credentials": "https://me:" + "hunter2x@example.org",
    "Cloudant Credentials": "cloudant_key=" + "a" * 24,
    "Discord Bot Token": "M" + "a" * 23 + "." + "b" * 6 + "." + "c" * 27,
    "GitHub Token": "ghp_" + "a" * 36,
    "GitLab Token": "glpat-" + "a" * 20,
    "Hex High Entropy String": f"'{DIGEST}'",
    "IBM COS HMAC Credentials": "cos_secret_key=" + DIGEST[:48],
    "IBM Cloud IAM Key": "ibm_token=" + "a" * 44,
    "JSON Web Token": "eyJh" + "bGciOiJub25lIn0.eyJh" + "IjoxfQ.YQ",
    "Mailchimp Access Key": "a" * 32 + "-us1",
    "NPM tokens": "//example.org/:_authToken=" + "npm_a",
    "OpenAI Token": "sk-" + "a" * 20 + "T3BlbkFJ" + "b" * 20,
    "Private Key": "BEGIN RSA " + "PRIVATE KEY",
    "PyPI Token": "pypi-AgEIcHlwaS5vcmc" + "a" * 70,
    "Secret Keyword": "password = " + "'horse-staple'",
    "SendGrid API Key": "SG." + "a" * 22 + "." + "b" * 43,
    "Slack Token": "xoxb-" + "1-a",
    "SoftLayer Credentials": "softlayer_key=" + "a" * 64,
    "Square OAuth Secret": "sq0csp-" + "a" * 43,
    "Stripe Access Key": "sk_live_" + "a" * 24,
    "Telegram Bot Token": "12345678:" + "a" * 35,
    "Twilio API Key": "AC" + "a" * 32,
}
"""Text in which a plugin of detect-secrets finds a secret, by plugin."""
WITHOUT_EFFECT = {"Public IP (ipv4)"}  # a filter of detect-secrets drops everything without letters


@pytest.fixture
def clean(sample: SampleProject) -> SampleProject:
    """The sample project, whose locks are full of digests."""
    return sample.rule("[rules.R01]", ENTRY.format("requirements/*.txt", "all"))


def test_passes_when_nothing_looks_like_a_secret(clean: SampleProject) -> None:
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
def test_refuses_file_when_it_holds_a_secret(clean: SampleProject, name: str, text: str, kind: str) -> None:
    clean.write(name, text)

    (finding,) = check(clean.project).findings

    assert (finding.file, finding.line, finding.message) == (name, 1, f"looks like a secret: {kind}")
    assert check(clean.project).findings == [finding], "the second run reads what the first one kept"


@pytest.mark.parametrize("kind", SAMPLES)
def test_refuses_line_when_one_plugin_finds_a_secret(clean: SampleProject, kind: str) -> None:
    clean.write("x.py", f"x = 1\n{SAMPLES[kind]}\n")

    found = {(finding.line, finding.message) for finding in check(clean.project).findings}

    assert (2, f"looks like a secret: {kind}") in found


def test_samples_cover_all_plugins() -> None:
    assert SAMPLES.keys() | WITHOUT_EFFECT == get_mapping_from_secret_type_to_class().keys()


def test_keyword_plugin_finds_nothing_without_its_words() -> None:
    patterns = {pattern.pattern for by_group in REGEX_BY_FILETYPE.values() for pattern in by_group}

    assert [pattern for pattern in patterns if DENYLIST_REGEX not in pattern] == []


def test_refuses_file_when_it_cannot_be_searched(clean: SampleProject) -> None:
    (clean.root / "notes.bin").write_bytes(b"\xff\xfe" + KEY.encode("utf-16-le"))

    (finding,) = check(clean.project).findings

    assert (finding.file, finding.line) == ("notes.bin", 0)
    assert "cannot be searched" in finding.message


def test_passes_when_only_git_ignores_the_secret(clean: SampleProject) -> None:
    clean.write("reports/x.txt", KEY)

    assert check(clean.project).findings == []


def test_refuses_other_kinds_when_one_is_declared(clean: SampleProject) -> None:
    clean.write("backend/tests/x.py", f"password = 'horse-staple'\nkey = '{KEY}'\n")
    clean.rule("[rules.R01]", ENTRY.format("tests/*", "Secret Keyword"))

    assert [finding.message for finding in check(clean.project).findings] == [
        "looks like a secret: AWS Access Key"
    ]


def test_refuses_declaration_when_nothing_needs_it(clean: SampleProject) -> None:
    clean.rule("[rules.R01]", ENTRY.format("README.md", "Secret Keyword"))

    (finding,) = check(clean.project).findings

    assert finding.file == RULE_BOOK
    assert "is declared but not in use" in finding.message
