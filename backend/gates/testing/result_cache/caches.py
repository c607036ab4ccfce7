"""The observation of cached functions, so that each test that uses a cached result depends on its code.

Only the first test that calls a function with `functools.cache` runs it; later tests get the stored result.
"""

import functools
from collections.abc import Callable
from typing import Any

import pytest

from gates.testing.result_cache.observer import Observer

Function = Callable[..., Any]
PREFIX = "cache "
"""The prefix of the keys for observations of cached functions."""


def observe_caches(observer: Observer, packages: tuple[str, ...], patch: pytest.MonkeyPatch) -> None:
    """Observe cached functions that are defined in one of the packages after this call."""
    original = functools.lru_cache

    def lru_cache(maxsize: Function | int | None = 128, typed: bool = False) -> Function:
        if callable(maxsize):
            return decorate(maxsize, 128, typed=typed)
        return lambda function: decorate(function, maxsize, typed=typed)

    def decorate(function: Function, maxsize: int | None, *, typed: bool) -> Function:
        if function.__module__.partition(".")[0] in packages:
            return _observed(observer, function, original(maxsize, typed))
        return original(maxsize, typed)(function)

    patch.setattr(functools, "lru_cache", lru_cache)
    patch.setattr(functools, "cache", lambda function: decorate(function, None, typed=False))


def _observed(observer: Observer, function: Function, cached: Function) -> Function:
    key = f"{PREFIX}{function.__module__}.{function.__qualname__}"

    @functools.wraps(function)
    def fill(*arguments: object, **options: object) -> object:
        with observer.observing(observer.keep(key)):
            return function(*arguments, **options)

    cached_fill = cached(fill)

    @functools.wraps(function)
    def look_up(*arguments: object, **options: object) -> object:
        observer.current.uses.add(key)
        return cached_fill(*arguments, **options)

    for name in ("cache_clear", "cache_info", "cache_parameters"):
        setattr(look_up, name, getattr(cached_fill, name))
    return look_up
