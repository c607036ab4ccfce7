"""Reads check the right and return the result unchanged; exports are audited."""

from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from typing import Any, cast
from uuid import UUID

import pytest

from app.application import audit, consultations, events, exports, members, news, sessions
from app.application.consultations_queries import (
    ConsultationQueries,
    ConsultationView,
    ConsultationVisibility,
    OptionView,
    QuestionView,
    Results,
    Tally,
)
from app.application.events_queries import EventVisibility
from app.application.export_files import ExportFormat, FileType, Row, RowStream
from app.application.exports import Export, Exporter
from app.application.news_queries import NewsVisibility
from app.domain.consultations.consultation import ConsultationNotClosedError, ConsultationStatus
from app.domain.consultations.drafts import ConsultationAudience, ResultsVisibility
from app.domain.consultations.questions import QuestionKind
from app.domain.consultations.responses import ResultsPrivateError
from app.domain.members.member import Role
from tests.factories import NOW, make_actor
from tests.fakes import FixedClock, InMemoryStore, InMemoryUnitOfWork

ADMIN = make_actor(Role.ADMIN)
ME = ADMIN.member_id
ID, QUESTION, YES, OPEN = (UUID(int=number) for number in range(1, 5))
WHERE = object()
PAGE = object()
ANSWER = object()
MAY_SEE = ConsultationVisibility.of(ADMIN)
DRAFT = ConsultationStatus.DRAFT
IS_OPEN = ConsultationStatus.OPEN
CLOSED = ConsultationStatus.CLOSED
ARCHIVED = ConsultationStatus.ARCHIVED
PUBLIC = ResultsVisibility.PUBLIC
PRIVATE = ResultsVisibility.PRIVATE
TALLY = Tally(7, {YES: 7}, {OPEN: ["Birds.", "Shade."]})


class Queries:
    """Returns the same result to every query, and records its arguments."""

    def __init__(self) -> None:
        self.asked: list[object] = []

    def __getattr__(self, name: str) -> Callable[..., Awaitable[object]]:
        async def answer(*arguments: object, **options: object) -> object:
            self.asked.append((name, arguments, options))
            return ANSWER

        return answer


@pytest.mark.parametrize(
    ("use_case", "given", "asked"),
    [
        (audit.list_audit_entries, (WHERE, PAGE), ("list_entries", (), {"where": WHERE, "page": PAGE})),
        (
            news.list_articles,
            (WHERE, PAGE),
            ("list_articles", (), {"where": WHERE, "page": PAGE, "visible": NewsVisibility.of(ADMIN)}),
        ),
        (news.read_article, (ID,), ("get_article", (ID,), {"visible": NewsVisibility.of(ADMIN)})),
        (
            events.list_events,
            (WHERE, PAGE),
            ("list_events", (), {"where": WHERE, "page": PAGE, "visible": EventVisibility.of(ADMIN)}),
        ),
        (events.read_event, (ID,), ("get_event", (ID,), {"visible": EventVisibility.of(ADMIN)})),
        (members.list_members, (WHERE, PAGE), ("list_members", (), {"where": WHERE, "page": PAGE})),
        (members.read_member, (ID,), ("get_member", (ID,), {})),
        (members.read_own_member, (), ("get_member", (ME,), {})),
        (members.read_own_data, (), ("read", (ME,), {})),
        (sessions.list_sessions, (PAGE,), ("list_sessions", (), {"actor": ADMIN, "page": PAGE})),
        (
            consultations.list_consultations,
            (WHERE, PAGE),
            ("list_consultations", (), {"where": WHERE, "page": PAGE, "visible": MAY_SEE}),
        ),
        (consultations.read_consultation, (ID,), ("get_consultation", (ID,), {"visible": MAY_SEE})),
        (
            consultations.read_own_response,
            (ID,),
            ("get_response", (ID,), {"member_id": ME, "visible": MAY_SEE}),
        ),
    ],
)
async def test_returns_the_answer_when_the_actor_may_ask(
    use_case: Callable[..., Awaitable[object]], given: tuple[object, ...], asked: object
) -> None:
    queries = Queries()

    answer = await use_case(*given, actor=ADMIN, queries=queries)

    assert (answer, queries.asked) == (ANSWER, [asked])


