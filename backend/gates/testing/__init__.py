"""The gates that run tests: of the sessions `tests`, `quick` and `push`."""
