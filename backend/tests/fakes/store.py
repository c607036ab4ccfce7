"""The committed rows."""

from uuid import UUID

from app.application.jobs import Job
from app.domain.audit import AuditEntry
from app.domain.auth import OneTimeToken, Session
from app.domain.calendar_addresses import CalendarAddress
from app.domain.consultations.consultation import Consultation
from app.domain.consultations.responses import Ballot, Participation, Response
from app.domain.email_changes import EmailChange
from app.domain.events import Event
from app.domain.members.member import Member
from app.domain.news import Article
from app.domain.rate_limits import RateLimitCount, RateLimitKey


class InMemoryStore:
    """The committed rows. Units of work read copies."""

    def __init__(self) -> None:
        self.members: dict[UUID, Member] = {}
        self.sessions: dict[UUID, Session] = {}
        self.one_time_tokens: dict[UUID, OneTimeToken] = {}
        self.email_changes: dict[UUID, EmailChange] = {}
        self.calendar_addresses: dict[UUID, CalendarAddress] = {}
        self.rate_limits: dict[RateLimitKey, RateLimitCount] = {}
        self.news: dict[UUID, Article] = {}
        self.consultations: dict[UUID, Consultation] = {}
        self.responses: list[Response] = []
        self.participations: list[Participation] = []
        self.ballots: list[Ballot] = []
        self.erased_respondents: set[tuple[UUID, bytes]] = set()
        self.events: dict[UUID, Event] = {}
        self.audit: list[AuditEntry] = []
        self.jobs: list[Job] = []
