from fastapi import Response
from fastapi.responses import PlainTextResponse

from app.application.access import Action
from app.presentation.http.dependencies import LoadGaugeDep, MetricsDep
from app.presentation.http.metrics import MEDIA_TYPE
from app.presentation.http.routing import api_router, raw_operation

router = api_router("/metrics", "operations", base="")


@router.get(
    "",
    summary="Read the metrics",
    response_class=PlainTextResponse,
    **raw_operation(Action.READ_METRICS, content={MEDIA_TYPE: {"schema": {"type": "string"}}}),
)
async def read_metrics(metrics: MetricsDep, gauge: LoadGaugeDep) -> Response:
    """Requests, durations and connections of this process, waiting and failed jobs, for Prometheus.

    Scrape every instance. A failed job is not retried, for instance because a mail server rejected its mail
    permanently; the worker logs it as `job_failed`. The metrics are not personal, but keep them inside your
    network.
    """
    return Response(metrics.render(await gauge.measure()), media_type=MEDIA_TYPE)
