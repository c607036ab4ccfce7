"""The dashboard of deploy/ uses only metrics that the service exposes."""

import json
import re

from app.application.operations import SystemLoad
from app.presentation.http.metrics import Metrics
from devtools.postgres import PROJECT

DASHBOARD = PROJECT / "deploy/dashboard.json"


def test_dashboard_shows_every_metric_that_the_service_has() -> None:
    metrics = Metrics()
    metrics.count(method="GET", route="/api/v1/news", status=200, seconds=0.1)
    served = metrics.render(SystemLoad(connections_in_use=0, jobs=None)).decode()
    expressions = [
        target["expr"]
        for panel in json.loads(DASHBOARD.read_text(encoding="utf-8"))["panels"]
        for target in panel["targets"]
    ]
    shown = {name for each in expressions for name in re.findall(r"pau2_\w+", each)}

    families = set(re.findall(r"^# HELP (pau2_\w+)", served, re.MULTILINE))
    created = {name for name in families if name.endswith("_created")}
    assert {name.removesuffix("_bucket") for name in shown} == families - created
