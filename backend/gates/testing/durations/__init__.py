"""The time of a test run: seconds by test and by fixture, waiting apart from computing."""
