"""The servers that the application is compared with. They give the same bytes for the same request."""
