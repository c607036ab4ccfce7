"""`python -m app`."""

from app.main import cli

cli()
