"""Routes of the audit log."""

from tests.api.routes.requests import Call, Routes, route
from tests.support.http import API

ROUTES: Routes = {("GET", f"{API}/audit-log"): route(2, Call(200))}