def make_view(**overrides: Any) -> ConsultationView:
    questions = [
        QuestionView(
            QUESTION,
            "Trees?",
            None,
            QuestionKind.SINGLE_CHOICE,
            required=True,
            options=[OptionView(YES, "Yes")],
        ),
        QuestionView(OPEN, "Why?", None, QuestionKind.OPEN_TEXT, required=False, options=[]),
    ]
    given: dict[str, Any] = {
        "id": ID,
        "title": "Trees",
        "description": None,
        "opens_at": None,
        "closes_at": None,
        "audience": ConsultationAudience.MEMBERS,
        "status": CLOSED,
        "results_visibility": PUBLIC,
        "anonymous": False,
        "created_by": ME,
        "created_at": NOW,
        "updated_at": NOW,
        "ballots_shuffled": True,
        "version": 1,
        "questions": questions,
    }
    return ConsultationView(**given | overrides)


class Counted:
    """Counts of a consultation: seven answers and two texts."""

    def __init__(self, view: ConsultationView) -> None:
        self.view = view

    async def get_consultation(self, _id: UUID, *, visible: ConsultationVisibility) -> ConsultationView:
        assert self.view.status in {*visible.statuses, DRAFT}
        return self.view

    async def tally(self, _consultation: ConsultationView) -> Tally:
        return TALLY


def counted(**overrides: Any) -> ConsultationQueries:
    return cast("ConsultationQueries", Counted(make_view(**overrides)))


@pytest.mark.parametrize(
    ("role", "visibility", "anonymous", "status"),
    [
        (Role.MEMBER, PUBLIC, False, CLOSED),
        (Role.MEMBER, PUBLIC, True, CLOSED),
        (Role.BOARD_MEMBER, PRIVATE, False, CLOSED),
        (Role.BOARD_MEMBER, PRIVATE, True, ARCHIVED),
        (Role.BOARD_MEMBER, PUBLIC, False, IS_OPEN),
    ],
)
async def test_tells_results_when_the_reader_may_have_them_now(
    *, role: Role, visibility: ResultsVisibility, anonymous: bool, status: ConsultationStatus
) -> None:
    queries = counted(results_visibility=visibility, anonymous=anonymous, status=status)

    results = await consultations.read_results(ID, actor=make_actor(role), queries=queries)

    assert results == Results.of(make_view(anonymous=anonymous), TALLY)


@pytest.mark.parametrize(
    ("role", "visibility", "anonymous", "status", "refusal"),
    [
        (Role.MEMBER, PRIVATE, False, CLOSED, ResultsPrivateError),
        (Role.MEMBER, PUBLIC, False, IS_OPEN, ConsultationNotClosedError),
        (Role.BOARD_MEMBER, PUBLIC, True, IS_OPEN, ConsultationNotClosedError),
        (Role.BOARD_MEMBER, PUBLIC, False, DRAFT, ConsultationNotClosedError),
    ],
)
async def test_refuses_results_when_too_early_or_not_public(
    *,
    role: Role,
    visibility: ResultsVisibility,
    anonymous: bool,
    status: ConsultationStatus,
    refusal: type[Exception],
) -> None:
    queries = counted(results_visibility=visibility, anonymous=anonymous, status=status)

    with pytest.raises(refusal):
        await consultations.read_results(ID, actor=make_actor(role), queries=queries)


@pytest.mark.parametrize(("responses", "version"), [(None, 1), (0, 1), (7, 8)])
def test_has_a_new_version_when_responses_came(responses: int | None, version: int) -> None:
    assert Results(ID, anonymous=True, responses=responses, questions=[]).version == version


# Files


async def rows(*batches: Sequence[Row]) -> AsyncGenerator[Sequence[Row]]:
    for batch in batches:
        yield batch


