"""The gates of the session `architecture`: layers, imports, handlers, dependencies, structure, rules."""
