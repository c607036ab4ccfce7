"""R03, first half: imports between layers, by import-linter.

Why: A domain that imports SQLAlchemy or FastAPI cannot be tested or changed without them.
Refuses: Imports that the layer's `layers` in the rule book does not allow, also indirect and function-local
    ones.
Instead: Define a port in the inner layer and implement it in infrastructure, or move the code to another
    layer.
Exceptions: None. Changing [layers] needs a decision.
"""

import configparser
import re
import shutil
import sys
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from gates.model import Finding, GateError, Outcome, Project
from gates.repo.environment import for_tools
from gates.repo.files import files
from gates.repo.process import run
from gates.rulebook import PATH

CONTRACT_HEADING = re.compile(r"(\S+) is not allowed to import (\S+):")
IMPORT_LINE = re.compile(r"- +(\S+) -> (\S+) \(l\.(\d+)")
SUMMARY = re.compile(r"Contracts: (\d+) kept, (\d+) broken")


def check(project: Project) -> Outcome:
    """Refuse imports of upper layers, of siblings, and of modules that a layer's list does not name."""
    layers = {
        name: layer | {"layers": sorted({entry.partition(".")[0] for entry in layer["layers"]})}
        for name, layer in project.rulebook["layers"].items()
        if "modules" not in layer
    }
    roots = [root for layer in project.rulebook["layers"].values() for root in layer.get("modules", [])]
    third_party = {name for layer in project.rulebook["layers"].values() for name in layer["libraries"]}
    contracts = [_layers_contract(layers, roots), *_forbidden_contracts(layers, third_party)]
    output = _run_import_linter(project, contracts)
    summary = SUMMARY.search(output)
    if summary is None:
        raise GateError(f"import-linter could not check the layers: {' '.join(output.split())}")
    findings = list(_findings(project, output))
    if int(summary[2]) and not findings:
        raise GateError(f"import-linter refuses the layers: {' '.join(output[summary.end() :].split())}")
    return Outcome(findings=findings, checked=int(summary[1]), note=f"{summary[1]} contracts")


def levels(layers: Mapping[str, Mapping[str, Any]]) -> list[list[str]]:
    """Return the layers from the top down, those that do not import each other side by side.

    Raises GateError when the rule book lets layers import each other in a circle.
    """
    ordered: list[list[str]] = []
    left = dict(layers)
    while left:
        wanted = {name for layer in left.values() for name in layer["layers"]}
        top = [name for name in left if name not in wanted]
        if not top:
            raise GateError(f"{PATH}: [layers] lets {', '.join(left)} import each other in a circle.")
        ordered.append(top)
        left = {name: layer for name, layer in left.items() if name not in top}
    return ordered


def _layers_contract(layers: Mapping[str, Mapping[str, Any]], roots: list[str]) -> dict[str, str]:
    top = [f"({root.removeprefix('app.')})" for root in roots]
    stacked = [" : ".join(top), *(" | ".join(level) for level in levels(layers))]
    return {
        "type": "layers",
        "containers": "app",
        "exhaustive": "True",
        "layers": "\n".join(level for level in stacked if level),
    }


def _forbidden_contracts(
    layers: Mapping[str, Mapping[str, Any]], third_party: set[str]
) -> Iterator[dict[str, str]]:
    for name, layer in layers.items():
        other = [f"app.{other}" for other in layers if other not in {name, *layer["layers"]}]
        libraries = sorted(third_party.difference(layer["libraries"]))
        yield {
            "type": "forbidden",
            "source_modules": f"app.{name}",
            "forbidden_modules": "\n".join([*other, *libraries]),
            "allow_indirect_imports": "True",
        }


def _run_import_linter(project: Project, contracts: list[dict[str, str]]) -> str:
    config = configparser.ConfigParser()
    config["importlinter"] = {"root_package": "app", "include_external_packages": "True"}
    for number, contract in enumerate(contracts):
        config[f"importlinter:contract:{number}"] = {"name": str(number), **contract}
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "contracts.ini"
        with path.open("w", encoding="utf-8") as file:
            config.write(file)
        program = "import sys; from importlinter.cli import lint_imports_command; lint_imports_command()"
        cache = project.root / ".import_linter_cache"
        command = (sys.executable, "-c", program, "--no-logo", f"--config={path}", f"--cache-dir={cache}")
        env = for_tools() | {"NO_COLOR": "1", "COLUMNS": "1000", "PYTHONPATH": ""}
        place = _copy(project, Path(folder)) if project.staged else project.backend
        return run(place, *command, env=env).stdout


def _copy(project: Project, folder: Path) -> Path:
    """Copy the application without untracked files: import-linter reads all and stops at a syntax error."""
    for name in files(project, "backend/app/*"):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(project.root / name, folder / name)
    return folder / "backend"


def _findings(project: Project, output: str) -> Iterator[Finding]:
    heading = ("", "")
    for line in output.splitlines():
        if match := CONTRACT_HEADING.match(line):
            heading = (match[1], match[2])
        elif match := IMPORT_LINE.match(line):
            module = f"backend/{match[1].replace('.', '/')}"
            package = f"{module}/__init__.py"
            file = package if (project.root / package).exists() else f"{module}.py"
            message = f"{heading[0]} must not import {heading[1]}: {match[1]} imports {match[2]}"
            fix = "define a port in a layer that it may import, or move the code to another layer"
            yield Finding(file=file, line=int(match[3]), message=message, fix=fix)