CSV = FileType(ExportFormat.CSV)


class Source:
    """Records every query and its arguments."""

    def __init__(self) -> None:
        self.asked: list[object] = []

    def __getattr__(self, name: str) -> Callable[..., RowStream]:
        def table(*arguments: object, **options: object) -> RowStream:
            self.asked.append((name, arguments, options))
            return RowStream(("a",), rows([[1]], [[2]]))

        return table


class ListEncoder:
    media_type = "text/plain"

    async def encode(self, table: RowStream) -> AsyncGenerator[bytes]:
        async for batch in table.batches:
            yield repr([table.columns, *batch]).encode()


class ExportDriver:
    """The ports of exports."""

    def __init__(self, clock: FixedClock) -> None:
        self.store = InMemoryStore()
        self.source = Source()
        exporter = Exporter(source=cast("Any", self.source), encoders={CSV: ListEncoder()})
        self.ports = {"uow": InMemoryUnitOfWork(self.store), "clock": clock, "exporter": exporter}

    def recorded(self) -> list[object]:
        return [(entry.action, entry.actor_id, entry.subject_id, entry.at) for entry in self.store.audit]


@pytest.fixture
def driver(clock: FixedClock) -> ExportDriver:
    return ExportDriver(clock)


@pytest.mark.parametrize(
    ("use_case", "name", "action", "right"),
    [
        (exports.export_news, "news", "news:export", {"visible": NewsVisibility.of(ADMIN)}),
        (exports.export_events, "events", "events:export", {"visible": EventVisibility.of(ADMIN)}),
        (exports.export_members, "members", "members:export", {}),
    ],
)
async def test_records_the_export_when_the_first_piece_is_there(
    use_case: Callable[..., Export], name: str, action: str, right: dict[str, object], driver: ExportDriver
) -> None:
    export = use_case(WHERE, CSV, actor=ADMIN, **driver.ports)
    assert driver.recorded() == []

    pieces = [piece async for piece in export.chunks]

    assert (export.file_name, export.media_type) == (f"{name}.csv", "text/plain")
    assert pieces == [b"[('a',), [1]]", b"[('a',), [2]]"]
    assert driver.source.asked == [(name.replace("-", "_"), (), {"where": WHERE, "requested_by": ME} | right)]
    assert driver.recorded() == [(action, ME, None, NOW)]


async def test_exports_who_answered_what_when_it_is_named(driver: ExportDriver) -> None:
    export = await export_responses(driver, anonymous=False)

    assert [piece async for piece in export.chunks] == [b"[('a',), [1]]", b"[('a',), [2]]"]
    assert (export.file_name, driver.source.asked) == (
        "responses.csv",
        [("responses", (ID,), {"requested_by": ME})],
    )
    assert driver.recorded() == [("responses:export", ME, ID, NOW)]


async def test_exports_what_results_tell_when_it_is_anonymous(driver: ExportDriver) -> None:
    export = await export_responses(driver, anonymous=True)

    columns = ("question_id", "question", "answer", "count")
    assert [piece async for piece in export.chunks] == [
        repr([columns, (QUESTION, "Trees?", "Yes", 7)]).encode(),
        repr([columns]).encode(),
    ]
    assert driver.source.asked == []


async def test_exports_one_row_for_each_text_when_they_may_be_told() -> None:
    results = Results.of(make_view(), TALLY)

    batches = [batch async for batch in exports._table_of(results).batches]

    assert batches[1] == [(OPEN, "Why?", "Birds.", 1), (OPEN, "Why?", "Shade.", 1)]


async def test_exports_nothing_when_results_are_not_told_yet(driver: ExportDriver) -> None:
    with pytest.raises(ConsultationNotClosedError):
        await export_responses(driver, anonymous=True, status=IS_OPEN)


async def export_responses(driver: ExportDriver, **overrides: Any) -> Export:
    return await exports.export_responses(
        ID, CSV, actor=ADMIN, queries=counted(**overrides), **cast("Any", driver.ports)
    )
