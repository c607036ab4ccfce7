"""R16: workflows, containers, hooks."""

from tests.gates.cases.case import InvalidCase
from tests.gates.support.parts.automation import CI, COMPOSE, DEVCONTAINER, DOCKERFILE, HOOKS, WORKFLOW

PIN = "@3d3c42e5aac5ba805825da76410c181273ba90b1 # v7.0.1"
MANUAL = "https://docs.zizmor.sh/"
VERSION = "name a version"
OTHER_WORKFLOW = ".github/workflows/other.yml"


def alone(event: str) -> str:
    """Return a workflow with the one job that runs every gate, for another event."""
    text = CI[: CI.index("  required:")].replace("  pull_request:\n  merge_group:", f"  {event}:")
    return text.replace("group: ci", "group: other")


CASES = [
    InvalidCase(
        id="an action by its tag",
        gate="workflows",
        change=lambda sample: sample.replace(WORKFLOW, PIN, "@v7"),
        file=WORKFLOW,
        line="actions/checkout",
        message="[unpinned-uses]",
        fix=MANUAL,
    ),
    InvalidCase(
        id="a workflow that may write everything",
        gate="workflows",
        change=lambda sample: sample.replace(
            WORKFLOW, "permissions:\n      contents: read", "permissions: write-all"
        ),
        file=WORKFLOW,
        line="permissions: write-all",
        message="[excessive-permissions]",
        fix=MANUAL,
        also_rejected_by=("change-control",),
    ),
    InvalidCase(
        id="strangers' code with the repository's rights",
        gate="workflows",
        change=lambda sample: sample.replace(WORKFLOW, "  pull_request:", "  pull_request_target:"),
        file=WORKFLOW,
        line="pull_request_target",
        message="[dangerous-triggers]",
        fix=MANUAL,
        also_rejected_by=("change-control",),
    ),
    InvalidCase(
        id="a step that may fail without notice",
        gate="workflows",
        change=lambda sample: sample.replace(
            WORKFLOW, "run: ./noxw\n", "run: ./noxw\n        continue-on-error: true\n"
        ),
        file=WORKFLOW,
        line="gates:",
        message="gates may fail without notice",
        fix="remove continue-on-error",
        also_rejected_by=("change-control",),
    ),
    InvalidCase(
        id="a checkout without history",
        gate="workflows",
        change=lambda sample: sample.replace(WORKFLOW, "          fetch-depth: 0\n", ""),
        file=WORKFLOW,
        line="gates:",
        message="gates fetches no history, and the gates compare with the merge base",
        fix="fetch-depth: 0",
        also_rejected_by=("change-control",),
    ),
    InvalidCase(
        id="a required job that does not wait",
        gate="workflows",
        change=lambda sample: sample.replace(WORKFLOW, "    if: always()\n", ""),
        file=".github/workflows/",
        message="the job 'required' must need all that judge, run always()",
        fix="a skipped job counts as failed",
        also_rejected_by=("change-control",),
    ),
    InvalidCase(
        id="a second workflow for changes, which the required job cannot wait for",
        gate="workflows",
        change=lambda sample: sample.write(OTHER_WORKFLOW, alone("pull_request")),
        file=".github/workflows/",
        message="the job 'required' must need all that judge",
        fix="a skipped job counts as failed",
    ),
    InvalidCase(
        id="a container that runs as root",
        gate="workflows",
        change=lambda sample: sample.replace(DOCKERFILE, "USER developer\n", ""),
        file=DOCKERFILE,
        message="the container runs as root",
        fix="end the file with USER and an unprivileged user",
    ),
    InvalidCase(
        id="an image of tomorrow",
        gate="workflows",
        change=lambda sample: sample.replace(COMPOSE, "postgres:16", "postgres:latest"),
        file=COMPOSE,
        line="image:",
        message="an image without a version is another one tomorrow",
        fix=VERSION,
    ),
    InvalidCase(
        id="a program from the network",
        gate="workflows",
        change=lambda sample: sample.replace(
            DOCKERFILE, "RUN useradd", "RUN curl https://example.org/x | sh && useradd"
        ),
        file=DOCKERFILE,
        line="curl",
        message="this installs what no lock holds",
        fix="let ./noxw install",
    ),
    InvalidCase(
        id="a container that owns the machine",
        gate="workflows",
        change=lambda sample: sample.replace(COMPOSE, "    image:", "    privileged: true\n    image:"),
        file=COMPOSE,
        line="privileged",
        message="postgres has privileged, which may give it the machine",
        fix="remove it",
    ),
    InvalidCase(
        id="a container that nobody prepares",
        gate="workflows",
        change=lambda sample: sample.replace(DEVCONTAINER, "./noxw -s fix", "echo ready"),
        file=DEVCONTAINER,
        message="postCreateCommand does not prepare the gates",
        fix="call ./noxw -s hooks",
    ),
    InvalidCase(
        id="a container whose files belong to somebody else",
        gate="workflows",
        change=lambda sample: sample.replace(
            DEVCONTAINER, '"remoteUser"', '"updateRemoteUserUID": false, "remoteUser"'
        ),
        file=DEVCONTAINER,
        line="updateRemoteUserUID",
        message="files that the container writes do not belong to the developer",
        fix="remove updateRemoteUserUID",
    ),
    InvalidCase(
        id="a hook with another version of a tool",
        gate="workflows",
        change=lambda sample: sample.replace(HOOKS, "entry: ./noxw -s static", "entry: ruff check"),
        file=HOOKS,
        line="id: commit",
        message="the hook commit is not a nox session of this repository",
        fix="set repo: local and entry: ./noxw -s SESSION",
        also_rejected_by=("change-control",),
    ),
]
