"""Where tokens are kept: a port with a version of its own, since a token is nobody's right at a door."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from controller.domain.ids import TokenId
from controller.domain.tokens import Token


@dataclass(frozen=True, slots=True)
class KeptToken:
    token: Token
    digest: bytes = field(repr=False)


class TokenStore(Protocol):
    """`version` rises with every token made or revoked, by any process; with its uses it does not."""

    async def version(self) -> int: ...
    async def tokens(self) -> list[KeptToken]: ...  # all, the first made first
    async def put_token(self, token: Token, digest: bytes) -> int: ...
    async def revoke_token(self, id: TokenId, at: datetime) -> int: ...  # revoked already: no new version
    async def tokens_used(self, uses: Mapping[TokenId, datetime]) -> None: ...  # the latest counts
