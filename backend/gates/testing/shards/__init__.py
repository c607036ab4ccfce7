"""Runs of the tests on several machines: each runs a shard, and one combines what they leave."""
