"""The tokens in memory: a request's secret is known again without asking the database, and one revoked is not.

What changes a token is another process most of the time, so the store's version is followed as that of rights is.
"""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from controller.domain.ids import PersonId, TokenId
from controller.domain.membership import Person
from controller.domain.tokens import Token, TokenState, state_of
from controller.errors import StoreError
from controller.services.lookouts import look_again_and_again
from controller.services.ports import Clock
from controller.services.tokens.attempts import Attempts
from controller.services.tokens.secret import digest_of, is_whole
from controller.services.tokens.store import TokenStore

logger = logging.getLogger(__name__)

# A token that is revoked must be refused within a second.
FOLLOW_EVERY = 0.2
# When it was last used is for a person who tidies up; written for each request it would be a commit for each.
USE_WRITTEN_EVERY = timedelta(minutes=1)
HEALTH = "api tokens"


@dataclass(frozen=True, slots=True)
class Unknown:
    """No such token, or not any more; `why` is for its holder and says nothing of the secret."""

    why: str
    wait_s: float | None = None  # before this address is answered again


class Keyring:
    """Answers whose secret this is."""

    def __init__(
        self,
        store: TokenStore,
        clock: Clock,
        person: Callable[[PersonId], Person | None],
        report: Callable[[str, bool, str], None] = lambda *_: None,
    ) -> None:
        """`person`: who a token acts as, as they are now. `report`: how the part of this name is, whether well, in words."""
        self._store = store
        self._clock = clock
        self._person = person
        self._report = report
        self._version: int | None = None
        self._by_digest: dict[bytes, Token] = {}
        self._written: dict[TokenId, datetime] = {}  # when the last use was, as the store has it
        self._used: dict[TokenId, datetime] = {}  # uses on their way there
        self._attempts = Attempts()

    def recognise(self, secret: str | None, address: str) -> Token | Unknown:
        """The token of this secret, if it is good now."""
        if secret is None:
            return Unknown("the request has no token: send it as `Authorization: Bearer natoma_…`")
        token = self._by_digest.get(digest_of(secret)) if is_whole(secret) else None
        if token is not None:
            reason = self._why_not(token)
            if reason is None:
                self._note_use(token)
                return token
            why = f"the token {token.name!r} {reason}"
        elif is_whole(secret):
            why = "no token of this house"
        else:
            why = "not a token of Natoma, or not all of it: one begins with natoma_ and has 56 characters"
        wait_s = self._attempts.failed(address, self._clock.monotonic())
        return Unknown(why, wait_s)

    async def run(self) -> None:
        """Follow the store for ever, and tell it of uses."""
        await look_again_and_again(self._look, every=FOLLOW_EVERY, failing="tokens are as they were", logger=logger)

    async def _look(self) -> None:
        try:
            await self.refresh()
            await self._write_uses()
        finally:
            self._tell()

    async def refresh(self) -> None:
        """Bring what is in memory to the store's newest version."""
        version = await self._store.version()
        if version == self._version:
            return
        kept = await self._store.tokens()
        self._by_digest = {one.digest: one.token for one in kept}
        self._written |= {one.token.id: one.token.used_at for one in kept if one.token.used_at is not None}
        self._version = version

    def _why_not(self, token: Token) -> str | None:
        """Why it is not good now."""
        state = state_of(token, self._clock.now())
        if state is not TokenState.ACTIVE:
            return f"is {state}"
        if token.person is None:
            return None
        person = self._person(token.person)
        if person is None:
            return "acts for somebody who is not known here any more"
        return "acts for somebody who is banned" if person.banned else None

    def _note_use(self, token: Token) -> None:
        now = self._clock.now()
        last = self._written.get(token.id)
        if last is None or now - last >= USE_WRITTEN_EVERY:
            self._written[token.id] = self._used[token.id] = now

    async def _write_uses(self) -> None:
        if not self._used:
            return
        uses, self._used = self._used, {}
        try:
            await self._store.tokens_used(uses)
        except StoreError:
            self._used = uses | self._used
            raise

    def _tell(self) -> None:
        many = self._attempts.many(self._clock.monotonic())
        good = sum(state_of(one, self._clock.now()) is TokenState.ACTIVE for one in self._by_digest.values())
        self._report(HEALTH, many is None, many or f"{good} in use" if good else "none made")
