"""Tools for development, which are never shipped."""
