"""The files of the development container and of VS Code agree with each other and with the rule book."""

import re
from importlib.util import find_spec
from typing import Any

import pytest

from devtools.postgres import PROJECT
from gates.model import Project
from gates.repo import yaml12

FOLDER = PROJECT / ".devcontainer"


def read(path: str) -> dict[str, Any]:
    """Return the object in a file of JSON or YAML, which JSON is a part of."""
    content: dict[str, Any] = yaml12.load(path, (PROJECT / path).read_text(encoding="utf-8"))
    return content


CONFIG = read(".devcontainer/devcontainer.json")
APP = read(".devcontainer/compose.yaml")["services"][CONFIG["service"]]


def test_installs_the_recommended_extensions() -> None:
    recommended = read(".vscode/extensions.json")["recommendations"]

    assert CONFIG["customizations"]["vscode"]["extensions"] == recommended


@pytest.mark.parametrize("folder", [".venv", ".noxw"])
def test_keeps_environment_on_a_volume(folder: str) -> None:
    path = f"{CONFIG['workspaceFolder']}/{folder}"
    (volume,) = [mount for mount in APP["volumes"] if mount.endswith(f":{path}")]

    assert re.fullmatch(rf"[a-z]+:{path}", volume)
    assert folder in CONFIG["onCreateCommand"].split()


def test_gives_the_developer_every_volume() -> None:
    mounts = [mount.partition(":")[2] for mount in APP["volumes"] if not mount.startswith("..:")]
    workspace, home = f"{CONFIG['workspaceFolder']}/", f"/home/{CONFIG['remoteUser']}"
    owned = [mount.removeprefix(workspace).replace(home, "~") for mount in mounts]

    assert CONFIG["onCreateCommand"].endswith(f" {' '.join(owned)}")


def test_git_trusts_the_workspace() -> None:
    dockerfile = (FOLDER / "Dockerfile").read_text(encoding="utf-8")

    assert f"safe.directory {CONFIG['workspaceFolder']}\n" in dockerfile


@pytest.mark.parametrize("path", [".devcontainer/compose.yaml", "compose.production.yaml"])
def test_runs_the_newest_postgresql_of_the_rule_book(path: str) -> None:
    newest = Project(root=PROJECT).rulebook["versions"]["postgresql"][-1]

    assert read(path)["services"]["postgres"]["image"] == f"postgres:{newest}"


def test_names_are_those_of_the_folder_when_two_clones_run() -> None:
    compose = (FOLDER / "compose.yaml").read_text(encoding="utf-8")

    assert not re.search("^(name:|.*container_name)", compose, re.MULTILINE)


@pytest.mark.parametrize("task", read(".vscode/tasks.json")["tasks"], ids=lambda task: task["label"])
def test_tasks_are_sessions(task: dict[str, Any]) -> None:
    assert re.fullmatch(r"\./noxw( -s [a-z]+( -- .+)?)?", task["command"])


@pytest.mark.parametrize(
    "debugger", read(".vscode/launch.json")["configurations"], ids=lambda debugger: debugger["name"]
)
def test_debuggers_start_modules_that_exist(debugger: dict[str, Any]) -> None:
    assert find_spec(debugger["module"])
    assert debugger["cwd"] == "${workspaceFolder}/backend"


def test_debuggers_name_tasks_that_exist() -> None:
    labels = {task["label"] for task in read(".vscode/tasks.json")["tasks"]}
    named = {each.get("preLaunchTask") for each in read(".vscode/launch.json")["configurations"]}

    assert named - {None} <= labels
