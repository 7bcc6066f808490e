"""A house that was restored from a backup, before anything comes in: the world went on without it.

A door keeps the newest access list it was given, and takes only one of a higher number. Somebody may have ended what
stood open by hand. And the log must say, for good, where it was cut.
"""

import secrets
from datetime import UTC, datetime, timedelta

from controller.domain.facts import Fact, FactKind
from controller.domain.house import HouseState, Wanted
from controller.domain.ids import PersonId
from controller.errors import InputError
from controller.services.offline.access_lists import REVISIONS
from controller.services.ports import EventLog
from controller.services.stores import HouseStore, IssuedList, ListStore
from devices.accesslist import SALT_BYTES

# Lists issued since the backup was made, at most: one a minute, and these on top for a clock that was wrong.
SPARE_ISSUES = 1_000
RESTORE = PersonId("restore")


async def settle(
    made: datetime, natoma: str, lists: ListStore, house: HouseStore, log: EventLog, state: HouseState, now: datetime
) -> None:
    """All that follows from having been restored from a backup of `made`. Cut short and repeated, no harm is done."""
    await _raise_lists(lists, made, now)
    for one in state.overrides:
        # Locked and propped stay: they let in nobody who may not come in anyway.
        if one.wanted is Wanted.UNLOCKED:
            await _end(house, one.id, now)
    await log.append_all([Fact(FactKind.HOUSE_RESTORED, now, detail={"made": made.isoformat(), "natoma": natoma})])


async def _end(house: HouseStore, id_: str, now: datetime) -> None:
    try:
        await house.end_override(id_, RESTORE, "a backup was restored: set it again if it is still wanted", now)
    except InputError:
        return  # its time is over


async def _raise_lists(lists: ListStore, made: datetime, now: datetime) -> None:
    """Above every number that a door can have been given since: it would take none below."""
    since = max(now - made, timedelta(0)) // timedelta(minutes=1)
    newest: dict[str, IssuedList] = {}
    for one in await lists.remembered_lists():
        if one.device not in newest or one.rev > newest[one.device].rev:
            newest[one.device] = one
    at_ms = round(now.astimezone(UTC).timestamp() * 1000)
    for one in newest.values():
        above = (one.rev // REVISIONS + SPARE_ISSUES + since) * REVISIONS
        await lists.remember_list(one.device, above, secrets.token_bytes(SALT_BYTES), at_ms, at_ms)
