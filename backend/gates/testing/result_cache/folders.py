"""Folders of a checkout that hold no sources."""

NO_SOURCES = {".git", ".hypothesis", ".mail", ".noxw", ".postgres", ".venv", "__pycache__", "reports"}
"""Their content is generated, so no change of sources contains it."""
