"""Features that exist: the names that a new field or verb needs, read from the code."""

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import libcst as cst

from scaffold.errors import ScaffoldError
from scaffold.names import Noun, check_name
from scaffold.syntax import body_of, code_of, find_all, find_definition, name_of

EXAMPLE = "news"
LIFE = r"status|\w+_id|created_by|created_at"
"""Attributes that follow those of the draft in entities and read models."""


@dataclass(frozen=True)
class Feature:
    """A feature whose domain is one module. `plural` is its name in every layer."""

    root: Path
    plural: str

    @property
    def domain(self) -> str:
        return f"app.domain.{self.plural}"

    @cached_property
    def module(self) -> cst.Module:
        """The domain's module."""
        return self._parse(f"app/domain/{self.plural}.py")

    @cached_property
    def noun(self) -> Noun:
        """The entity, which has a draft of the same name."""
        classes = [name_of(node) for node in self.module.body if isinstance(node, cst.ClassDef)]
        entities = [name for name in classes if f"{name}Draft" in classes]
        if len(entities) != 1:
            raise ScaffoldError(
                f"backend/app/domain/{self.plural}.py has no entity with a draft, such as Article and "
                "ArticleDraft in news. Edit this feature by hand."
            )
        singular = "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in entities[0])
        return Noun(singular.removeprefix("_"), self.plural)

    @cached_property
    def read_schema(self) -> str:
        """The schema of a single read, such as NewsRead."""
        handler = self._function("app/presentation/http/routers", f"read_{self.noun.singular}")
        return code_of(handler.returns.annotation) if handler.returns else ""

    @property
    def schema_prefix(self) -> str:
        return self.read_schema.removesuffix("Read")

    @cached_property
    def write_action(self) -> str:
        """The action that edits need, such as Action.WRITE_NEWS."""
        use_case = self._function("app/application", f"edit_{self.noun.singular}")
        calls = [call for call in find_all(use_case, cst.Call) if code_of(call.func) == "authorize"]
        return code_of(calls[0].args[1].value)

    @property
    def draft_fields(self) -> list[str]:
        return [name for name in self.attributes(f"{self.noun.pascal}Draft") if name.isidentifier()]

    @property
    def statuses(self) -> list[str]:
        """The members of the status, in the order of the entity's life; [] without one."""
        return self.attributes(f"{self.noun.pascal}Status")

    def attributes(self, place: str) -> list[str]:
        """Return the names of the statements in a class of the domain."""
        return self.names(f"app/domain/{self.plural}.py", place)

    def names(self, path: str, place: str) -> list[str]:
        """Return the names of the statements in a definition of a module below backend/."""
        node = find_definition(self._parse(path), place)
        return [name_of(statement) for statement in body_of(node)] if node else []

    def _function(self, folder: str, name: str) -> cst.FunctionDef:
        node = find_definition(self._parse(f"{folder}/{self.plural}.py"), name)
        if not isinstance(node, cst.FunctionDef):
            raise ScaffoldError(
                f"backend/{folder}/{self.plural}.py has no {name}. Edit this feature by hand."
            )
        return node

    def _parse(self, path: str) -> cst.Module:
        file = self.root / "backend" / path
        if file.with_suffix("").is_dir():
            raise ScaffoldError(
                f"{self.plural} has several modules in its domain, with rules that no template knows. Follow "
                "docs/how-to/add-a-field.md or docs/how-to/add-an-endpoint.md by hand."
            )
        if not file.is_file():
            raise ScaffoldError(
                f"backend/{path} does not exist. Name a feature by its plural, such as {EXAMPLE}."
            )
        return cst.parse_module(file.read_text(encoding="utf-8"))


def find_feature(root: Path, plural: str) -> Feature:
    """Return the feature. Raises ScaffoldError if it has no domain module with one entity."""
    check_name(plural, "a feature", EXAMPLE)
    feature = Feature(root, plural)
    _ = feature.noun
    return feature
