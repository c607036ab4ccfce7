"""Routes of health checks, metrics and the catalogue of problems."""

from tests.api.routes.requests import Call, Routes, plain, route

ROUTES: Routes = {
    ("GET", "/health/live"): route(0, Call(200)),
    ("GET", "/health/ready"): route(1, Call(200)),
    ("GET", "/metrics"): route(1, Call(200)),
    ("GET", "/problems"): route(0, Call(200)),
    ("GET", "/problems/{code}"): route(0, Call(200, plain(code="article_not_found"))),
}
