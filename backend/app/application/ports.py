"""What the use cases need from outside, beside the domain's ports."""

from typing import Protocol

from app.application.access import Actor


class Authenticator(Protocol):
    async def authenticate(self, token: str) -> Actor:
        """Return who presents this access token.

        Role, active flag and session are as the database has them now, read in one statement.
        Raises UnauthenticatedError.
        """
        ...
