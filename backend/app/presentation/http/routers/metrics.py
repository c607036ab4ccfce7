from typing import Any

from fastapi import Response
from fastapi.responses import PlainTextResponse

from app.application.access import Action
from app.presentation.http.dependencies import LoadGaugeDep, MetricsDep
from app.presentation.http.metrics import MEDIA_TYPE
from app.presentation.http.routing import api_router, operation

router = api_router("/metrics", "operations", base="")


def rendered() -> dict[str, Any]:
    arguments = operation(Action.READ_METRICS)
    arguments["responses"][200] = {"content": {MEDIA_TYPE: {"schema": {"type": "string"}}}}
    return arguments | {"response_class": PlainTextResponse}


@router.get("", summary="Read the metrics", **rendered())
async def read_metrics(metrics: MetricsDep, gauge: LoadGaugeDep) -> Response:
    """Requests, durations, connections and waiting jobs of this process, for Prometheus.

    Scrape every instance. Nothing here is personal; keep it inside your network all the same.
    """
    return Response(metrics.render(await gauge.measure()), media_type=MEDIA_TYPE)
