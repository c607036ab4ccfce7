"""Every router, in the order in which the contract shows them."""

from app.presentation.http.routers import (
    audit,
    auth,
    consultations,
    events,
    exports,
    health,
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
    members.router,
    news.router,
    events.router,
    consultations.router,
    exports.router,
    audit.router,
    metrics.router,
    problems.router,
)
