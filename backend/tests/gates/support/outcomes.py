"""Reading of outcomes."""

from gates.model import Finding, Outcome


def only_finding(outcome: Outcome) -> Finding:
    """Return the one finding of an outcome; fail when there is another number of them."""
    (finding,) = outcome.findings
    return finding
