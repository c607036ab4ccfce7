"""The tasks. `./noxw -l` lists them, `./noxw -s NAME` runs one, `./noxw` runs every gate.

All sessions share `.venv`, installed from the lock; `.agent/rules/techstack-backend.md` says what each runs.
"""

import hashlib
import shutil
import sys
from pathlib import Path

import nox

ROOT = Path(__file__).parent
BACKEND = ROOT / "backend"
VENV = ROOT / ".venv"
PYTHON = str(VENV / "bin/python")
LOCK = BACKEND / "requirements/dev.txt"
MACHINE = (sys.version, sys.platform, sys.base_prefix)

nox.needs_version = ">=2026.8.10"
nox.options.default_venv_backend = "none"
nox.options.sessions = ["lint", "typecheck", "architecture", "contract", "migrations", "tests", "coverage"]


def uv(session: nox.Session, *arguments: str) -> None:
    """Run the uv that noxw installed, in backend/, because uv searches for settings from there upwards."""
    with session.chdir(BACKEND):
        session.run(sys.executable, "-m", "uv", *arguments, "--quiet", external=True, silent=True)


def python(session: nox.Session, *arguments: str, program: str = PYTHON, **options: object) -> None:
    """Run the shared environment's Python in backend/. It caches bytecode, or every start takes seconds."""
    environment = {"PYTHONDONTWRITEBYTECODE": ""}
    with session.chdir(BACKEND):
        session.run(program, *arguments, external=True, env=environment, **options)


def stamp_of(lock: Path) -> str:
    """Return the fingerprint of an environment that this Python installs from a lock."""
    return hashlib.sha256(lock.read_bytes() + repr(MACHINE).encode()).hexdigest()


def gates(session: nox.Session) -> None:
    """Run the gates that the rule book lists for this session."""
    timeouts = {"interrupt_timeout": 5, "terminate_timeout": 5}
    python(session, "-m", "gates", "run", session.name, *session.posargs, **timeouts)


@nox.session(allow_parallel=False, default=False)
def env(session: nox.Session, venv: Path = VENV, lock: Path = LOCK) -> None:
    """Install .venv from the lock. Every session does so after the lock has changed."""
    stamp = venv / "stamp"
    fingerprint = stamp_of(lock)
    if stamp.exists() and stamp.read_text() == fingerprint and (venv / "bin/python").exists():
        return
    session.log(f"installing {venv.name} (once per lock)")
    stamp.unlink(missing_ok=True)
    if not (venv / "bin/python").exists() or not (venv / "pyvenv.cfg").exists():
        shutil.rmtree(venv, ignore_errors=True)
    uv(session, "venv", "--allow-existing", "--python", sys.executable, str(venv))
    options = ["--require-hashes", "--only-binary", ":all:", "--compile-bytecode"]
    uv(session, "pip", "sync", "--python", str(venv), *options, str(lock))
    stamp.write_text(fingerprint)


@nox.session(allow_parallel=False, default=False)
def audit_env(session: nox.Session) -> None:
    """Install .audit, the tools of the session audit, from their own lock."""
    env(session, ROOT / ".audit", LOCK.with_name("audit.txt"))


@nox.session(allow_parallel=False, default=False)
def docs_env(session: nox.Session) -> None:
    """Install .docs, the site generator of the session docs, from its own lock."""
    env(session, ROOT / ".docs", LOCK.with_name("docs.txt"))


@nox.session(requires=["env"], default=False)
def dev(session: nox.Session) -> None:
    """Run the product: PostgreSQL, migrations, demo data, worker, API with reload (--port N)."""
    python(session, "-m", "devtools.dev", *session.posargs, interrupt_timeout=15, terminate_timeout=15)


@nox.session(default=False)
def doctor(session: nox.Session) -> None:
    """Diagnose this checkout and machine, and print the commands that repair them (-- --fix runs them)."""
    python(session, "-m", "devtools.doctor", stamp_of(LOCK), *session.posargs, program=sys.executable)


@nox.session(requires=["env"], default=False)
def fix(session: nox.Session) -> None:
    """Format, apply the linter's repairs, rewrite the rule book's table and docs/settings.md."""
    python(session, "-m", "devtools.fix")


@nox.session(requires=["env"], default=False)
def quick(session: nox.Session) -> None:
    """Inner loop: lint, and the tests that the change affects, without coverage."""
    gates(session)


@nox.session(requires=["env"], allow_parallel=True)
def lint(session: nox.Session) -> None:
    """Gates: format, lint rules, secrets, workflow and container files."""
    gates(session)


@nox.session(requires=["env"], allow_parallel=True)
def typecheck(session: nox.Session) -> None:
    """Gate: mypy strict over application, gates, tools and tests."""
    gates(session)


@nox.session(requires=["env"], allow_parallel=True)
def architecture(session: nox.Session) -> None:
    """Gates: layers, imports, handlers, structure, stack, change control."""
    gates(session)


@nox.session(requires=["env"], allow_parallel=True)
def contract(session: nox.Session) -> None:
    """Gates: OpenAPI snapshot, breaking changes, routes bound to schema and policy."""
    gates(session)


@nox.session(requires=["env"], allow_parallel=True)
def migrations(session: nox.Session) -> None:
    """Gates: one head, models match, every revision reversible, new SQL safe."""
    gates(session)


@nox.session(requires=["env"], allow_parallel=True)
def tests(session: nox.Session) -> None:
    """Gate: the tests, in parallel, with line and branch coverage (-- goes to pytest)."""
    gates(session)


