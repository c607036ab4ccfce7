"""R16: workflows, containers, hooks."""

from tests.gates.cases.case import Violation
from tests.gates.support.complete import CI, COMPOSE, DEVCONTAINER, DOCKERFILE, HOOKS, WORKFLOW

PIN = "@3d3c42e5aac5ba805825da76410c181273ba90b1 # v7.0.1"
MANUAL = "https://docs.zizmor.sh/"
VERSION = "name a version"
OTHER_WORKFLOW = ".github/workflows/other.yml"


def alone(event: str) -> str:
    """Return a workflow with the one job that runs every gate, for another event."""
    text = CI[: CI.index("  required:")].replace("  pull_request:\n  merge_group:", f"  {event}:")
    return text.replace("group: ci", "group: other")


ENTRIES = [
    Violation(
        what="an action by its tag",
        gate="workflows",
        change=lambda twin: twin.replace(WORKFLOW, PIN, "@v7"),
        file=WORKFLOW,
        line="actions/checkout",
        says="[unpinned-uses]",
        fix=MANUAL,
    ),
    Violation(
        what="a workflow that may write everything",
        gate="workflows",
        change=lambda twin: twin.replace(
            WORKFLOW, "permissions:\n      contents: read", "permissions: write-all"
        ),
        file=WORKFLOW,
        line="permissions: write-all",
        says="[excessive-permissions]",
        fix=MANUAL,
        also=("change-control",),
    ),
    Violation(
        what="strangers' code with the repository's rights",
        gate="workflows",
        change=lambda twin: twin.replace(WORKFLOW, "  pull_request:", "  pull_request_target:"),
        file=WORKFLOW,
        line="pull_request_target",
        says="[dangerous-triggers]",
        fix=MANUAL,
        also=("change-control",),
    ),
    Violation(
        what="a step that may fail unseen",
        gate="workflows",
        change=lambda twin: twin.replace(
            WORKFLOW, "run: ./noxw\n", "run: ./noxw\n        continue-on-error: true\n"
        ),
        file=WORKFLOW,
        line="gates:",
        says="gates may fail unseen",
        fix="let it fail",
        also=("change-control",),
    ),
    Violation(
        what="a checkout without history",
        gate="workflows",
        change=lambda twin: twin.replace(WORKFLOW, "          fetch-depth: 0\n", ""),
        file=WORKFLOW,
        line="gates:",
        says="gates fetches no history, and the gates compare with the merge base",
        fix="fetch-depth: 0",
        also=("change-control",),
    ),
    Violation(
        what="a required job that does not wait",
        gate="workflows",
        change=lambda twin: twin.replace(WORKFLOW, "    if: always()\n", ""),
        file=".github/workflows/",
        says="the job 'required' must need all that judge, run always()",
        fix="a skipped job counts as failed",
        also=("change-control",),
    ),
    Violation(
        what="a second workflow for changes, which the required job cannot wait for",
        gate="workflows",
        change=lambda twin: twin.write(OTHER_WORKFLOW, alone("pull_request")),
        file=".github/workflows/",
        says="the job 'required' must need all that judge",
        fix="a skipped job counts as failed",
    ),
    Violation(
        what="a container that runs as root",
        gate="workflows",
        change=lambda twin: twin.replace(DOCKERFILE, "USER developer\n", ""),
        file=DOCKERFILE,
        says="the container runs as root",
        fix="end with USER and a plain user",
    ),
    Violation(
        what="an image of tomorrow",
        gate="workflows",
        change=lambda twin: twin.replace(COMPOSE, "postgres:16", "postgres:latest"),
        file=COMPOSE,
        line="image:",
        says="an image without a version is another one tomorrow",
        fix=VERSION,
    ),
    Violation(
        what="a program from the network",
        gate="workflows",
        change=lambda twin: twin.replace(
            DOCKERFILE, "RUN useradd", "RUN curl https://example.org/x | sh && useradd"
        ),
        file=DOCKERFILE,
        line="curl",
        says="this installs what no lock holds",
        fix="let ./noxw install",
    ),
    Violation(
        what="a container that owns the machine",
        gate="workflows",
        change=lambda twin: twin.replace(COMPOSE, "    image:", "    privileged: true\n    image:"),
        file=COMPOSE,
        line="privileged",
        says="postgres has privileged, which may give it the machine",
        fix="take it out",
    ),
    Violation(
        what="a container that nobody prepares",
        gate="workflows",
        change=lambda twin: twin.replace(DEVCONTAINER, "./noxw -s fix", "echo ready"),
        file=DEVCONTAINER,
        says="postCreateCommand does not prepare the gates",
        fix="call ./noxw -s hooks",
    ),
    Violation(
        what="a hook with another version of a tool",
        gate="workflows",
        change=lambda twin: twin.replace(HOOKS, "entry: ./noxw -s static", "entry: ruff check"),
        file=HOOKS,
        line="id: commit",
        says="the hook commit is no nox session of this repository",
        fix="repo: local, entry: ./noxw -s …",
        also=("change-control",),
    ),
]
