"""Folders of a checkout that hold no sources."""

NO_SOURCES = {
    ".git",
    ".hypothesis",
    ".import_linter_cache",
    ".mail",
    ".mypy_cache",
    ".noxw",
    ".postgres",
    ".ruff_cache",
    ".venv",
    "__pycache__",
    "reports",
}
"""Their content is generated, so no change of sources contains it."""
