"""Whom a hash in a door's own list meant, also when the door tells before the old lists have been read."""

import asyncio
from dataclasses import replace

from controller.domain.ids import CredentialId, DeviceId
from controller.services.entry.access_index import AccessIndex
from controller.services.offline.list_salts import Salts
from devices.accesslist import entry_hash
from tests.support.services import ALICE, ALICES_BADGE, PEOPLE, SPACE

DOOR, SALT, DIGEST = DeviceId("door-street"), b"s" * 16, b"d" * 32


async def test_what_a_door_tells_before_its_old_lists_are_read_waits_for_them() -> None:
    people = replace(PEOPLE, list_digests={CredentialId(ALICES_BADGE.id): DIGEST})
    salts = Salts(AccessIndex(SPACE, people))
    asked = asyncio.ensure_future(salts.holder_of(DOOR, 7, entry_hash(SALT, DIGEST)))
    await asyncio.sleep(0)

    salts.add(DOOR, 5, SALT)
    salts.recalled()

    assert (await asked)[1] == ALICE
