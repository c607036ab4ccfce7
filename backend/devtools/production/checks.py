"""What must be true of the containers in production. Each function yields what is wrong, in words."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from typing import Any

from devtools.containers.errors import StepError

Inspection = Mapping[str, Any]
"""What `docker inspect` tells about one container."""

PROBE = """touch /probe 2> /dev/null && echo 'root: writable'
grep -E '^(Uid|CapEff|NoNewPrivs):' /proc/1/status
"""
"""A script for sh in a container, whose output `privilege_problems` reads."""
BUILD_TOOLS = """for program in cc c++ gcc g++ make ld pip pip3 curl wget git; do
  command -v "$program" || true
done
exec python -c "
from importlib.util import find_spec
print(*filter(find_spec, ('ensurepip', 'pip', 'setuptools')), sep=chr(10))
"
"""
"""A script for sh in a container of the image. It prints the tools that are there."""


def require_none(problems: Iterable[str]) -> None:
    """Raise StepError with the problems if there are any."""
    if found := list(problems):
        raise StepError("\n".join(found))


def health_problems(services: Mapping[str, Inspection], *, job: str) -> Iterator[str]:
    """Every service is healthy, except the job, which has ended successfully."""
    for name, inspection in services.items():
        state = inspection["State"]
        if name == job:
            if (state["Status"], state["ExitCode"]) != ("exited", 0):
                yield f"{name} is {state['Status']} with exit code {state['ExitCode']}"
        elif state.get("Health", {}).get("Status") != "healthy":
            yield f"{name} is not healthy"


def order_problems(services: Mapping[str, Inspection], *, job: str, after: Iterable[str]) -> Iterator[str]:
    """The services started after the job had ended."""
    ended = _time(services[job]["State"]["FinishedAt"])
    for name in after:
        if _time(services[name]["State"]["StartedAt"]) < ended:
            yield f"{name} started before {job} had ended"


def port_problems(services: Mapping[str, Inspection], *, proxy: str) -> Iterator[str]:
    """Only the proxy publishes ports."""
    for name, inspection in services.items():
        published = {key for key, value in (inspection["NetworkSettings"]["Ports"] or {}).items() if value}
        if name != proxy and published:
            yield f"{name} publishes {', '.join(sorted(published))}"


def privilege_problems(name: str, probe: str) -> Iterator[str]:
    """The processes run as a user without capabilities, who cannot gain any or write to the root."""
    facts = dict(line.split(":", 1) for line in probe.splitlines() if ":" in line)
    if "root" in facts:
        yield f"{name} can write to its root"
    if "0" in facts.get("Uid", "0").split():
        yield f"{name} runs as root"
    if int(facts.get("CapEff", "1").strip(), 16):
        yield f"{name} has capabilities: {facts.get('CapEff', 'unknown').strip()}"
    if facts.get("NoNewPrivs", "0").strip() != "1":
        yield f"{name} may gain privileges"


def tool_problems(printed: str) -> Iterator[str]:
    """The image has nothing that builds or downloads."""
    for tool in printed.split():
        yield f"the image has {tool}"


def end_problems(name: str, inspection: Inspection) -> Iterator[str]:
    """The process ended by itself after its signal: exit code 0, and 137 means that it was killed."""
    state = inspection["State"]
    if (state["Status"], state["ExitCode"]) != ("exited", 0):
        yield f"{name} is {state['Status']} with exit code {state['ExitCode']} after its stop signal"


def _time(text: str) -> datetime:
    """Parse a time of Docker, which has nanoseconds."""
    return datetime.fromisoformat(f"{text[:19]}+00:00")
