"""What the database must be before anything is served."""

from app.core.settings import Settings
from app.domain.errors import UnavailableError
from app.infrastructure.database.grants import require_unprivileged_role
from app.infrastructure.database.pooling import require_suitable_pooler


def check_database(settings: Settings) -> None:
    """Raise SettingsError for a role or a pooler that the application cannot be given.

    Raises UnavailableError in production; elsewhere a database may come later.
    """
    try:
        require_unprivileged_role(settings)
        require_suitable_pooler(settings)
    except UnavailableError:
        if settings.is_production:
            raise
