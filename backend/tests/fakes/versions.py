"""Version counters in memory that behave like SQLAlchemy's `version_id_col`."""

from collections.abc import Mapping
from dataclasses import asdict
from typing import TypeVar
from uuid import UUID

from app.domain.consultations.consultation import Consultation
from app.domain.errors import CollisionError
from app.domain.events import Event
from app.domain.members.member import Member
from app.domain.news import Article

Aggregate = TypeVar("Aggregate", Member, Article, Consultation, Event)
VERSIONED = ("members", "news", "consultations", "events")


def count_versions(before: Mapping[UUID, Aggregate], after: Mapping[UUID, Aggregate]) -> None:
    for key, entity in before.items():
        changed = after.get(key)
        if changed is not None and asdict(changed) != asdict(entity):
            changed.version += 1


def refuse_collisions(
    before: Mapping[UUID, Aggregate], now: Mapping[UUID, Aggregate], after: Mapping[UUID, Aggregate]
) -> None:
    """Raises CollisionError if a changed or removed entity is older than the stored one."""
    for key, entity in before.items():
        changed = after.get(key)
        if changed is not None and asdict(changed) == asdict(entity):
            continue
        if key not in now or now[key].version != entity.version:
            raise CollisionError