@nox.session(requires=["env", "tests"], allow_parallel=True)
def coverage(session: nox.Session) -> None:
    """Gates: coverage of everything, critical modules and new code, never lower; mutants of the change."""
    gates(session)


@nox.session(requires=["env"], default=False)
def mutants(session: nox.Session) -> None:
    """On request: mutation tests of the change, or of modules (-- critical, -- app/domain/*)."""
    gates(session)


@nox.session(requires=["env"], default=False)
def soundness(session: nox.Session) -> None:
    """On request: prove that no change escapes the remembered results (-- --mutants 400; --help)."""
    python(session, "-m", "gates.soundness", *session.posargs, interrupt_timeout=15, terminate_timeout=5)


@nox.session(requires=["env", "audit_env"], default=False)
def audit(session: nox.Session) -> None:
    """On request: known vulnerabilities of new pins (-- all: of all pins), and a bill of materials."""
    gates(session)


@nox.session(requires=["env", "docs_env"], default=False)
def docs(session: nox.Session) -> None:
    """Build the documentation as a site in reports/docs/site (-- --serve shows it on 127.0.0.1)."""
    python(session, "-m", "devtools.docs_site", *session.posargs)


@nox.session(requires=["env"], default=False)
def bench(session: nox.Session) -> None:
    """On request: benchmarks of the service against baselines (-- news-list csv …)."""
    python(session, "-m", "benchmarks", *session.posargs)
    python(session, "-m", "gates", "page")


@nox.session(requires=["env"], default=False)
def faults(session: nox.Session) -> None:
    """On request: break a running service, compare promises with the database (-- killed-server …)."""
    try:
        python(session, "-m", "faults", *session.posargs, interrupt_timeout=60, terminate_timeout=5)
    finally:
        python(session, "-m", "gates", "page")


@nox.session(requires=["env"], default=False)
def pr(session: nox.Session) -> None:
    """Summarize the change for its reviewer, from the last runs (-- --run: run what is missing)."""
    python(session, "-m", "gates", "pr", *session.posargs, interrupt_timeout=5, terminate_timeout=5)


@nox.session(requires=["env"], default=False)
def entity(session: nox.Session) -> None:
    """Write an entity in all layers (-- tool_loan title:text200 owner:borrower …; --help)."""
    python(session, "-m", "scaffold", session.name, *session.posargs)


@nox.session(requires=["env"], default=False)
def field(session: nox.Session) -> None:
    """Write a field of an entity in all layers (-- news subtitle:text200?)."""
    python(session, "-m", "scaffold", session.name, *session.posargs)


@nox.session(requires=["env"], default=False)
def endpoint(session: nox.Session) -> None:
    """Write a verb of an entity and its route (-- news unpublish)."""
    python(session, "-m", "scaffold", session.name, *session.posargs)


@nox.session(requires=["env"], default=False)
def pgbouncer(session: nox.Session) -> None:
    """On request: tests behind PgBouncer in transaction mode (Debian: apt-get install pgbouncer)."""
    python(session, "-m", "devtools.pgbouncer")


@nox.session(requires=["env"], default=False)
def devcontainer(session: nox.Session) -> None:
    """On request: build the development container and work in it (-- --sessions lint; -- --help)."""
    python(
        session, "-m", "devtools.devcontainer", *session.posargs, interrupt_timeout=60, terminate_timeout=5
    )


@nox.session(requires=["env"], default=False)
def production(session: nox.Session) -> None:
    """On request: build the production image and operate the service (-- --help)."""
    python(session, "-m", "devtools.production", *session.posargs, interrupt_timeout=120, terminate_timeout=5)


@nox.session(requires=["env"], default=False)
def explain(session: nox.Session) -> None:
    """Say why a gate exists, what it refuses, and what to do instead (-- R04, -- handlers)."""
    python(session, "-m", "gates", "explain", *session.posargs)


@nox.session(requires=["env"], default=False)
def commit(session: nox.Session) -> None:
    """The commit hook: format, lint, secrets, structure, layers."""
    gates(session)


@nox.session(requires=["env"], default=False)
def push(session: nox.Session) -> None:
    """The push hook: types, unit tests, coverage of new code."""
    gates(session)


@nox.session(requires=["env"], default=False)
def hooks(session: nox.Session) -> None:
    """Install the git hooks."""
    python(session, "-m", "gates", "hooks")


@nox.session(requires=["env"], default=False)
def app(session: nox.Session) -> None:
    """Run a command of the application on the development database (-- migrate, seed, worker … reset)."""
    python(session, "-m", "devtools.application", *session.posargs, interrupt_timeout=30, terminate_timeout=5)


@nox.session(requires=["env"], default=False)
def openapi(session: nox.Session) -> None:
    """Regenerate the published contract, backend/openapi.json."""
    python(session, "-m", "gates", "openapi")


@nox.session(requires=["env"], default=False)
def revision(session: nox.Session) -> None:
    """Write a revision from the difference between models and revisions (-- SLUG)."""
    python(session, "-m", "devtools.revision", *session.posargs)


@nox.session(default=False)
def lock(session: nox.Session) -> None:
    """Pin requirements/*.in to versions and hashes (-- --upgrade for newer ones)."""
    options = ["--universal", "--python-version", "3.11", "--generate-hashes", "--no-header", "--no-annotate"]
    for name in ("nox", "audit", "docs", "runtime", "dev"):
        files = [f"requirements/{name}.in", "--output-file", f"requirements/{name}.txt"]
        if name == "dev":
            files += ["--constraints", "requirements/runtime.txt"]
        uv(session, "pip", "compile", *options, *session.posargs, *files)
