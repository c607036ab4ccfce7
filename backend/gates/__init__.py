"""The project's gates: functions over a project's root folder that return findings.

`python -m gates run SESSION` runs the gates that the rule book gives to a session; `all` follows
all sessions and sums up.
"""
