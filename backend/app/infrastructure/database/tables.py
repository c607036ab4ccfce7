"""Every table, for whoever needs them all: importing a module adds its tables to the metadata."""

from app.infrastructure.database import (
    audit,
    auth,
    consultations,
    events,
    idempotency,
    login_attempts,
    members,
    news,
    responses,
)
from app.infrastructure.database.metadata import mapper_registry

metadata = mapper_registry.metadata
TABLES = (
    members.members,
    auth.sessions,
    auth.one_time_tokens,
    news.news,
    events.events,
    audit.audit_entries,
    consultations.consultations,
    consultations.questions,
    consultations.options,
    responses.responses,
    responses.participations,
    responses.ballots,
    responses.erased_respondents,
    login_attempts.login_attempts,
    idempotency.idempotency_records,
)
