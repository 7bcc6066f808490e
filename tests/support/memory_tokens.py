"""Tokens in memory: the honest twin of the TokenStore port."""

from collections.abc import Collection, Mapping
from dataclasses import replace
from datetime import datetime

from controller.domain.ids import PersonId, TokenId
from controller.domain.tokens import Token
from controller.errors import InputError, StoreError
from controller.services.people import registry_checks as checks
from controller.services.tokens.store import KeptToken


class MemoryTokens:
    """`people` are those who are there; None: everybody is."""

    def __init__(self, people: Collection[PersonId] | None = None) -> None:
        self._people = people
        self._kept: dict[TokenId, KeptToken] = {}
        self._version = 1
        self.failure: StoreError | None = None

    async def version(self) -> int:
        if self.failure is not None:
            raise self.failure
        return self._version

    async def tokens(self) -> list[KeptToken]:
        return sorted(self._kept.values(), key=lambda one: (one.token.made_at, one.token.id))

    async def put_token(self, token: Token, digest: bytes) -> int:
        if self._people is not None and token.person is not None and token.person not in self._people:
            raise checks.unknown("person", token.person, self._people, "`natoma people export` lists everybody")
        if token.id in self._kept:
            raise InputError(f"token {token.id!r} is there already: a new token has an id of its own")
        self._kept[token.id] = KeptToken(token, digest)
        self._version += 1
        return self._version

    async def revoke_token(self, id: TokenId, at: datetime) -> int:
        if id not in self._kept:
            raise checks.unknown("token", id, self._kept)
        kept = self._kept[id]
        if kept.token.revoked_at is None:
            self._kept[id] = replace(kept, token=replace(kept.token, revoked_at=at))
            self._version += 1
        return self._version

    async def tokens_used(self, uses: Mapping[TokenId, datetime]) -> None:
        if self.failure is not None:
            raise self.failure
        for id, at in uses.items():
            kept = self._kept[id]
            if kept.token.used_at is None or kept.token.used_at < at:
                self._kept[id] = replace(kept, token=replace(kept.token, used_at=at))
