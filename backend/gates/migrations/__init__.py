"""The gates of the session `migrations`: order, code, drift and reversibility of Alembic revisions."""
