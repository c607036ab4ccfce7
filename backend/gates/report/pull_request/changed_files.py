"""The files of a change by layer and by feature."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import PurePosixPath

from gates.model import Project
from gates.repo.files import files
from gates.repo.git import changed_statuses, merge_base

KINDS = {"A": "added", "M": "changed", "D": "deleted"}
DIVIDED_FOLDERS = {"app", "tests"}
FEATURE_FOLDERS = ("backend/app/domain", "backend/app/application")
NO_FEATURE = "other"


@dataclass(frozen=True)
class LayerFiles:
    """The numbers of added, changed and deleted files of a layer, and of files of each feature."""

    name: str
    kinds: Counter[str] = field(default_factory=Counter)
    features: Counter[str] = field(default_factory=Counter)

    @property
    def in_words(self) -> str:
        """The features with their numbers, the largest first; "" when no file belongs to one."""
        named = sorted(self.features.items(), key=lambda item: (-item[1], item[0]))
        return (
            ", ".join(f"{name} {count}" for name, count in named) if {*self.features} - {NO_FEATURE} else ""
        )


def changed_files(project: Project) -> list[LayerFiles]:
    """Return the layers and folders with changed files, by name; a renamed file is deleted and added."""
    names = features(project)
    layers: dict[str, LayerFiles] = {}
    for status, path in changed_statuses(project, merge_base(project)):
        layer = layer_of(path)
        found = layers.setdefault(layer, LayerFiles(layer))
        found.kinds[KINDS.get(status, "changed")] += 1
        found.features[feature_of(path, names)] += 1
    return [layers[name] for name in sorted(layers)]


def layer_of(path: str) -> str:
    """Return the layer, the kind of test or the folder that a file belongs to."""
    first, *rest = PurePosixPath(path).parts
    if first != "backend":
        return first if rest else "root"
    return "/".join(rest[:2]) if rest[0] in DIVIDED_FOLDERS and rest[2:] else rest[0]


def features(project: Project) -> set[str]:
    """Return the features: the names that modules or packages of the domain and of the application share."""
    domain, application = (
        {
            PurePosixPath(name).relative_to(folder).parts[0].removesuffix(".py")
            for name in files(project, f"{folder}/*.py")
        }
        for folder in FEATURE_FOLDERS
    )
    return (domain & application) - {"__init__"}


def feature_of(path: str, names: Iterable[str]) -> str:
    """Return the feature whose name a file or one of its folders starts with, else `other`."""
    parts = PurePosixPath(path).with_suffix("").parts
    words = [part.removeprefix("test_").split("-")[-1] for part in parts]
    for word in reversed(words):
        for name in sorted(names, key=len, reverse=True):
            if word == name or word.startswith(f"{name}_"):
                return name
    return NO_FEATURE
