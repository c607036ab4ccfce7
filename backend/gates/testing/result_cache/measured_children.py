"""The start of Python programs by tests, so that each observes itself and leaves a record."""

import json
import os
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any

from gates.testing.result_cache.children import OBSERVED, SEARCH_PATH, Child
from gates.testing.result_cache.observer import Observer

CODE = str(Path(__file__).resolve().parents[3])
"""The folder that a child imports this package from."""
CHILDREN = "children"
"""The folder of the records, beside those of the tests."""
SITE = "site"
"""The folder of the module that each Python program imports at its start."""
SETTINGS = "settings.json"
INITIALIZER = "__init__"
STARTER = """import sys

sys.path.insert(0, {code!r})
from gates.testing.result_cache.child_process import observe_this_process

sys.path.remove({code!r})
observe_this_process()
"""


@dataclass(frozen=True)
class Settings:
    """What a child measures: packages in the folder `backend`. `cache` is the folder for code with probes."""

    backend: str
    packages: Sequence[str]
    cache: str


@dataclass(frozen=True)
class Children:
    """Starts programs that leave their records in a folder."""

    observer: Observer
    folder: Path

    @classmethod
    def prepare(cls, observer: Observer, data: Path, settings: "Settings") -> "Children":
        """Write what children read at their start. Other processes of the run may do the same."""
        folder = data / CHILDREN
        (folder / SITE).mkdir(parents=True, exist_ok=True)
        _replace(folder / SITE / "sitecustomize.py", STARTER.format(code=CODE))
        _replace(folder / SETTINGS, json.dumps(vars(settings)))
        return cls(observer, folder)

    def measure(self) -> None:
        """Let each Python program that `subprocess` starts from now on observe itself."""
        start = subprocess.Popen.__init__
        numbers = count()

        def start_measured(process: subprocess.Popen[Any], *arguments: Any, **options: Any) -> None:
            child = Child(
                arguments[0] if arguments else options["args"], options.get("cwd"), options.get("env")
            )
            unmeasured = self.observer.units_of(child)
            environment = os.environ if child.environment is None else child.environment
            if len(arguments) > 1 or not unmeasured or not _is_python(child) or _is_observed(environment):
                start(process, *arguments, **options)
                return
            token = str(self.folder / f"{os.getpid()}-{next(numbers)}")
            self.observer.starts.add(token)
            start(process, *arguments, **options | {"env": self._environment(environment, token)})
            self.observer.note_child(f"{Path(token).name}.{process.pid}", unmeasured)

        setattr(subprocess.Popen, INITIALIZER, start_measured)

    def _environment(self, environment: Mapping[Any, Any], token: str) -> dict[Any, Any]:
        """Return the environment for a child that observes itself."""
        site = str(self.folder / SITE)
        search_path = [part for part in environment.get(SEARCH_PATH, "").split(os.pathsep) if part != site]
        path = os.pathsep.join([site, *search_path]).rstrip(os.pathsep)
        return {**environment, OBSERVED: token, SEARCH_PATH: path}


def _is_python(child: Child) -> bool:
    words = [child.command] if isinstance(child.command, str | bytes) else child.command
    return Path(os.fsdecode(words[0])).name.startswith("python")


def _is_observed(environment: Mapping[Any, Any]) -> bool:
    """Return whether another observer has already prepared an environment."""
    return environment.get(OBSERVED) != os.environ.get(OBSERVED)


def _replace(path: Path, text: str) -> None:
    unfinished = path.with_suffix(f".{os.getpid()}")
    unfinished.write_text(text, encoding="utf-8")
    unfinished.replace(path)
