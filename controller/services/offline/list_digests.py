"""Learning how doors may know a badge: its number is known for a moment only, when it is read.

Badges enrolled before there were access lists have no list digest. The first read with us makes one; until then their
doors' lists do not know them, and their holders wait for us.
"""

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass, field

from controller.domain.ids import CredentialId
from controller.errors import InputError, StoreError
from controller.services.entry.access_index import AccessIndex
from controller.services.people.people import PeopleStore
from devices.badges import Badge

logger = logging.getLogger(__name__)

# A full house on its first morning; who is left out comes again tomorrow.
WAITING_LIMIT = 500


@dataclass(frozen=True, slots=True)
class _Badge:
    credential: CredentialId
    badge: Badge = field(repr=False)


class ListDigests:
    """`saw` is called with every known badge that was read; `run` is a task."""

    def __init__(self, index: AccessIndex, store: PeopleStore, digest_of: Callable[[Badge], bytes]) -> None:
        """`digest_of` is slow on purpose, and asked beside the loop."""
        self._index = index
        self._store = store
        self._digest_of = digest_of
        self._waiting: asyncio.Queue[_Badge] = asyncio.Queue(WAITING_LIMIT)
        self._learning: set[CredentialId] = set()

    def saw(self, credential: CredentialId, badge: Badge) -> None:
        """One look-up where the badge is known to lists already, which it is but for once."""
        if credential in self._index.people.list_digests or credential in self._learning:
            return
        if not self._waiting.full():
            self._learning.add(credential)
            self._waiting.put_nowait(_Badge(credential, badge))

    async def run(self) -> None:
        """Learn one after the other, for ever."""
        while True:
            one = await self._waiting.get()
            try:
                list_digest = await asyncio.to_thread(self._digest_of, one.badge)
                await self._store.learn_list_digest(one.credential, list_digest)
            except (InputError, StoreError) as error:
                logger.warning("doors alone do not know credential %s yet: %s", one.credential, error)
            finally:
                self._learning.discard(one.credential)
