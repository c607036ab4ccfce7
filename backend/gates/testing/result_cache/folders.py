"""Folders of a checkout that hold no sources."""

NO_SOURCES = {".git", ".hypothesis", ".mail", ".noxw", ".postgres", ".venv", "__pycache__", "reports"}
"""No change brings their content along: it is made from the rest."""
