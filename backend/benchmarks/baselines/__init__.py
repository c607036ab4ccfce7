"""Servers to compare the application with. They send the same bytes for the same request."""
