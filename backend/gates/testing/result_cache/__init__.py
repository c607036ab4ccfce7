"""Test results that stay valid until something that the test depends on changes.

`plugin` runs in pytest and observes what each test depends on. `units` divides a source file into parts that
change apart from each other, `dependencies` says what a part is now, `store` keeps results with their
coverage, and `selection` says which tests have to run. Decision 53 has the reasons.
"""
