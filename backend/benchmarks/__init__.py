"""Benchmarks of the service against baselines: servers that send the same responses with little code.

A duration depends on the machine. So each benchmark runs the application and a baseline alternately, in the
same minute and on the same cores, and reports the ratio. No gate depends on a duration.
"""
