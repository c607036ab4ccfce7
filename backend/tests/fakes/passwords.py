"""Password hashes that cost nothing."""

from app.domain.auth import Password


class FakePasswordHasher:
    """Counts its calls: equal counts prove what equal durations only suggest."""

    def __init__(self) -> None:
        self.hashed = 0
        self.verified = 0

    async def hash(self, password: Password) -> str:
        self.hashed += 1
        return f"hash:{password.value}"

    async def verify(self, password: Password, password_hash: str | None) -> bool:
        self.verified += 1
        return bool(password_hash) and str(password_hash).partition(":")[2] == password.value

    def needs_rehash(self, password_hash: str) -> bool:
        return password_hash.startswith("old:")
