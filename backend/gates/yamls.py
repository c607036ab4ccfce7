"""YAML files, read as YAML 1.2: `on:` is a word and not a truth value."""

from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from gates.model import GateError


def load(name: str, text: str) -> dict[str, Any]:
    """Return a file's top mapping, empty for an empty file. Raises GateError when it is anything else."""
    try:
        value = YAML(typ="safe", pure=True).load(text) or {}
    except YAMLError as error:
        raise GateError(f"{name} is not valid YAML: {' '.join(str(error).split())}") from None
    if not isinstance(value, dict):
        raise GateError(f"{name} does not hold a mapping.")
    return value
