"""From a hash in an event back to whose badge it was, by the list the door decided from.

A door that was cut off tells of last week's reads by last week's list, so the salts of earlier issues are kept.
"""

import asyncio
import contextlib
from collections import OrderedDict

from controller.domain.ids import CredentialId, DeviceId
from controller.domain.membership import Credential, Person
from controller.services.entry.access_index import AccessIndex
from controller.services.offline.list_entries import credential_named
from devices.accesslist import entry_hash

# Tables of one issue each: a house of some thirty doors, and as many again that come back with an older list.
_TABLES = 64
# Hashes made between two turns of the loop: half a millisecond.
_SLICE = 300
# A store that cannot be read for longer leaves them unknown: the fact is written all the same, without a person.
RECALL_WITHIN = 10.0


class Salts:
    """By device, and by the first revision each was used for."""

    def __init__(self, index: AccessIndex) -> None:
        self._index = index
        self._salts: dict[DeviceId, dict[int, bytes]] = {}
        self._recalled = asyncio.Event()
        self._tables: OrderedDict[tuple[DeviceId, int, int], dict[str, CredentialId]] = OrderedDict()

    def add(self, device: DeviceId, rev: int, salt: bytes) -> None:
        self._salts.setdefault(device, {})[rev] = salt

    def recalled(self) -> None:
        """Those of before the start are all here."""
        self._recalled.set()

    async def holder_of(self, device: DeviceId, rev: int | None, h: str) -> tuple[Credential | None, Person | None]:
        """Whose credential stands for this hash in that revision of that device's list; nobody's when it is unknown."""
        first = self._first(device, rev)
        if first is None:
            # A door tells as soon as we are there again, perhaps before its old lists have been read.
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(RECALL_WITHIN):
                    await self._recalled.wait()
            first = self._first(device, rev)
        if first is None:
            return None, None
        table = await self._table(device, first, self._salts[device][first])
        return credential_named(self._index, table[h]) if h in table else (None, None)

    def _first(self, device: DeviceId, rev: int | None) -> int | None:
        """The revision from which on the salt of this one was used."""
        return max((known for known in self._salts.get(device, {}) if rev is None or known <= rev), default=None)

    async def _table(self, device: DeviceId, first: int, salt: bytes) -> dict[str, CredentialId]:
        people = self._index.people
        key = (device, first, people.version)
        table = self._tables.get(key)
        if table is None:
            table = {}
            for number, (credential, digest) in enumerate(people.list_digests.items()):
                if number % _SLICE == _SLICE - 1:
                    await asyncio.sleep(0)
                table[entry_hash(salt, digest)] = credential
            self._tables[key] = table
            while len(self._tables) > _TABLES:
                self._tables.popitem(last=False)
        return table
