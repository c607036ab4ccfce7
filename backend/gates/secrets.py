"""R15: detect-secrets over every file that git tracks or would track.

Its allow-list comments are switched off: what is no secret is declared in [[exclusions]] and reviewed there.
Files are scanned again only when they change; what was found, never the text, is kept in reports/.
"""

import json
import os
import re
import sys
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from pathlib import Path

from detect_secrets.__version__ import VERSION
from detect_secrets.core.scan import scan_file
from detect_secrets.plugins.base import BasePlugin, RegexBasedDetector
from detect_secrets.plugins.keyword import DENYLIST_REGEX, KeywordDetector
from detect_secrets.settings import default_settings, get_plugins

from gates.exclusions import Exclusion, applies, declared, unused
from gates.memory import remembered_together
from gates.model import Finding, GateError, Outcome, Project
from gates.programs import MODULE, run
from gates.sources import files

TRUSTING_FILTERS = (
    "detect_secrets.filters.allowlist.is_line_allowlisted",
    "detect_secrets.filters.heuristic.is_lock_file",
    "detect_secrets.filters.heuristic.is_non_text_file",
    "detect_secrets.filters.heuristic.is_swagger_file",
)
PLAIN_LINES = "gates.secrets.is_plain"
BACKEND = Path(__file__).parents[1]
MANY = 40  # files, for which starting processes pays
ALL = "all"

Hits = list[tuple[int, str]]
"""Line and kind of each thing that looks like a secret."""


def check(project: Project) -> Outcome:
    """Nothing in the tree looks like a secret, but for what is declared."""
    allowed = declared(project, "secrets")
    used: set[Exclusion] = set()
    findings = []
    names = [name for name in files(project) if not (project.root / name).is_symlink()]
    skipped = {e: [n for n in names if applies(e, n)] for e in allowed if e.rule == ALL}
    used |= {exclusion for exclusion, matches in skipped.items() if matches}
    scanned = [name for name in names if not any(name in matches for matches in skipped.values())]
    for name, line, kind in _hits(project, scanned):
        reasons = {e for e in allowed if e.rule == kind and applies(e, name)}
        used |= reasons
        if not reasons:
            fix = "take it out and replace it where it is in use; if it is none, declare it in [[exclusions]]"
            findings.append(Finding(file=name, line=line, message=f"looks like a secret: {kind}", fix=fix))
    findings += [unused(project, exclusion) for exclusion in sorted(allowed - used)]
    return Outcome(findings=findings, checked=len(scanned), note=f"{len(scanned)} files")


def _hits(project: Project, names: list[str]) -> Iterator[tuple[str, int, str]]:
    for name, hits in remembered_together(project, names, _scan, _scan_all, VERSION).items():
        yield from ((name, line, kind) for line, kind in hits)


def _scan_all(project: Project, names: Sequence[str]) -> list[Hits]:
    """Scan files, many of them in several processes: the first scan of a clone takes seconds."""
    if len(names) < MANY:
        return _scan_here(project, names)
    count = os.cpu_count() or 1
    with ThreadPoolExecutor(count) as pool:
        shares = [names[number::count] for number in range(count)]
        parts = list(pool.map(lambda share: _scan_apart(project, share), shares))
    return [parts[number % count][number // count] for number in range(len(names))]


def _scan_apart(project: Project, names: Sequence[str]) -> list[Hits]:
    result = run(BACKEND, *MODULE, "gates.secrets", str(project.root), given=json.dumps(names))
    if result.returncode:
        raise GateError(f"detect-secrets could not scan: {result.stderr.strip().splitlines()[-1]}")
    return [[(line, kind) for line, kind in hits] for hits in json.loads(result.stdout)]


def _scan_here(project: Project, names: Sequence[str]) -> list[Hits]:
    with default_settings() as settings:
        first_to_last = [PLAIN_LINES, *settings.filters]
        settings.configure_filters([{"path": path} for path in first_to_last])
        settings.disable_filters(*TRUSTING_FILTERS)
        return [_scan(project, name) for name in names]


def _scan(project: Project, name: str) -> Hits:
    path = project.root / name
    try:
        path.read_text(encoding="utf-8")
    except UnicodeDecodeError:
        return [(0, "a file that is no text and cannot be searched")]
    return sorted((secret.line_number, secret.type) for secret in scan_file(str(path)))


def is_plain(line: str) -> bool:
    """A filter of detect-secrets: skip the line because no plugin can find anything in it.

    It makes scans fast and changes no result. Without it, detect-secrets inspects the parameters of every
    plugin for every line, which takes longer than the search, and applies slow filters to harmless lines too.
    """
    return _is_plain(line)


@cache
def _is_plain(line: str) -> bool:
    """Remembered because half of all lines repeat. Only the keyword plugin uses the name of the file."""
    patterns, plugins = _detectors()
    if any(pattern.search(line) for pattern in patterns):
        return False
    return not any(plugin.analyze_line(filename="", line=line) for plugin in plugins)


@cache
def _detectors() -> tuple[list[re.Pattern[str]], list[BasePlugin]]:
    """Return the patterns without which most plugins find nothing, and the other plugins."""
    patterns = [re.compile(DENYLIST_REGEX, re.IGNORECASE)]
    plugins = []
    for plugin in get_plugins():
        if type(plugin).analyze_string is RegexBasedDetector.analyze_string:
            patterns += plugin.denylist
        elif not isinstance(plugin, KeywordDetector):
            plugins.append(plugin)
    return patterns, plugins


if __name__ == "__main__":
    print(json.dumps(_scan_here(Project(root=Path(sys.argv[1])), json.load(sys.stdin))))
