"""Ways around "one signature, one call, one return" that look harmless."""

import pytest

from gates.architecture.handlers import check
from tests.gates.support.sample_project import SampleProject

ROUTER = "backend/app/presentation/http/routers/news.py"
DEPENDENCIES = "backend/app/presentation/http/dependencies.py"
SCHEMAS = "backend/app/presentation/http/schemas/news.py"
SIGNATURE, CALL = "uow: object) -> str:", "    return str(await publish_article(id, uow=uow))\n"
GIVEN = "    article = await publish_article(id, uow=uow)\n"


def messages(sample: SampleProject) -> list[str]:
    findings = check(sample.project).findings
    assert all(finding.line for finding in findings)
    return [finding.message for finding in findings]


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ("    if id: return ''\n" + CALL, "a condition: rules belong to the domain"),
        ("    x = id or 3\n" + CALL, "a condition"),
        ("    x = not id\n" + CALL, "a condition"),
        ("    x = 3 if id else 4\n" + CALL, "a condition"),
        ("    raise LookupError\n", "an error of its own"),
        ("    assert id\n" + CALL, "an error of its own"),
        ("    def inner(x): return x\n" + CALL, "inner inside publish"),
        (GIVEN + "    article.archive()\n", "article.archive(): what a use case returns is only read"),
        (GIVEN + "    article.title = 'x'\n", "article.title = …: what a use case returns is only read"),
        (GIVEN + "    article.tags['x'] = 1\n", "article.tags['x'] = …"),
        (GIVEN + "    del article.title\n", "article.title = …"),
        (
            "    (await publish_article(id, uow=uow)).archive()\n",
            "(await publish_article(id, uow=uow)).archive()",
        ),
        ("    run = uow.fetch\n    await run()\n", "run(): what a use case returns is only read"),
        ("    x = uow.__dict__\n" + CALL, ".__dict__: presentation uses its dependencies"),
        ("    x = vars(uow)\n" + CALL, "a look-up of '?'"),
        ("    async with uow: pass\n" + CALL, "an async with: only use cases enter a unit of work"),
    ],
)
def test_refuses_handler_when_it_works_with_what_it_has(
    sample: SampleProject, body: str, message: str
) -> None:
    sample.replace(ROUTER, CALL, body)

    assert any(message in found for found in messages(sample)), messages(sample)


@pytest.mark.parametrize(
    ("signature", "body", "message"),
    [
        (
            "uow: UowDep",
            "    x = uow.members\n" + CALL,
            "uow.members: uow is for use cases",
        ),
        ("uow: UowDep | None", "    x = await uow.members.get(id)\n", "uow.members: uow is for use cases"),
        ("*, uow: Annotated[UowDep, 3]", "    uow.add(id)\n" + CALL, "uow.add: uow is for use cases"),
        ("uow: Any", CALL, "uow is Any, so nobody sees what it holds"),
    ],
)
def test_refuses_handler_when_it_uses_what_it_should_hand_on(
    sample: SampleProject, signature: str, body: str, message: str
) -> None:
    sample.replace(ROUTER, SIGNATURE, f"{signature}) -> str:").replace(ROUTER, CALL, body)

    assert message in " ".join(messages(sample))


@pytest.mark.parametrize(
    ("signature", "body"),
    [
        ("uow: UowDep, tag: Tag", GIVEN + "    tag.send(article.version)\n    return Schema.of(article)\n"),
        ("uow: UowDep, queries: Queries", "    return Schema.of(await queries.find(id, tags=queries.all))\n"),
    ],
)
def test_passes_when_handler_hands_on_and_reads(sample: SampleProject, signature: str, body: str) -> None:
    sample.replace(ROUTER, SIGNATURE, f"{signature}) -> str:").replace(ROUTER, CALL, body)

    assert messages(sample) == []


@pytest.mark.parametrize(
    ("code", "message"),
    [
        ("def fee(role): return 3\n", "fee stands beside handlers"),
        ("class Fee: ...\n", "ClassDef stands beside handlers"),
        ("if router: pass\n", "If stands beside handlers"),
        ("U = UowDep\n", "another name for UowDep"),
        ("again = publish_article\n", "app.application.news.publish_article: only a handler"),
    ],
)
def test_refuses_router_module_when_it_holds_more_than_handlers(
    sample: SampleProject, code: str, message: str
) -> None:
    sample.write(ROUTER, (sample.root / ROUTER).read_text() + code)

    assert any(message in found for found in messages(sample))


def test_passes_when_router_module_has_constants(sample: SampleProject) -> None:
    source = (sample.root / ROUTER).read_text()
    sample.write(ROUTER, f'"""News."""\n{source}\nNEVER_CHANGES: int = 1\nINVALID = (LookupError,)\n')

    assert messages(sample) == []


def test_refuses_handler_when_a_decorator_surrounds_it(sample: SampleProject) -> None:
    sample.replace(ROUTER, "@router.post", "@guarded(3)\n@router.post")

    assert messages(sample) == ["@guarded(3) may do anything around publish"]


@pytest.mark.parametrize(
    ("code", "message"),
    [
        ("def fee(a, b):\n    return a == b\n", "a comparison"),
        ("def fee(rows):\n    for row in rows: pass\n", "a loop"),
        ("async def has(request):\n    async with start(): pass\n", "only use cases enter a unit of work"),
    ],
)
def test_refuses_dependency_when_it_decides(sample: SampleProject, code: str, message: str) -> None:
    sample.write(DEPENDENCIES, code)

    assert any(message in found for found in messages(sample))


def test_passes_when_dependency_may_be_missing(sample: SampleProject) -> None:
    code = "def actor(token):\n    if token is None:\n        raise LookupError\n    return token or 1\n"
    sample.write(DEPENDENCIES, code)

    assert messages(sample) == []


@pytest.mark.parametrize(
    ("code", "message"),
    [
        ("def may(a):\n    return a.id == ArticleId\n", "a comparison with app.domain.news.ArticleId"),
        ("def may(a):\n    return a in news.OPEN\n", "a comparison with app.domain.news.OPEN"),
        ("def may(a):\n    match a:\n        case news.OPEN: pass\n", "a comparison with app.domain"),
        (
            "class New:\n    @model_validator(mode='after')\n    def fits(self): ...\n",
            "New decides across fields",
        ),
    ],
)
def test_refuses_schema_when_it_decides_for_the_domain(
    sample: SampleProject, code: str, message: str
) -> None:
    imports = "from pydantic import model_validator\nfrom app.domain import news\n"
    sample.write(SCHEMAS, f"{imports}from app.domain.news import ArticleId\n{code}")

    assert any(message in found for found in messages(sample))


def test_passes_when_schema_checks_form(sample: SampleProject) -> None:
    sample.write(
        SCHEMAS,
        "from pydantic import field_validator, model_validator\n"
        "class TokenCreate:\n    @model_validator(mode='after')\n    def fits(self): ...\n"
        "class New:\n    @field_validator('title')\n    def short(self, text):\n        return text < 'm'\n",
    )

    assert messages(sample) == []


def test_passes_when_a_stream_is_closed(sample: SampleProject) -> None:
    code = "from contextlib import aclosing\nasync def send(chunks):\n    async with aclosing(chunks): pass\n"
    sample.write("backend/app/presentation/http/attachments.py", code)

    assert messages(sample) == []
