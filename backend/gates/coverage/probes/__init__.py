"""Measures which lines and branches tests run, by code that is added to the measured modules on import.

A tracer is called for every line of every library. A probe is one assignment to a list, and only measured
modules have probes. So measuring costs almost nothing on every version of Python, in threads, coroutines and
greenlets alike. Lines and branches are those of coverage.py's own analysis of the source. The
result is in coverage.py's format: its reports and diff-cover read it as if its tracer had measured.
"""
