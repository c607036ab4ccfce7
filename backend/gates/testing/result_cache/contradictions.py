"""Failed tests whose remembered results say that they pass."""

from collections.abc import Mapping
from dataclasses import replace

from gates.model import Outcome
from gates.report.failures import test_of
from gates.testing.result_cache.store import Result

MESSAGE = "memory held a valid result of this test, which fails: it misses something that the test needs"
FIX = "let the test depend on something that memory observes: docs/decisions/0053-kept-test-results.md"


def with_contradictions(outcome: Outcome, remembered: Mapping[str, Result]) -> Outcome:
    """Add a finding to an outcome for each failed test whose remembered result was valid."""
    wrong = [finding for finding in outcome.findings if test_of(finding) in remembered]
    more = [replace(finding, message=MESSAGE, fix=FIX) for finding in wrong]
    return replace(outcome, findings=[*outcome.findings, *more])
