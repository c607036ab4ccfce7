"""Measures the service against its parts: the same answers, given by as little code as possible.

A time on one machine says little. So each benchmark runs the application and a rival in turns, in the same
minute on the same cores, and states the ratio. Benchmarks are not tests: no gate depends on a time.
"""
