"""Gates that passed, and do not run again until something that they depend on changes.

`registry` declares the inputs of each gate. Their digest names a file beside the results of tests, so all
checkouts of a machine share it, and the variable that disables those results disables these.
"""

import hashlib
import json
import os
import threading
import time
from dataclasses import replace
from pathlib import Path

from gates.model import GateError, Outcome, Project
from gates.registry import Inputs, LazyGate
from gates.repo.environment import for_tests
from gates.repo.files import files, ignored, modes
from gates.repo.git import BASE_VARIABLE, merge_base
from gates.report.events import FOLDER_VARIABLE
from gates.rulebook import PATH
from gates.testing.result_cache.dependencies import Dependencies
from gates.testing.result_cache.selection import ago, context_of
from gates.testing.result_cache.store import cache_folder

FOLDER = "gates"
MAX_RESULTS = 2000
"""Files in the folder, from which on the older half is deleted."""
SERVER_VARIABLE = "DATABASE_URL"
STAMPS = (".audit/stamp", ".docs/stamp")
"""Environments that exist only after certain sessions."""

FileState = dict[str, tuple[int, int, int]]


def run_unless_unchanged(project: Project, name: str, gate: LazyGate) -> Outcome:
    """Run a gate, or return its result if it passed with the same inputs. Only passed gates are remembered.

    Gates with arguments, such as `--whole`, and those of the commit hook always run.
    """
    folder = cache_folder()
    if folder is None or gate.inputs is None or project.arguments or project.staged:
        return gate(project)
    if gate.inputs.server and os.environ.get(SERVER_VARIABLE):  # its version and settings are not known
        return gate(project)
    try:
        before = project.memoize("state of files", lambda: _state_of_files(project))
        inputs = digest_of_inputs(project, name, gate)
    except GateError:  # the gate says why
        return gate(project)
    known = _read(folder / FOLDER / f"{_key(project, inputs, gate.inputs)}.json")
    if known:
        return known
    outcome = gate(project)
    if outcome.status == "passed" and _state_of_files(project) == before:
        _write(folder / FOLDER / f"{_key(project, inputs, gate.inputs)}.json", outcome)
    return outcome


def digest_of_inputs(project: Project, name: str, gate: LazyGate) -> str:
    """Return a digest of all that a gate depends on, except files that it writes. Raises GateError."""
    dependencies = project.memoize("dependencies", lambda: Dependencies(Project(root=project.root)))
    environment = for_tests(BASE_VARIABLE, FOLDER_VARIABLE)
    context = project.memoize("context of gates", lambda: context_of(dependencies, environment))
    code, others = paths_of_inputs(dependencies, gate)
    parts = [name, context]
    parts += [f"{path} {dependencies.code_digest(path)}" for path in code]
    parts += [f"{path} {dependencies.contents.get(path)}" for path in others]
    if gate.inputs and gate.inputs.base:
        base = merge_base(project)
        parts += [base.commit, base.how]
    if gate.inputs and gate.inputs.everything:
        parts += project.memoize("traits of files", lambda: _traits_of_files(project))
    return _digest(*parts)


def paths_of_inputs(dependencies: Dependencies, gate: LazyGate) -> tuple[list[str], list[str]]:
    """Return the files whose code a gate depends on, with all that they import, and those with any content.

    Raises GateError when the checkout does not have the gate's own code.
    """
    inputs = gate.inputs or Inputs()
    own = dependencies.path_of(gate.path.partition(":")[0])
    if own is None:
        raise GateError(f"The checkout does not have the code of the gate {gate.path}.")
    named = files(dependencies.project, *inputs.code) if inputs.code else []
    code = {path for name in (own, *named) for path in {name, *dependencies.closure(name)}}
    others = dependencies.contents if inputs.everything else files(dependencies.project, PATH, *inputs.files)
    return sorted(code), sorted(others)


def _traits_of_files(project: Project) -> list[str]:
    """Return what git knows about files, ignored code, and which environments exist."""
    tracked = [f"{name} {mode}" for name, mode in sorted(modes(project).items())]
    hidden = [f"{name} {_content(project.root / name)}" for name in ignored(project, "backend/*.py")]
    return [*tracked, *hidden, *(f"{name} {_content(project.root / name)}" for name in STAMPS)]


def _state_of_files(project: Project) -> FileState:
    """Return what shows that a file was edited, for each file as it is now."""
    names = files(Project(root=project.root))
    stats = {name: (project.root / name).lstat() for name in names}
    return {name: (stat.st_mtime_ns, stat.st_size, stat.st_ino) for name, stat in stats.items()}


def _key(project: Project, digest: str, inputs: Inputs) -> str:
    """Return the name of the result. Files that the gate wrote belong to it: others may replace them."""
    return _digest(digest, *(_content(project.reports / name) for name in inputs.outputs))


def _read(path: Path) -> Outcome | None:
    """Return the outcome in a file, None when the file is missing or damaged."""
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        outcome = Outcome(**content["outcome"], is_unchanged=True)
        passed_at = float(content["passed_at"])
        if content["checksum"] != _checksum(path, outcome, passed_at):
            return None
    except (OSError, ValueError, LookupError, TypeError):
        return None
    unchanged = f"unchanged since it passed ({ago(passed_at)})"
    return replace(outcome, note=f"{outcome.note}; {unchanged}" if outcome.note else unchanged)


def _write(path: Path, outcome: Outcome) -> None:
    """Store an outcome atomically. Results are optional, so an unwritable folder is not an error."""
    passed_at = time.time()
    content = {
        "outcome": {"checked": outcome.checked, "note": outcome.note},
        "passed_at": passed_at,
        "checksum": _checksum(path, outcome, passed_at),
    }
    unfinished = path.with_suffix(f".{os.getpid()}-{threading.get_ident()}")
    try:
        path.parent.mkdir(exist_ok=True)
        unfinished.write_text(json.dumps(content), encoding="utf-8")
        unfinished.replace(path)
        _limit(path.parent)
    except OSError:
        return


def _limit(folder: Path) -> None:
    results = [*folder.glob("*.json")]
    if len(results) > MAX_RESULTS:
        results.sort(key=lambda path: path.stat().st_mtime)
        for path in results[: MAX_RESULTS // 2]:
            path.unlink(missing_ok=True)


def _checksum(path: Path, outcome: Outcome, passed_at: float) -> str:
    return _digest(path.stem, str(outcome.checked), outcome.note, repr(passed_at))


def _content(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else "absent"


def _digest(*parts: str) -> str:
    text = "\0".join(parts)
    return hashlib.sha256(text.encode("utf-8", "surrogateescape")).hexdigest()
