import pytest

from gates.architecture.handlers import check
from tests.gates.support.sample_project import SampleProject

ROUTER = "backend/app/presentation/http/routers/news.py"
HELPER = "backend/app/presentation/http/helpers.py"
CALL = "    return str(await publish_article(id, uow=uow))\n"


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
