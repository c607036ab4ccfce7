"""Every route of the API with requests that succeed, one module per feature."""

from tests.api.routes import (
    audit,
    auth,
    calendar_addresses,
    consultations,
    email_changes,
    events,
    members,
    news,
    operations,
    sessions,
)
from tests.api.routes.requests import Routes

ROUTES: Routes = {
    **operations.ROUTES,
    **auth.ROUTES,
    **sessions.ROUTES,
    **email_changes.ROUTES,
    **members.ROUTES,
    **calendar_addresses.ROUTES,
    **news.ROUTES,
    **events.ROUTES,
    **consultations.ROUTES,
    **audit.ROUTES,
}
