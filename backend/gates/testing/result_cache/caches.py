"""Makes caches tell who relies on what filled them.

The first test that calls a function with `functools.cache` runs it, the others get what it returned. All of
them depend on what ran.
"""

import functools
from collections.abc import Callable
from typing import Any

import pytest

from gates.testing.result_cache.observer import Observer

Function = Callable[..., Any]
PREFIX = "cache "
"""Begins the keys of the observations of caches."""


def observe_caches(observer: Observer, packages: tuple[str, ...], patch: pytest.MonkeyPatch) -> None:
    """Observe the caches of functions that are defined from now on in one of the packages."""
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

    memory = cached(fill)

    @functools.wraps(function)
    def ask(*arguments: object, **options: object) -> object:
        observer.current.uses.add(key)
        return memory(*arguments, **options)

    for name in ("cache_clear", "cache_info", "cache_parameters"):
        setattr(ask, name, getattr(memory, name))
    return ask
