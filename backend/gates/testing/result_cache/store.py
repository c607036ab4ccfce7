"""The results of tests in a SQLite file, which all checkouts of a machine share.

A share is a unit with its digest and its probes that ran. A result is the name of a test, the context in
which it passed, and its shares. It is valid while each of their units has the same digest.
"""

import hashlib
import json
import os
import sqlite3
import time
import zlib
from array import array
from collections.abc import Iterable, Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

FOLDER_VARIABLE = "PAU2_RESULT_CACHE"
OFF = "off"
"""The value of the variable that disables the cache."""
FILE = "results-2.sqlite"  # the number is the version of the tables
KEPT_OF_A_TEST = 8
MAX_BYTES = 400 << 20
WAIT_SECONDS = 60
READ = "BEGIN"
WRITE = "BEGIN IMMEDIATE"
"""Statements that begin a transaction. Readers never wait; a writer waits for other writers."""
TABLES = """
CREATE TABLE IF NOT EXISTS share (
  id INTEGER PRIMARY KEY, unit TEXT NOT NULL, digest TEXT NOT NULL, hits BLOB NOT NULL,
  UNIQUE (unit, digest, hits)
);
CREATE TABLE IF NOT EXISTS result (
  id INTEGER PRIMARY KEY, context TEXT NOT NULL, test TEXT NOT NULL, shares BLOB NOT NULL,
  seconds REAL NOT NULL, passed_at REAL NOT NULL, tests TEXT NOT NULL, checksum TEXT NOT NULL
);
CREATE INDEX IF NOT EXISTS result_of ON result (context, test);
"""

Share = tuple[str, str, bytes]
"""A unit, its digest, and one bit for each of its probes: 1 if the probe ran."""


@dataclass(frozen=True, kw_only=True)
class Result:
    """A test that passed, or a collected file with its `tests`. `passed_at` is only displayed."""

    test: str
    shares: frozenset[Share]
    seconds: float = 0.0
    passed_at: float = field(default_factory=time.time)
    tests: tuple[str, ...] = ()


def cache_folder() -> Path | None:
    """Return the folder for results: by default in the user's cache folder.

    None disables the cache: in CI, when the variable is "off", and where the folder cannot be created.
    """
    chosen = os.environ.get(FOLDER_VARIABLE) or (OFF if os.environ.get("CI") else "")
    if chosen == OFF:
        return None
    try:
        folder = Path(chosen or _caches_of_user() / "pau2/test-results").absolute()
        folder.mkdir(parents=True, exist_ok=True)
    except (OSError, RuntimeError):  # RuntimeError: the user has no home folder
        return None
    return folder if os.access(folder, os.W_OK) else None


def _caches_of_user() -> Path:
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")


