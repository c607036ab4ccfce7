"""Every module can be imported: other tests depend only on the code of a module that they use."""

from importlib import import_module
from pathlib import Path

import pytest

BACKEND = Path(__file__).resolve().parents[2]


@pytest.mark.parametrize("package", ["app", "devtools", "gates"])
def test_imports_every_module(package: str) -> None:
    paths = [path for path in (BACKEND / package).rglob("*.py") if path.stem != "__main__"]

    for path in paths:
        name = ".".join(path.relative_to(BACKEND).with_suffix("").parts).removesuffix(".__init__")
        assert import_module(name).__name__ == name
    assert paths
