"""Where the time of a test run goes: seconds by test and by fixture, waiting apart from computing."""
