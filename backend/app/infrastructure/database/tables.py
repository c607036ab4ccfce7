"""All tables: importing a module adds its tables to the metadata."""

from app.infrastructure.database import (
    audit,
    calendar_addresses,
    consultations,
    email_changes,
    events,
    idempotency,
    members,
    news,
    one_time_tokens,
    rate_limits,
    responses,
    sessions,
)
from app.infrastructure.database.metadata import mapper_registry

metadata = mapper_registry.metadata
TABLES = (
    members.members,
    sessions.sessions,
    one_time_tokens.one_time_tokens,
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
    rate_limits.login_attempts,
    email_changes.email_changes,
    calendar_addresses.calendar_addresses,
    idempotency.idempotency_records,
)
