class DocsError(Exception):
    """The site cannot be built. The message says why, then what to do."""
