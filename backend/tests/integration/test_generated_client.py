"""The published contract as a generated client uses it."""

import json
import subprocess
import sys
from collections.abc import Awaitable, Callable, Iterator
from importlib import import_module
from pathlib import Path
from pkgutil import walk_packages
from typing import Any

import pytest
from httpx import ASGITransport
from openapi_python_client import generate
from openapi_python_client.config import Config, ConfigFile, MetaType

from app.domain.auth import Password
from app.domain.members.contact_details import EmailAddress
from app.domain.members.member import Member, Role
from app.domain.news import ArticleScope
from app.infrastructure.database.unit_of_work import SqlAlchemyUnitOfWork
from app.infrastructure.security.passwords import Argon2PasswordHasher
from tests.factories import NOW, PASSWORD, make_article, make_consultation, make_member

CONTRACT = Path(__file__).resolve().parents[2] / "openapi.json"
CACHE = CONTRACT.parents[1] / "reports/cache/mypy-client"
CLIENT = "generated_client"
VISIT = "generated_client_visit"

PROGRAM = f"""
from httpx import AsyncBaseTransport

from {CLIENT} import AuthenticatedClient, Client
from {CLIENT}.api.auth.issue_tokens import asyncio as issue_tokens
from {CLIENT}.api.consultations.edit_consultation import asyncio as edit_consultation
from {CLIENT}.api.consultations.list_consultations import asyncio as list_consultations
from {CLIENT}.api.members.read_own_member import asyncio as read_own_member
from {CLIENT}.api.news.list_articles import asyncio as list_articles
from {CLIENT}.models import (
    ArticleScope,
    ConsultationPage,
    ConsultationRead,
    ConsultationUpdate,
    MemberRead,
    NewsPage,
    TokenCreate,
    TokenCreateGrantType,
    TokenRead,
)


async def enter(email: str, password: str, transport: AsyncBaseTransport) -> AuthenticatedClient:
    anybody = Client("http://test", httpx_args={{"transport": transport}})
    form = TokenCreate(grant_type=TokenCreateGrantType.PASSWORD, username=email, password=password)
    tokens = await issue_tokens(client=anybody, body=form)
    assert isinstance(tokens, TokenRead), tokens
    return AuthenticatedClient(
        "http://test", token=tokens.access_token, httpx_args={{"transport": transport}}
    )


async def visit(email: str, password: str, transport: AsyncBaseTransport) -> tuple[MemberRead, NewsPage]:
    client = await enter(email, password, transport)
    me = await read_own_member(client=client)
    assert isinstance(me, MemberRead), me
    news = await list_articles(client=client, scope=ArticleScope.INTERNAL)
    assert isinstance(news, NewsPage), news
    return me, news


async def correct_title(email: str, password: str, transport: AsyncBaseTransport) -> ConsultationRead:
    client = await enter(email, password, transport)
    page = await list_consultations(client=client)
    assert isinstance(page, ConsultationPage), page
    [listed] = page.items
    seen = f'"{{listed.version}}"'
    edited = await edit_consultation(
        listed.id, client=client, if_match=seen, body=ConsultationUpdate(title="Secret ballot")
    )
    assert isinstance(edited, ConsultationRead), edited
    return edited
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A folder for the generated client and the program that uses it."""
    folder = tmp_path_factory.mktemp("client")
    (folder / f"{VISIT}.py").write_text(PROGRAM, encoding="utf-8")
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(folder)
        yield folder


@pytest.fixture(scope="module")
def complaints(folder: Path) -> list[str]:
    """Generate the client, and return the generator's complaints."""
    config = Config.from_sources(
        ConfigFile(post_hooks=[]),
        MetaType.NONE,
        CONTRACT,
        file_encoding="utf-8",
        overwrite=False,
        output_path=folder / CLIENT,
    )
    return [f"{error.level}: {error.header} {error.detail}" for error in generate(config=config)]


def modules() -> list[str]:
    package = import_module(CLIENT)
    return [module.name for module in walk_packages(package.__path__, f"{CLIENT}.") if not module.ispkg]


def test_has_every_operation_when_it_is_generated(complaints: list[str]) -> None:
    contract = json.loads(CONTRACT.read_text(encoding="utf-8"))
    operations = [operation for path in contract["paths"].values() for operation in path]

    offered = [import_module(name) for name in modules() if name.startswith(f"{CLIENT}.api.")]

    assert complaints == []
    assert len(offered) == len(operations)
    assert all(callable(operation.asyncio_detailed) for operation in offered)


def test_can_be_imported_when_it_is_generated(complaints: list[str]) -> None:
    assert complaints == []
    assert {import_module(name).__name__ for name in modules()} == {*modules()}


def test_fits_a_program_when_types_are_strict(folder: Path, complaints: list[str]) -> None:
    assert complaints == []

    cache = ["--cache-dir", str(CACHE)]
    checked = subprocess.run(
        [sys.executable, "-m", "mypy", "--strict", "--config-file=", *cache, "-p", CLIENT, "-m", VISIT],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )

    assert checked.returncode == 0, checked.stdout + checked.stderr


@pytest.mark.parametrize(
    ("name", "field"),
    [
        ("ConsultationUpdate", "title"),
        ("EventUpdate", "title"),
        ("MemberUpdate", "full_name"),
        ("NewsUpdate", "title"),
    ],
)
def test_sends_nothing_else_when_one_field_of_a_patch_is_set(
    name: str, field: str, complaints: list[str]
) -> None:
    """RFC 7396 §2: absent members stay unchanged."""
    assert complaints == []
    patch = getattr(import_module(f"{CLIENT}.models"), name)

    assert patch().to_dict() == {}
    assert patch(**{field: "New"}).to_dict() == {field: "New"}


async def make_caller(role: Role) -> Member:
    password_hash = await Argon2PasswordHasher().hash(Password.typed(PASSWORD))
    return make_member(email=EmailAddress("reader@pau2.example"), role=role, password_hash=password_hash)


@pytest.mark.usefixtures("complaints")
async def test_changes_the_title_alone_when_only_that_is_set(
    transport: ASGITransport, uow: SqlAlchemyUnitOfWork
) -> None:
    member = await make_caller(Role.BOARD_MEMBER)
    ballot = make_consultation(created_by=member.id, title="Secret balot", anonymous=True)
    async with uow:
        uow.members.add(member)
        await uow.flush()
        uow.consultations.add(ballot)
        await uow.commit()
    correct_title: Callable[..., Awaitable[Any]] = import_module(VISIT).correct_title

    edited = await correct_title(member.email.value, PASSWORD, transport)

    assert (edited.title, edited.anonymous, edited.audience.value) == ("Secret ballot", True, "MEMBERS")


@pytest.mark.usefixtures("complaints")
async def test_logs_in_and_reads_when_it_is_used(transport: ASGITransport, uow: SqlAlchemyUnitOfWork) -> None:
    member = await make_caller(Role.MEMBER)
    article = make_article(scope=ArticleScope.INTERNAL, author_id=member.id)
    article.publish(NOW)
    async with uow:
        uow.members.add(member)
        await uow.flush()
        uow.news.add(article)
        await uow.commit()
    visit: Callable[..., Awaitable[tuple[Any, Any]]] = import_module(VISIT).visit

    me, news = await visit(member.email.value, PASSWORD, transport)

    assert (me.id, me.email, me.role.value) == (member.id, member.email.value, "MEMBER")
    assert [(each.id, each.title, each.published_at) for each in news.items] == [
        (article.id, article.title, NOW)
    ]
