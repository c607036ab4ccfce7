"""Handlers that translate, and ways around "one signature, one call, one return"."""

import pytest

from gates.architecture.handlers import check
from tests.gates.support.sample_project import SampleProject

ROUTER = "backend/app/presentation/http/routers/news.py"
HELPER = "backend/app/presentation/http/helpers.py"
DEPENDENCIES = "backend/app/presentation/http/dependencies.py"
SCHEMAS = "backend/app/presentation/http/schemas/news.py"
SIGNATURE = "uow: object) -> str:"
CALL = "    return str(await publish_article(id, uow=uow))\n"
GIVEN = "    article = await publish_article(id, uow=uow)\n"


def test_passes_when_handler_makes_one_call(sample: SampleProject) -> None:
    outcome = check(sample.project)

    assert (outcome.status, outcome.note) == ("passed", "1 handlers")


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ("    x = [i for i in ()]\n" + CALL, "a comprehension"),
        ("    x = id + 1\n" + CALL, "arithmetic"),
        ("    x = 1\n    x += id\n" + CALL, "arithmetic"),
        ("    if id is True: return ''\n" + CALL, "a comparison"),
        ("    async with uow: pass\n" + CALL, "a with block"),
        ("    match id:\n        case 1: pass\n" + CALL, "a match"),
        ("    f = lambda: id\n" + CALL, "a lambda"),
        ("    x = sorted([id])\n" + CALL, "sorted() computes"),
        ("    spawn(publish_article(id, uow=uow))\n" + CALL, "publish makes 2 calls"),
        ("    run_all(publish_article, publish_article)\n", "publish makes 2 calls"),
        ("    await uow.members.add(id)\n" + CALL, "publish makes 2 calls"),
        ("    await (lambda: id)()\n", "a lambda"),
        ("    print(\n" + "        id,\n" * 8 + "    )\n" + CALL, "publish has 12 lines, 8 are allowed"),
        ("    uow.session.add(id)\n" + CALL, ".session: presentation uses its dependencies"),
        ("    x = request.app.extra\n" + CALL, ".app: presentation uses"),
        ("    x = getattr(uow, 'commit')\n" + CALL, "a look-up of 'commit'"),
        ("    x = getattr(uow, 'comm' + id)\n" + CALL, "a look-up of '?'"),
        ("    x = request.scope['app']\n" + CALL, "a look-up of 'app'"),
        ("    x = request.scope.get('state')\n" + CALL, "a look-up of 'state'"),
        ("    x = methodcaller('execute')\n" + CALL, "a look-up of 'execute'"),
    ],
)
def test_refuses_handler_when_it_does_more_than_translate(
    sample: SampleProject, body: str, message: str
) -> None:
    sample.replace(ROUTER, CALL, body)

    findings = check(sample.project).findings

    assert {finding.file for finding in findings} == {ROUTER}
    assert any(message in finding.message for finding in findings), findings
    assert all(finding.line >= 10 for finding in findings)


@pytest.mark.parametrize(
    "body",
    [
        "    response.headers['Location'] = f'/{id}'\n" + CALL,
        "    article = await publish_article(id, uow=uow)\n    x: int | None = -1\n    return f'{article}'\n",
        "    kept = uow.get()\n" + CALL,
        "    x = 60 * 60\n" + CALL,
    ],
)
def test_passes_when_handler_only_translates(sample: SampleProject, body: str) -> None:
    sample.replace(ROUTER, CALL, body)

    assert check(sample.project).findings == []


@pytest.mark.parametrize(
    ("code", "message"),
    [
        ("async def helper(id):\n    return await publish_article(id, uow=None)\n", "helper stands beside"),
        ("router.add_api_route('/x', print)\n", ".add_api_route registers a route unseen"),
        ("get = router.get\n", ".get registers a route unseen"),
        ("DOUBLE = [2 * n for n in (1, 2)]\n", "a comprehension"),
    ],
)
def test_refuses_router_module_when_logic_stands_beside_handler(
    sample: SampleProject, code: str, message: str
) -> None:
    sample.write(ROUTER, (sample.root / ROUTER).read_text() + code)

    assert any(message in finding.message for finding in check(sample.project).findings)


@pytest.mark.parametrize(
    ("file", "code", "message"),
    [
        (
            HELPER,
            "from app.application.news import publish_article\nx = publish_article",
            "only a handler in",
        ),
        (HELPER, "from app.application import news\nx = news.publish_article", "only a handler in"),
        (HELPER, "@app.get('/x')\ndef f():\n    return 1 if a == b else 2", "a comparison"),
        ("backend/app/main.py", "def f(a):\n    while a: pass", "a loop"),
        ("backend/app/main.py", "try:\n    pass\nexcept Exception:\n    pass", "error handling"),
        ("backend/app/main.py", "@app.get('/x')\ndef f():\n    for x in y: pass", "a loop"),
    ],
)
def test_refuses_module_when_it_is_no_place_for_this(
    sample: SampleProject, file: str, code: str, message: str
) -> None:
    sample.write(file, code)

    findings = check(sample.project).findings

    assert {finding.file for finding in findings} == {file}
    assert any(message in finding.message for finding in findings)


def test_passes_when_dependencies_read_state_in_their_one_place(sample: SampleProject) -> None:
    place = "backend/app/presentation/http/dependencies.py"
    sample.write(place, "def provided(request):\n    return request.app.state.dependencies\n")

    assert check(sample.project).findings == []

    sample.write(place, "def provided(request):\n    return request.app.state.engine\n")
    assert [finding.line for finding in check(sample.project).findings] == [2, 2]


def test_passes_when_schema_reads_its_own_fields_by_name(sample: SampleProject) -> None:
    sample.write(HELPER, "class Schema:\n    def given(self, name):\n        return getattr(self, name)\n")

    assert check(sample.project).findings == []


def test_passes_when_main_wires(sample: SampleProject) -> None:
    sample.write(
        "backend/app/main.py",
        "LIMIT = 2 * 3\ndef f(parts, app):\n    for part in parts:\n        app.include_router(part)\n"
        "    app.state.x = 1\n    try:\n        yield\n    finally:\n        app.close()\n",
    )

    assert check(sample.project).findings == []


def test_fails_when_there_are_no_handlers(sample: SampleProject) -> None:
    sample.write(ROUTER)

    assert check(sample.project).status == "failed"


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
        ("uow: Any", CALL, "uow is Any, so its content is unknown"),
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
