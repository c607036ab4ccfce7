"""The parts of sample projects, one module each: files, and the tables of the rule book about them.

`SampleProject.build(folder, *MINIMAL)` makes a project of parts; `*COMPLETE` has all that a gate reads.
"""
