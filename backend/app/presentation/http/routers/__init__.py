"""Every router, in the order in which the contract shows them."""

from app.presentation.http.routers import (
    auth,
    consultations,
    events,
    exports,
    health,
    members,
    news,
    passwords,
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
)
