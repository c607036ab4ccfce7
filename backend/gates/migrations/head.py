"""The gate `migration-head`: one chain of revisions, also after the merge."""

import re
from collections.abc import Iterator, Sequence
from datetime import date
from pathlib import PurePosixPath

from gates.migrations.revisions import FOLDER, Revision, files_at, load_revisions
from gates.model import Finding, Outcome, Project
from gates.repo.git import content_at, merge_base, target

FILE_NAME = re.compile(r"(?P<date>\d{4}-\d\d-\d\d)_[a-z0-9]+(_[a-z0-9]+)*\.py")


def check(project: Project) -> Outcome:
    """R10: one chain of revisions with dates and words as file names.

    Why: Two branches that each add a revision leave two heads, and `migrate` fails after the merge.
    Refuses: Two revisions with the same parent or id, missing parents, branches, labels, other file names.
    Instead: Set `down_revision` of the newer revision to the id of the head.
    Exceptions: None.
    """
    revisions = load_revisions(project)
    findings = [finding for revision in revisions for finding in _misnamed(revision)]
    findings += _forks(revisions, "")
    if not findings:
        name, added = _added_by_target(project, revisions)
        findings += _forks([*added, *revisions], f" once {name} is merged")
    return Outcome(findings=findings, checked=len(revisions), note=f"{len(revisions)} revisions, one head")


def _added_by_target(project: Project, revisions: Sequence[Revision]) -> tuple[str, list[Revision]]:
    """Return the name of the target branch, and the revisions that it gained since the merge base."""
    name, commit = target(project)
    known = {revision.file for revision in revisions} | set(files_at(project, merge_base(project).commit))
    added = [file for file in files_at(project, commit) if file not in known and file.endswith(".py")]
    return name, [Revision(file, content_at(project, commit, file) or "") for file in added]


def _misnamed(revision: Revision) -> Iterator[Finding]:
    path = PurePosixPath(revision.file)
    match = FILE_NAME.fullmatch(path.name)
    if match is None or not _is_date(match["date"]) or path.parent.as_posix() != FOLDER:
        message = f"a revision is a file {FOLDER}/YYYY-MM-DD_slug.py, so that they read as a history"
        fix = 'rename it; ./noxw -s revision -- "what it does" chooses the name'
        yield Finding(file=revision.file, message=message, fix=fix)
    for name in ("branch_labels", "depends_on"):
        if revision.names.get(name) is not None:
            yield _finding(revision, name, f"{name} makes more than one history", f"set {name} = None")
    if re.fullmatch(r"\w+", revision.id) is None:
        yield _finding(
            revision, "revision", "a revision needs an id, a plain string", "set revision to an id, a string"
        )
    if str(revision.down).startswith(("(", "[")):
        yield _finding(
            revision,
            "down_revision",
            "a revision follows exactly one other: the history has no branches, so it needs no merges",
            "set down_revision to the id of the revision before it",
        )


def _forks(revisions: Sequence[Revision], when: str) -> Iterator[Finding]:
    """Yield a finding for each break of the chain. Of two heads it names the one that is listed later."""
    ids: dict[str, Revision] = {}
    following: dict[str | None, Revision] = {}
    for revision in revisions:
        if revision.id in ids:
            other = PurePosixPath(ids[revision.id].file).name
            message = f"the id {revision.id!r} is also that of {other}{when}"
            yield _finding(revision, "revision", message, "give the newer one another id")
        ids[revision.id] = revision
        if revision.down in following:
            first = following[revision.down]
            yield _finding(
                revision,
                "down_revision",
                f"there are two heads{when}: {PurePosixPath(first.file).name} follows {revision.down!r} too",
                f"set down_revision = {first.id!r}, or the id of what follows that",
            )
        following[revision.down] = revision
    for revision in revisions:
        if revision.down not in {None, *ids} or revision.down == revision.id:
            message = f"it follows {revision.down!r}, which no file has as its id{when}"
            yield _finding(revision, "down_revision", message, "set it to the id of the head")
    if revisions and None not in following:
        yield Finding(
            file=FOLDER, message="no revision is the first", fix="set down_revision = None in the first one"
        )


def _finding(revision: Revision, name: str, message: str, fix: str) -> Finding:
    lines = revision.source.splitlines()
    line = next((number for number, text in enumerate(lines, 1) if text.startswith(name)), 0)
    return Finding(file=revision.file, line=line, message=message, fix=fix)


def _is_date(text: str) -> bool:
    try:
        return bool(date.fromisoformat(text))
    except ValueError:
        return False
