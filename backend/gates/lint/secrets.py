"""R15: no secrets in files that git tracks or would track.

Why: A secret in a commit stays in the history of every clone, and has to be replaced.
Refuses: Strings that detect-secrets takes for keys, tokens or passwords. Its own allow-list comments are
    ignored.
Instead: Read the value from a setting, or from a file in `/run/secrets`. Replace a real secret where it is
    used.
Exceptions: Declared in [[exclusions]] by path and kind, such as made-up passwords in tests.

Unchanged files are not scanned again. `reports/` keeps where something was found, never the text.
"""

import re
from collections.abc import Iterator
from functools import cache

from detect_secrets.__version__ import VERSION
from detect_secrets.core.scan import scan_file
from detect_secrets.plugins.base import BasePlugin, RegexBasedDetector
from detect_secrets.plugins.keyword import DENYLIST_REGEX, KeywordDetector
from detect_secrets.settings import default_settings, get_plugins

from gates.architecture.exclusions import Exclusion, applies, declared, unused
from gates.model import Finding, Outcome, Project
from gates.repo.cache import cached_per_file
from gates.repo.files import files, unproven

DISABLED_FILTERS = (
    "detect_secrets.filters.allowlist.is_line_allowlisted",
    "detect_secrets.filters.heuristic.is_lock_file",
    "detect_secrets.filters.heuristic.is_non_text_file",
    "detect_secrets.filters.heuristic.is_swagger_file",
)
HARMLESS_LINE_FILTER = "gates.lint.secrets.is_harmless"
ALL_RULES = "all"

Hits = list[tuple[int, str]]
"""Line and kind of each thing that looks like a secret."""


def check(project: Project) -> Outcome:
    """Refuse files with a string that looks like a secret, except declared ones."""
    allowed = declared(project, "secrets")
    used: set[Exclusion] = set()
    findings = []
    every = [name for name in files(project) if not (project.root / name).is_symlink()]
    names = sorted({*every} & {*unproven(project)})
    skipped = {e: [n for n in names if applies(e, n)] for e in allowed if e.rule == ALL_RULES}
    used |= {exclusion for exclusion, matches in skipped.items() if matches}
    scanned = [name for name in names if not any(name in matches for matches in skipped.values())]
    for name, line, kind in _hits(project, scanned):
        reasons = {e for e in allowed if e.rule == kind and applies(e, name)}
        used |= reasons
        if not reasons:
            fix = "remove it and replace the secret; if it is not one, declare it in [[exclusions]]"
            findings.append(Finding(file=name, line=line, message=f"looks like a secret: {kind}", fix=fix))
    if names == every:  # a part does not show that an exclusion is unused
        findings += [unused(project, exclusion) for exclusion in sorted(allowed - used)]
    return Outcome(findings=findings, checked=len(every), note=f"{len(scanned)} files")


def _hits(project: Project, names: list[str]) -> Iterator[tuple[str, int, str]]:
    with default_settings() as settings:
        first_to_last = [HARMLESS_LINE_FILTER, *settings.filters]
        settings.configure_filters([{"path": path} for path in first_to_last])
        settings.disable_filters(*DISABLED_FILTERS)
        for name, hits in cached_per_file(project, names, _scan, VERSION).items():
            yield from ((name, line, kind) for line, kind in hits)


def _scan(project: Project, name: str) -> Hits:
    path = project.root / name
    try:
        path.read_text(encoding="utf-8")
    except UnicodeDecodeError:
        return [(0, "a file that is not text and cannot be searched")]
    return sorted((secret.line_number, secret.type) for secret in scan_file(str(path)))


def is_harmless(line: str) -> bool:
    """A filter of detect-secrets: skip the line because no plugin can find anything in it.

    It makes scans fast and changes no result. Without it, detect-secrets inspects the parameters of every
    plugin for every line, which takes longer than the search, and applies slow filters to harmless lines too.
    """
    return _is_harmless(line)


@cache
def _is_harmless(line: str) -> bool:
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
