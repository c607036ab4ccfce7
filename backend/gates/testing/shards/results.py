"""What a shard leaves for the one that combines: its observations, and what it ran on."""

import json
import shutil
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

from gates.coverage.data import snapshot
from gates.model import Project
from gates.testing.durations.summary import DURATIONS_FILE
from gates.testing.result_cache.runs import CachedRun
from gates.testing.shards.assignment import Shard

FOLDER = "shard"
"""The folder in reports/ that a shard leaves."""
FILE = "shard.json"
RECORDS = "observed"


@dataclass(frozen=True, kw_only=True)
class ShardResults:
    """The results of a shard: of all tests, or of the selected ones that have no valid result.

    `context` and `contents` identify the environment and the files on which it ran.
    """

    number: int
    count: int
    passed: bool
    context: str
    contents: Mapping[str, str]

    @classmethod
    def read(cls, folder: Path) -> "ShardResults":
        """Read what a shard left in a folder. Raises OSError, ValueError or TypeError."""
        return cls(**json.loads((folder / FILE).read_text(encoding="utf-8")))


def shard_options(project: Project, shard: Shard, seconds: Path) -> list[str]:
    """Return pytest's options for a shard, and delete what an earlier one left."""
    shutil.rmtree(project.reports / FOLDER, ignore_errors=True)
    (project.reports / DURATIONS_FILE).unlink(missing_ok=True)
    return ["-p", "gates.testing.shards.plugin", f"--shard={shard}", f"--shard-seconds={seconds}"]


def write_shard(cached: CachedRun, shard: Shard, *, passed: bool) -> None:
    """Write the results of the run that has ended."""
    folder = cached.project.reports / FOLDER
    folder.mkdir(parents=True, exist_ok=True)
    results = ShardResults(
        number=shard.number,
        count=shard.count,
        passed=passed,
        context=cached.context,
        contents=snapshot(cached.project),
    )
    (folder / FILE).write_text(json.dumps(asdict(results)), encoding="utf-8")
    durations = cached.project.reports / DURATIONS_FILE
    if durations.exists():
        shutil.copy2(durations, folder)
    if cached.records.exists():
        shutil.copytree(cached.records, folder / RECORDS)
