"""What was answered to a request that carried a key of its own, kept for a day: asked again, it is not done again.

Answers may tell a guest's or a ticket's token, so they are sealed with the asking token's own secret, which nobody keeps.
"""

import hashlib
import hmac
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Protocol

from controller.domain.ids import TokenId
from controller.services.ports import Clock

KEPT_FOR = timedelta(hours=24)


@dataclass(frozen=True, slots=True)
class KeptAnswer:
    """`asked` is the digest of what was asked."""

    asked: bytes
    sealed: bytes = field(repr=False)
    at: datetime


class AnswerStore(Protocol):
    """By a digest of token and key."""

    async def answer(self, key: bytes) -> KeptAnswer | None: ...
    async def keep_answer(self, key: bytes, answer: KeptAnswer, forget_before: datetime) -> None: ...  # replaces


class Sealer(Protocol):
    """Authenticated encryption under a key of 32 bytes; None where the key is another or the bytes were changed."""

    def seal(self, key: bytes, plain: bytes) -> bytes: ...
    def open(self, key: bytes, sealed: bytes) -> bytes | None: ...


class OtherRequest(Exception):
    """The key stands for another request already."""


class Answers:
    """For one token's secret at a time: without it nothing kept here can be read."""

    def __init__(self, store: AnswerStore, sealer: Sealer, clock: Clock) -> None:
        self._store = store
        self._sealer = sealer
        self._clock = clock
        self._being_answered: set[bytes] = set()

    def begin(self, token: TokenId, key: str) -> bool:
        """Whether nobody else is being answered under this key; `end` it in any case."""
        name = _name(token, key)
        if name in self._being_answered:
            return False
        self._being_answered.add(name)
        return True

    def end(self, token: TokenId, key: str) -> None:
        self._being_answered.discard(_name(token, key))

    async def known(self, token: TokenId, secret: str, key: str, asked: bytes) -> bytes | None:
        """What was answered before; OtherRequest where the key was for something else."""
        kept = await self._store.answer(_name(token, key))
        if kept is None or self._clock.now() - kept.at >= KEPT_FOR:
            return None
        if not hmac.compare_digest(kept.asked, asked):
            raise OtherRequest
        return self._sealer.open(_sealing_key(secret), kept.sealed)

    async def keep(self, token: TokenId, secret: str, key: str, asked: bytes, answer: bytes) -> None:
        now = self._clock.now()
        kept = KeptAnswer(asked, self._sealer.seal(_sealing_key(secret), answer), now)
        await self._store.keep_answer(_name(token, key), kept, now - KEPT_FOR)


def _name(token: TokenId, key: str) -> bytes:
    return hashlib.sha256(f"{token}\0{key}".encode()).digest()


def _sealing_key(secret: str) -> bytes:
    """It follows from the secret, which neither it nor the digest that is kept leads back to."""
    return hmac.digest(secret.encode(), b"natoma answers\x01", "sha256")
