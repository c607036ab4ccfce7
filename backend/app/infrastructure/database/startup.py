"""What the database must be before anything is served."""

from app.core.settings import Settings
from app.domain.errors import UnavailableError
from app.infrastructure.database.grants import refuse_strong_role
from app.infrastructure.database.pooling import refuse_unfit_pooler


def check_database(settings: Settings) -> None:
    """Raise SettingsError for a role or a pooler that the application cannot be given.

    Raises UnavailableError in production; elsewhere a database may come later.
    """
    try:
        refuse_strong_role(settings)
        refuse_unfit_pooler(settings)
    except UnavailableError:
        if settings.is_production:
            raise
