"""Docker engines, the programs that sessions run on them, and images that stand in for official ones."""
