"""All routers, in the order of the contract."""

from app.presentation.http.routers import (
    audit,
    auth,
    calendars,
    consultations,
    email_changes,
    events,
    exports,
    health,
    invitations,
    members,
    metrics,
    news,
    passwords,
    problems,
    sessions,
)

ROUTERS = (
    health.router,
    auth.router,
    sessions.router,
    passwords.router,
    email_changes.router,
    members.router,
    invitations.router,
    news.router,
    events.router,
    calendars.router,
    consultations.router,
    exports.router,
    audit.router,
    metrics.router,
    problems.router,
)
