"""The pattern of the usual template: a synchronous ORM session for each request, and `response_model`."""

import os
from collections.abc import Iterator
from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import Depends, FastAPI
from pydantic import BaseModel, ConfigDict
from sqlalchemy import create_engine, func, select
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column

from app.core.database import sqlalchemy_url
from benchmarks.cursors import cursor_signer, fingerprint

ENGINE = create_engine(sqlalchemy_url(os.environ["DATABASE_URL"]), pool_size=10, max_overflow=10)
CURSORS = cursor_signer(os.environ["PAU2_CURSOR_SECRET"])


class Base(DeclarativeBase):
    """The tables of this server."""


class Article(Base):
    """The columns that the list shows, and those that its condition and order need."""

    __tablename__ = "news"
    id: Mapped[UUID] = mapped_column(primary_key=True)
    title: Mapped[str]
    summary: Mapped[str | None]
    cover_url: Mapped[str | None]
    status: Mapped[str]
    scope: Mapped[str]
    author_id: Mapped[UUID]
    published_at: Mapped[datetime | None]
    deleted_at: Mapped[datetime | None]
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]
    version: Mapped[int]


class ArticleRead(BaseModel):
    """An article in the list."""

    model_config = ConfigDict(from_attributes=True)

    version: int
    id: UUID
    title: str
    summary: str | None
    cover_url: str | None
    status: str
    scope: str
    author_id: UUID
    published_at: datetime | None
    created_at: datetime
    updated_at: datetime


class ArticlePage(BaseModel):
    """A page of the list."""

    items: list[ArticleRead]
    next_cursor: str | None


def _session() -> Iterator[Session]:
    with Session(ENGINE) as session:
        yield session


app = FastAPI()


@app.get("/api/v1/news", response_model=ArticlePage)
def list_news(
    limit: int, session: Annotated[Session, Depends(_session)], sort: str = "-published_at"
) -> dict[str, object]:
    """Send the response that the application sends to an anonymous client."""
    sorted_at = func.coalesce(Article.published_at, Article.created_at)
    query = (
        select(Article)
        .where(Article.deleted_at.is_(None), Article.scope == "PUBLIC", Article.status == "PUBLISHED")
        .order_by(sorted_at.desc(), Article.id.desc())
        .limit(limit + 1)
    )
    rows = session.scalars(query).all()
    last = rows[limit - 1]
    key = (last.published_at or last.created_at).isoformat()
    payload = {"for": fingerprint(sort), "key": key, "id": str(last.id)}
    return {"items": rows[:limit], "next_cursor": CURSORS.dumps(payload)}


@app.get("/health/live")
def live() -> dict[str, str]:
    """Report that the server responds."""
    return {}
