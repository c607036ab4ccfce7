"""The routes with the row of the policy table that each is bound to, as the gate `routes` left them."""

import json
from dataclasses import dataclass

from gates.contract.routes import POLICY_FILE
from gates.model import Project


@dataclass(frozen=True)
class Route:
    """An operation, its action, the least role ("" for anybody), and the age of a recent password."""

    name: str
    action: str
    role: str
    password_hours: float | None

    @property
    def who(self) -> str:
        """The role that may call it, in words."""
        role = f"{self.role.lower().replace('_', ' ')} or more" if self.role else "anybody"
        recent = (
            f", with a password entered in the last {self.password_hours:g} h" if self.password_hours else ""
        )
        return role + recent


def routes_by_action(project: Project) -> dict[str, list[Route]]:
    """Return the routes by action, both in alphabetical order. Raises OSError if the gate left none."""
    rows = json.loads((project.reports / POLICY_FILE).read_text(encoding="utf-8"))
    routes = [
        Route(f"{' '.join(row['methods'])} {row['path']}", row["action"], row["role"], row["password_hours"])
        for row in rows
    ]
    found: dict[str, list[Route]] = {}
    for route in sorted(routes, key=lambda route: (route.action, route.name)):
        found.setdefault(route.action, []).append(route)
    return found
