"""Proof of the remembered test results: tests that memory leaves out would not have found a mutant.

For a sample of mutants the tests that memory would select for such an edit are compared with all tests.
Decision 76 has the method, and docs/soundness.md the figures.
"""
