"""Sessions compared with a model: refresh, retry, replay, revoke and wait in any order."""

from datetime import timedelta

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from app.domain.auth import (
    InvalidGrantError,
    RefreshToken,
    RefreshTokenReplayedError,
    Session,
    SessionId,
)
from app.domain.identifiers import uuid7
from tests.examples import EXAMPLES
from tests.factories import NOW, make_member


class SessionMachine(RuleBasedStateMachine):
    """The model: a chain of tokens, of which the last is live, and the rules of rotation."""

    @initialize()
    def log_in(self) -> None:
        session_id = SessionId(uuid7(NOW))
        self.now = self.started_at = self.rotated_at = NOW
        self.chain = [RefreshToken(session_id, "0")]
        self.revoked = False
        self.session = Session.start(self.chain[0], member_id=make_member().id, at=NOW)

    def over(self) -> bool:
        idle = self.now - self.rotated_at >= timedelta(days=14)
        return self.revoked or idle or self.now - self.started_at >= timedelta(days=30)

    def present(self, number: int) -> type[InvalidGrantError] | None:
        token = self.chain[number]
        successor = RefreshToken(token.session_id, str(number + 1))
        try:
            self.session.rotate(token, successor, self.now)
        except InvalidGrantError as error:
            return type(error)
        assert self.session.token_digest == successor.digest
        return None

    @rule()
    def refresh(self) -> None:
        over = self.over()
        outcome = self.present(len(self.chain) - 1)
        assert outcome is (InvalidGrantError if over else None)
        if not over:
            self.chain.append(RefreshToken(self.session.id, str(len(self.chain))))
            self.rotated_at = self.now

    @rule(age=st.integers(1, 4))
    def present_an_older_token(self, age: int) -> None:
        if age >= len(self.chain):
            return
        over = self.over()
        outcome = self.present(len(self.chain) - 1 - age)
        if over:
            assert outcome is InvalidGrantError
        elif age == 1:
            assert outcome is None
            self.rotated_at = self.now
        else:
            assert outcome is RefreshTokenReplayedError
            self.revoked = True

    @rule()
    def revoke(self) -> None:
        self.session.revoke(self.now)
        self.revoked = True

    @rule(seconds=st.sampled_from([1, 9, 10, 11, 3600, 13 * 86_400, 14 * 86_400]))
    def wait(self, seconds: int) -> None:
        self.now += timedelta(seconds=seconds)

    @invariant()
    def ends_exactly_when_the_model_does(self) -> None:
        assert self.session.has_ended(self.now) is self.over()

    @invariant()
    def live_token_is_the_newest(self) -> None:
        assert self.session.token_digest == self.chain[-1].digest


SessionMachine.TestCase.settings = settings(max_examples=EXAMPLES.machines, stateful_step_count=25)
TestSessions = SessionMachine.TestCase
