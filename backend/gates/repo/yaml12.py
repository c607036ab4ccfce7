"""YAML files, read as YAML 1.2: `on:` is a word and not a truth value."""

from functools import lru_cache
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from gates.model import GateError


def load(name: str, text: str) -> dict[str, Any]:
    """Return a file's top mapping, empty for an empty file. Raises GateError when it is anything else.

    Several gates read the same file, so the mapping is shared: read it, do not change it.
    """
    try:
        value = _parsed(text) or {}
    except YAMLError as error:
        raise GateError(f"{name} is not valid YAML: {' '.join(str(error).split())}") from None
    if not isinstance(value, dict):
        raise GateError(f"{name} does not hold a mapping.")
    return value


@lru_cache(maxsize=64)
def _parsed(text: str) -> object:
    return YAML(typ="safe", pure=True).load(text)
