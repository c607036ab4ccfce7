"""Numbers of random examples per test: few locally and in CI, many at night (decision 31). Explicit cases,
every route and every role always run.
"""

import os
from dataclasses import dataclass

VARIABLE = "PAU2_EXAMPLES"


@dataclass(frozen=True, kw_only=True)
class Examples:
    """Numbers of examples by kind of test."""

    properties: int
    """Inputs for a property of pure functions."""
    machines: int
    """Sequences of steps for a state machine."""
    walks: int
    """Sequences of requests over HTTP."""
    requests: int
    """Valid requests for each route, and as many invalid ones; each role sends all of them."""


PROFILES = {
    "desk": Examples(properties=25, machines=20, walks=4, requests=2),
    "nightly": Examples(properties=1000, machines=500, walks=100, requests=30),
}
EXAMPLES = PROFILES[os.environ.get(VARIABLE, "desk")]
