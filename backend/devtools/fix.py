"""`./noxw -s fix`: formats, applies the linter's repairs, and rewrites generated documents."""

import subprocess
import sys

RUFF_OPTIONS = ("--config", "pyproject.toml", "--no-respect-gitignore", ".", "../noxfile.py")
COMMANDS = (
    ("ruff", "check", "--fix-only", *RUFF_OPTIONS),
    ("ruff", "format", *RUFF_OPTIONS),
    ("gates", "table"),
    ("gates", "index"),
    ("devtools.settings_page",),
)


def main() -> int:
    """Run each program in backend/; return the exit code of the first that fails, or 0."""
    for module in COMMANDS:
        code = subprocess.run([sys.executable, "-m", *module], check=False).returncode
        if code:
            return code
    return 0


if __name__ == "__main__":
    sys.exit(main())
