"""The facts about a change that its reviewer reads, for the page and for the summary of the change."""
