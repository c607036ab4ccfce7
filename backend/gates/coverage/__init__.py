"""The gates of the session `coverage`, and the measurement that they read."""
