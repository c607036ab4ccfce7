"""Fills the cache of `inspect` when it is imported, for forks that ask which module a file belongs to.

coverage.py does whenever it starts, and `inspect` then resolves the paths of all modules.
"""

import inspect

inspect.stack()
