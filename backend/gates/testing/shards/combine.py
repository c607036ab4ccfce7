"""Remembers the results of all shards as if one run had had them.

What a shard leaves in `reports/shard` is expected in a folder of its own in `reports/shards`.
"""

import json
import shutil
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from gates.coverage.data import snapshot
from gates.model import Finding, GateError, Outcome, Project
from gates.testing.durations.history import add_durations
from gates.testing.durations.summary import DURATIONS_FILE
from gates.testing.result_cache.runs import CachedRun
from gates.testing.result_cache.selection import Selection
from gates.testing.result_cache.store import cache_folder
from gates.testing.shards.results import FILE, RECORDS, ShardResults

SHARDS = "shards"
"""The folder in reports/ with a folder of each shard."""
RUN_AGAIN = "run the shard again"
MAX_NAMES = 3


def combine(project: Project) -> Outcome:
    """Remember the results of the shards if each passed on this code, and no test ran in two of them."""
    folder = cache_folder()
    if folder is None:
        raise GateError("Results are not remembered here: name a folder in PAU2_RESULT_CACHE.")
    cached = CachedRun.of(project, folder)
    places = sorted(path.parent for path in (project.reports / SHARDS).glob(f"*/{FILE}"))
    try:
        shards = {place: ShardResults.read(place) for place in places}
    except (OSError, ValueError, TypeError) as error:
        raise GateError(f"The results of a shard cannot be read ({error}): {RUN_AGAIN}.") from None
    tests = Counter(test for place in places for test in _tests_in(place))
    findings = [*_problems(cached, [*shards.values()]), *_repeated(tests)]
    if not findings:
        _keep(cached, places)
    return Outcome(findings=findings, checked=len(places), note=f"{len(tests)} tests in {len(places)} shards")


def _problems(cached: CachedRun, shards: Sequence[ShardResults]) -> Iterator[Finding]:
    """Yield the reasons for which the shards are no run of all tests on this code."""
    counts = {shard.count for shard in shards}
    numbers = sorted(shard.number for shard in shards)
    if not shards or len(counts) > 1 or numbers != [*range(1, max(counts) + 1)]:
        found = ", ".join(f"{shard.number}/{shard.count}" for shard in shards) or "none"
        message = f"the shards are not complete: there are {found}"
        yield Finding(file="", message=message, fix="run each shard once: ./noxw -s tests -- --shard 1/4")
    contents = snapshot(cached.project)
    for shard in shards:
        name = f"shard {shard.number}/{shard.count}"
        if not shard.passed:
            yield Finding(file="", message=f"{name} failed", fix=f"see its own findings, and {RUN_AGAIN}")
        if changed := _changed(shard.contents, contents):
            yield Finding(file=changed, message=f"{name} ran on another content of this file", fix=RUN_AGAIN)
        elif shard.context != cached.context:
            message = f"{name} ran with other libraries, another Python, or other variables"
            yield Finding(file="", message=message, fix="run all shards in one environment")


def _changed(before: Mapping[str, str], now: Mapping[str, str]) -> str:
    """Return the first file whose content differs, "" when none does."""
    return min((name for name in before.keys() | now.keys() if before.get(name) != now.get(name)), default="")


def _repeated(tests: Counter[str]) -> Iterator[Finding]:
    names = sorted(test for test, count in tests.items() if count > 1)
    if names:
        message = f"{len(names)} tests ran in several shards: {', '.join(names[:MAX_NAMES])}"
        fix = "give all shards the same reports/test-seconds.json and the same remembered results"
        yield Finding(file="", message=message, fix=fix)


def _tests_in(place: Path) -> Iterator[str]:
    for path in (place / RECORDS).glob("*.json"):
        yield from json.loads(path.read_text(encoding="utf-8"))["tests"]


def _keep(cached: CachedRun, places: Sequence[Path]) -> None:
    """Remember the results and the seconds of all shards."""
    shutil.rmtree(cached.records, ignore_errors=True)
    cached.records.mkdir(parents=True)
    for number, place in enumerate(places):
        for path in (place / RECORDS).glob("*.json"):
            shutil.copy2(path, cached.records / f"{number}-{path.name}")
        if (place / DURATIONS_FILE).exists():
            shutil.copy2(place / DURATIONS_FILE, cached.project.reports)
            add_durations(cached.project)
    cached.keep(Selection({}, []))
