"""Checks of the database before the application starts."""

from app.core.settings import Settings
from app.domain.errors import UnavailableError
from app.infrastructure.database.grants import require_unprivileged_role
from app.infrastructure.database.pooling import require_suitable_pooler


def check_database(settings: Settings) -> None:
    """Raise SettingsError for an unsuitable role or pooler.

    Raises UnavailableError in production; in other environments the database may start later.
    """
    try:
        require_unprivileged_role(settings)
        require_suitable_pooler(settings)
    except UnavailableError:
        if settings.is_production:
            raise
