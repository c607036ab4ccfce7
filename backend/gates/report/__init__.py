"""The progress of a run: what gates tell while they run, and how a terminal or a log shows it."""