@dataclass(frozen=True)
class Store:
    """The file in a folder."""

    folder: Path

    def save(self, context: str, results: Iterable[Result]) -> None:
        """Store results. Only the newest few of each test stay."""
        with self._connection(WRITE) as database:
            known = {share: number for number, share in _shares(database)}
            digests: dict[int, bytes] = {}
            for result in results:
                numbered = {_number(database, share, known): share for share in result.shares}
                numbers = array("I", sorted(numbered))
                digests |= {number: _digest(numbered[number]) for number in numbered.keys() - digests.keys()}
                shares = zlib.compress(numbers.tobytes())
                tests = json.dumps(result.tests)
                row = (context, result.test, shares, result.seconds, result.passed_at, tests)
                database.execute("DELETE FROM result WHERE context = ? AND test = ? AND shares = ?", row[:3])
                database.execute(
                    "INSERT INTO result (context, test, shares, seconds, passed_at, tests, checksum)"
                    " VALUES (?, ?, ?, ?, ?, ?, ?)",
                    (*row, _checksum(context, result, map(digests.__getitem__, numbers))),
                )
                database.execute(
                    "DELETE FROM result WHERE context = ? AND test = ? AND id NOT IN"
                    " (SELECT id FROM result WHERE context = ? AND test = ? ORDER BY id DESC LIMIT ?)",
                    (*row[:2], *row[:2], KEPT_OF_A_TEST),
                )
            _limit(database)

    def load(self, context: str, current: Mapping[str, str | None]) -> dict[str, Result]:
        """Return the results whose units all have the digests in `current`, except damaged results."""
        if not self._path.exists():
            return {}
        with self._connection(READ) as database:
            shares = {n: share for n, share in _shares(database) if current[share[0]] == share[1]}
            digests = {number: _digest(share) for number, share in shares.items()}
            valid = frozenset(shares)
            rows = database.execute(
                "SELECT test, shares, seconds, passed_at, tests, checksum FROM result WHERE context = ?"
                " ORDER BY id",
                (context,),
            )
            found: dict[str, Result] = {}
            for test, packed, seconds, passed_at, tests, checksum in rows:
                numbers = array("I", zlib.decompress(packed))
                if valid.issuperset(numbers):
                    held = frozenset(map(shares.__getitem__, numbers))
                    result = Result(
                        test=test,
                        shares=held,
                        seconds=seconds,
                        passed_at=passed_at,
                        tests=tuple(json.loads(tests)),
                    )
                    if _checksum(context, result, map(digests.__getitem__, numbers)) == checksum:
                        found[test] = result
            return found

    def sizes(self, context: str) -> dict[str, int]:
        """Return the number of units that each test depended on when it last passed."""
        if not self._path.exists():
            return {}
        with self._connection(READ) as database:
            rows = database.execute(
                "SELECT test, shares FROM result WHERE context = ? ORDER BY id", [context]
            )
            return {test: len(array("I", zlib.decompress(packed))) for test, packed in rows}

    @property
    def _path(self) -> Path:
        return self.folder / FILE

    @contextmanager
    def _connection(self, begin: str) -> Iterator[sqlite3.Connection]:
        self.folder.mkdir(parents=True, exist_ok=True)
        with closing(sqlite3.connect(self._path, timeout=WAIT_SECONDS)) as database:
            database.execute("PRAGMA journal_mode = WAL")
            database.executescript(TABLES)
            with database:
                database.execute(begin)
                yield database


def _shares(database: sqlite3.Connection) -> Iterator[tuple[int, Share]]:
    for number, unit, digest, hits in database.execute("SELECT id, unit, digest, hits FROM share"):
        yield number, (unit, digest, hits)


def _number(database: sqlite3.Connection, share: Share, known: dict[Share, int]) -> int:
    if share not in known:
        cursor = database.execute("INSERT INTO share (unit, digest, hits) VALUES (?, ?, ?)", share)
        known[share] = cursor.lastrowid or 0
    return known[share]


def _checksum(context: str, result: Result, digests: Iterable[bytes]) -> str:
    """Return a digest of a result and of its shares, whose digests are in the order of their numbers."""
    head = repr((context, result.test, result.seconds, result.tests)).encode()
    return hashlib.sha256(head + b"".join(digests)).hexdigest()


def _digest(share: Share) -> bytes:
    return hashlib.sha256(repr(share).encode()).digest()[:16]


def _limit(database: sqlite3.Connection) -> None:
    """Delete the older half of the results, and unused shares, when the file is full.

    The file keeps its size; later results fill the free pages.
    """
    if _used_bytes(database) <= MAX_BYTES:
        return
    database.execute("DELETE FROM result WHERE id <= (SELECT (min(id) + max(id)) / 2 FROM result)")
    rows = database.execute("SELECT shares FROM result")
    used = {number for (packed,) in rows for number in array("I", zlib.decompress(packed))}
    unused = [(number,) for number, _ in _shares(database) if number not in used]
    database.executemany("DELETE FROM share WHERE id = ?", unused)


def _used_bytes(database: sqlite3.Connection) -> int:
    pages, free, size = (
        database.execute(f"PRAGMA {name}").fetchone()[0]
        for name in ("page_count", "freelist_count", "page_size")
    )
    return int((pages - free) * size)
