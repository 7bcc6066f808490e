"""Profiles and first entries in SQL: the `ProfileStore` port."""

import json
from datetime import datetime

from sqlalchemy import Connection, delete, insert, select

from controller.adapters.sql import schema_registry as registry
from controller.adapters.sql import schema_rooms as schema
from controller.adapters.sql.columns import milliseconds, moment
from controller.adapters.sql.database import Database
from controller.adapters.sql.people_changes import person_of
from controller.adapters.sql.versions import next_of, version_of
from controller.domain.community import Language, Profile
from controller.domain.ids import PersonId

_LANGUAGES = {one.value: one for one in Language}


class SqlProfiles:
    """Over the registry's own database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def version(self) -> int:
        return await self._database.read(lambda connection: version_of(connection, schema.PROFILES_KEY))

    async def profiles(self) -> dict[PersonId, Profile]:
        return await self._database.read(_profiles)

    async def put_profile(self, profile: Profile) -> int:
        return await self._database.write(lambda connection: _put(connection, profile))

    async def forget_profile(self, person: PersonId) -> int:
        return await self._database.write(lambda connection: _forget(connection, person))

    async def note_first_entry(self, person: PersonId, at: datetime) -> bool:
        return await self._database.write(lambda connection: _note_first(connection, person, at))

    async def first_entries(self) -> dict[PersonId, datetime]:
        every = select(schema.first_entry.c.person, schema.first_entry.c.at_ms)
        return await self._database.read(
            lambda connection: {PersonId(person): moment(at) for person, at in connection.execute(every)}
        )


def _profiles(connection: Connection) -> dict[PersonId, Profile]:
    return {
        PersonId(row.person): Profile(
            PersonId(row.person),
            row.email,
            row.webhook,
            # A language that a newer version writes is not ours to write in.
            _LANGUAGES.get(row.language, Language.ENGLISH),
            row.wants_notices,
            row.shares_presence,
            row.can_be_asked,
            tuple(json.loads(row.skills)),
            row.about,
        )
        for row in connection.execute(select(schema.profile))
    }


def _put(connection: Connection, one: Profile) -> int:
    person_of(connection, one.person)
    connection.execute(delete(schema.profile).where(schema.profile.c.person == one.person))
    connection.execute(
        insert(schema.profile).values(
            person=one.person,
            email=one.email,
            webhook=one.webhook,
            language=one.language.value,
            wants_notices=one.wants_notices,
            shares_presence=one.shares_presence,
            can_be_asked=one.can_be_asked,
            skills=json.dumps(one.skills, ensure_ascii=False),
            about=one.about,
        )
    )
    return next_of(connection, schema.PROFILES_KEY)


def _forget(connection: Connection, person: PersonId) -> int:
    gone = connection.execute(delete(schema.profile).where(schema.profile.c.person == person))
    if not gone.rowcount:
        return version_of(connection, schema.PROFILES_KEY)
    return next_of(connection, schema.PROFILES_KEY)


def _note_first(connection: Connection, person: PersonId, at: datetime) -> bool:
    first, people = schema.first_entry, registry.person
    if connection.execute(select(first.c.person).where(first.c.person == person)).first() is not None:
        return False
    if connection.execute(select(people.c.id).where(people.c.id == person)).first() is None:
        return False
    connection.execute(insert(first).values(person=person, at_ms=milliseconds(at)))
    return True
