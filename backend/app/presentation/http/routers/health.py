from app.application.access import Action
from app.presentation.http.dependencies import ReadinessDep
from app.presentation.http.routing import api_router, operation
from app.presentation.http.schemas.health import HealthRead

router = api_router("/health", "operations", base="")


@router.get("/live", summary="Is the process alive?", **operation(Action.CHECK_HEALTH))
async def check_liveness() -> HealthRead:
    """Responds without the database. Restart the process when this fails."""
    return HealthRead()


@router.get("/ready", summary="Can it serve requests?", **operation(Action.CHECK_HEALTH))
async def check_readiness(readiness: ReadinessDep) -> HealthRead:
    """200 if the database responds within a second and has the schema of this release, else 503.

    Send no requests to this process while this fails. It also fails for some seconds before the process ends.
    """
    await readiness.check()
    return HealthRead()
