"""Progress and results of a run, on a terminal, in a log, on GitHub and as a page."""
