"""Tokens of programs in SQL: the `TokenStore` port."""

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import Connection, Row, insert, or_, select, update

from controller.adapters.sql import schema_rooms as schema
from controller.adapters.sql.columns import milliseconds, milliseconds_or_none, moment, moment_or_none
from controller.adapters.sql.database import Database
from controller.adapters.sql.people_changes import person_of
from controller.adapters.sql.versions import next_of, version_of
from controller.domain.ids import AreaId, PersonId, TokenId
from controller.domain.tokens import Token, TokenScope
from controller.errors import InputError
from controller.services.people import registry_checks as checks
from controller.services.tokens.store import KeptToken

_table = schema.api_token


class SqlTokens:
    """Over the registry's own database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def version(self) -> int:
        return await self._database.read(lambda connection: version_of(connection, schema.TOKENS_KEY))

    async def tokens(self) -> list[KeptToken]:
        every = select(_table).order_by(_table.c.made_ms, _table.c.id)
        return await self._database.read(lambda connection: [_kept(row) for row in connection.execute(every)])

    async def put_token(self, token: Token, digest: bytes) -> int:
        return await self._database.write(lambda connection: _put(connection, token, digest))

    async def revoke_token(self, id: TokenId, at: datetime) -> int:
        return await self._database.write(lambda connection: _revoke(connection, id, at))

    async def tokens_used(self, uses: Mapping[TokenId, datetime]) -> None:
        if uses:
            await self._database.write(lambda connection: _used(connection, uses))


def _put(connection: Connection, token: Token, digest: bytes) -> int:
    if token.person is not None:
        person_of(connection, token.person)
    if connection.execute(select(_table.c.id).where(_table.c.id == token.id)).first() is not None:
        raise InputError(f"token {token.id!r} is there already: a new token has an id of its own")
    connection.execute(
        insert(_table).values(
            id=token.id,
            name=token.name,
            digest=digest,
            scopes=" ".join(sorted(token.scopes)),
            area=token.area,
            person=token.person,
            made_ms=milliseconds(token.made_at),
            made_by=token.made_by,
            expires_ms=milliseconds(token.expires_at),
            revoked_ms=milliseconds_or_none(token.revoked_at),
            used_ms=milliseconds_or_none(token.used_at),
        )
    )
    return next_of(connection, schema.TOKENS_KEY)


def _revoke(connection: Connection, id: TokenId, at: datetime) -> int:
    row = connection.execute(select(_table.c.revoked_ms).where(_table.c.id == id)).one_or_none()
    if row is None:
        raise checks.unknown("token", id, connection.scalars(select(_table.c.id).limit(10_000)))
    if row.revoked_ms is not None:
        return version_of(connection, schema.TOKENS_KEY)
    connection.execute(update(_table).where(_table.c.id == id).values(revoked_ms=milliseconds(at)))
    return next_of(connection, schema.TOKENS_KEY)


def _used(connection: Connection, uses: Mapping[TokenId, datetime]) -> None:
    for id, at in uses.items():
        used_ms = milliseconds(at)
        is_later = or_(_table.c.used_ms.is_(None), _table.c.used_ms < used_ms)
        connection.execute(update(_table).where(_table.c.id == id, is_later).values(used_ms=used_ms))


def _kept(row: Row[tuple[object, ...]]) -> KeptToken:
    known = set(TokenScope)
    return KeptToken(
        Token(
            TokenId(row.id),
            row.name,
            # A scope that a newer version knows is not ours to grant.
            frozenset(TokenScope(word) for word in row.scopes.split() if word in known),
            moment(row.made_ms),
            moment(row.expires_ms),
            AreaId(row.area) if row.area is not None else None,
            PersonId(row.person) if row.person is not None else None,
            row.made_by,
            moment_or_none(row.revoked_ms),
            moment_or_none(row.used_ms),
        ),
        bytes(row.digest),
    )
