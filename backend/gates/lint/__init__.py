"""The gates of the sessions `lint` and `typecheck`: ruff, mypy, secrets, workflow and container files."""
