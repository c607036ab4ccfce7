"""The error that ends a scaffold before it writes anything."""


class ScaffoldError(Exception):
    """The message says what is wrong, then what to type or to do."""
