"""Every door's own access list: made from what the index knows, kept at the broker, followed until the door holds it.

A list is issued whole, with a salt of its own, well before the last one runs out; in between it is changed for whom a
change concerns. Who may do what is `domain.offline`'s, what a list is, `devices.accesslist`'s.

Revisions only rise, over restarts too: thousands count the issues, which are remembered, and units the changes, which
need not be. A revocation is published as soon as it counts here; nothing waits for a batch.
"""

import asyncio
import logging
import secrets
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime, timedelta

from controller.domain.facts import Fact, FactKind, Plain
from controller.domain.ids import DeviceId, DoorId, PersonId
from controller.domain.membership import Credential
from controller.domain.offline import Span, closed_within
from controller.errors import StoreError
from controller.services.doors.alarms import Alarms
from controller.services.entry.access_index import NOTHING, AccessIndex, Circumstances
from controller.services.offline.list_changes import Seen, touched, with_guests
from controller.services.offline.list_entries import EntryMaker, credentials_by_person, entries_of
from controller.services.offline.list_issuers import Partners
from controller.services.offline.list_salts import Salts
from controller.services.offline.list_sheets import Sheet, sheets_of
from controller.services.offline.list_watch import HELD_WITHIN, ListWatch
from controller.services.ports import Clock, LoggedFact, Note, Outbound
from controller.services.presence import Presence
from controller.services.screens.health import HealthBoard
from controller.services.stores import ListStore
from devices.accesslist import LONGEST_VALIDITY, SALT_BYTES, Prepared, Terms, seal
from devices.errors import LinkError
from devices.messages import AccessList, Ack, AckPhase, Health

logger = logging.getLogger(__name__)

ACK_PREFIX = "access-"
# Changes of one issue; after that many a new one is due anyway.
REVISIONS = 1_000
LOOK_EVERY = 1.0
# Days used up change lists too, but the quota left at issue may be a minute old: not every tap is a new list.
SPENT_AFTER = 60.0
# People looked at between two turns of the loop: a tap waits for a millisecond of it.
SLICE = 50
ENTRIES_A_TURN = 500
_CLOCK_JUMP = timedelta(minutes=5)
_SPENDS = frozenset({FactKind.ENTRY_TAKEN})


class AccessLists:
    """`run` is a task; everything else only takes note, and never waits."""

    def __init__(
        self,
        index: AccessIndex,
        outbound: Outbound,
        store: ListStore,
        presence: Presence,
        board: HealthBoard,
        note: Note,
        clock: Clock,
        signing_key: bytes,
        *,
        alarms: Alarms,
        beside: Circumstances = NOTHING,
        shown: Callable[[DoorId], None] = lambda door: None,
    ) -> None:
        """`shown` hears of each door whose `access_of` is another now."""
        self._index = index
        self._outbound = outbound
        self._store = store
        self._presence = presence
        self._note = note
        self._clock = clock
        self._signing_key = signing_key
        self._beside = beside
        self._shown = shown
        self.salts = Salts(index)
        self._partners = Partners(index)
        self._sheets = sheets_of(index.space)
        self._seen: Seen | None = None
        self._spent: set[PersonId] = set()
        self._spent_mono = 0.0
        self._wake = asyncio.Event()
        self._watch = ListWatch(board, alarms, clock)
        self._credentials: Mapping[PersonId, Sequence[Credential]] = {}

    # --- what happens -----------------------------------------------------------------------------

    def changed(self) -> None:
        """The index knows something new: people, the house, or the space itself."""
        self._wake.set()

    def took(self, logged: LoggedFact) -> None:
        """Somebody went in; where that used a day, less is left for the doors' lists."""
        charge = logged.fact.detail.get("charge")
        if logged.fact.kind not in _SPENDS or not isinstance(charge, Mapping):
            return
        if not self._spent:
            self._spent_mono = self._clock.monotonic()
        self._spent |= {PersonId(str(charge[key])) for key in ("holder", "subject") if charge.get(key)}

    def acknowledged(self, device: DeviceId, ack: Ack) -> None:
        """What a device says of a list it was sent; any other ack is not ours."""
        sheet = self._sheets.get(device)
        if sheet is None or not ack.re.startswith(ACK_PREFIX) or not ack.re[len(ACK_PREFIX) :].isdigit():
            return
        rev = int(ack.re[len(ACK_PREFIX) :])
        if ack.phase is AckPhase.DONE:
            self._holds(sheet, rev)
        elif ack.phase is AckPhase.REFUSED and rev == sheet.rev:
            sheet.refused = ack.reason or "refused"
            logger.warning("%s does not take version %d of its list: %s", device, rev, sheet.refused)
        elif ack.phase is AckPhase.REFUSED and sheet.issued:
            self._found_another(sheet, rev, ack.reason or "refused")

    def _found_another(self, sheet: Sheet, rev: int, reason: str) -> None:
        """What stands at the broker is not the newest of ours: it would keep the door from that, so ours goes there again."""
        sheet.is_told = False
        if rev in sheet.issued:
            return  # one of ours, overtaken on its way or put back
        what = f"version {rev} of a list that is not ours, and refused it: {reason}"
        if what != sheet.foreign:
            logger.warning("%s was sent %s", sheet.device, what)
        sheet.foreign, sheet.foreign_mono = what, self._clock.monotonic()

    def health_said(self, device: DeviceId, health: Health) -> None:
        """Which list it holds, and whether it lost anything of what it had to tell."""
        sheet = self._sheets.get(device)
        if sheet is None:
            return
        if health.access_rev is not None:
            self._holds(sheet, health.access_rev)
        lost = health.dropped or 0
        if lost > sheet.dropped:
            # Its memory was full before anybody listened; what it told of is in the log, and this many it could not.
            missing: dict[str, Plain] = {"count": lost - sheet.dropped, "why": "given up by the device"}
            self._note(Fact(FactKind.GAP_FOUND, self._clock.now(), door=sheet.door.id, device=device, detail=missing))
        sheet.dropped = lost

    def device_changed(self, device: DeviceId) -> None:
        """A device came, went or started anew: what it holds now, it says itself."""
        sheet = self._sheets.get(device)
        if sheet is None:
            return
        boot = self._presence.of(device).presence.boot
        if sheet.boot is not None and boot != sheet.boot:
            sheet.held, sheet.dropped = None, 0
            sheet.behind_mono = self._clock.monotonic()
        sheet.boot = boot
        self._show(sheet)

    def link_back(self) -> None:
        """A broker that came back may have forgotten what it retained."""
        for sheet in self._sheets.values():
            sheet.is_told = False
        self._wake.set()

    # --- questions --------------------------------------------------------------------------------

    def access_of(self, door: DoorId) -> Mapping[str, object] | None:
        """For a screen: the version this door decides by, the newest there is, and when the one it holds was issued.

        Of a door with several devices the one furthest behind counts. None: no list was made for it yet.
        """
        sheets = [sheet for sheet in self._sheets.values() if sheet.door.id == door and sheet.issued]
        if not sheets:
            return None
        worst = min(sheets, key=lambda sheet: (sheet.held or 0) - sheet.rev)
        issued = worst.issued.get(worst.held) if worst.held is not None else None
        return {
            "rev": worst.held,
            "newest": worst.rev,
            "issued": issued.isoformat() if issued is not None else None,
            "until": worst.span.end.isoformat() if worst.span is not None else None,
            "device": worst.device,
        }

    @property
    def problems(self) -> Mapping[DeviceId, str]:
        """Devices that stay behind, and how; and those that somebody else wrote a list."""
        return self._watch.problems

    # --- the work ---------------------------------------------------------------------------------

    async def run(self) -> None:
        """Keep every list as it should be, for ever."""
        await self._recall()
        while True:
            try:
                async with asyncio.timeout(LOOK_EVERY):
                    await self._wake.wait()
            except TimeoutError:
                pass
            self._wake.clear()
            await self.work()

    async def work(self) -> None:
        """One round: issue what is due, change what changed, send what was not sent, and see who is behind."""
        before, self._seen = self._seen, Seen.of(self._index)
        if before is None or before.space is not self._seen.space:
            self._relay()
        if before is None or before.people is not self._seen.people:
            self._credentials = credentials_by_person(self._index)
        concerned = None if before is None else touched(before, self._seen)
        # A pass of a partner's may be called back before anybody has shown it here: that concerns nobody known.
        is_called_back = before is not None and before.people.revoked_passes != self._seen.people.revoked_passes
        spent = self._take_spent()
        if concerned is not None and spent:
            concerned |= with_guests(spent, self._index.people)
        for sheet in self._sheets.values():
            if concerned is None:
                sheet.is_due = True
            elif sheet.issued and (concerned or is_called_back):
                await self._change(sheet, concerned)
        # One whole list in a round: a revocation that comes meanwhile never waits for thirty of a large house.
        due = [sheet for sheet in self._sheets.values() if self._is_due(sheet)]
        if due:
            await self._issue(due[0])
        if len(due) > 1:
            self._wake.set()
        for sheet in sorted(self._sheets.values(), key=lambda sheet: sheet.is_told):
            if sheet.issued and (not sheet.is_told or self._should_repeat(sheet)):
                await self._tell(sheet)
        self._watch.judge(self._sheets.values())

    async def _recall(self) -> None:
        """Which revisions were given out before this start."""
        while True:
            try:
                remembered = await self._store.remembered_lists()
                break
            except StoreError as error:
                logger.warning("access lists wait for the registry: %s", error)
                await asyncio.sleep(LOOK_EVERY)
        for one in remembered:
            self.salts.add(one.device, one.rev, one.salt)
            sheet = self._sheets.get(one.device)
            if sheet is not None:
                sheet.rev = max(sheet.rev, one.rev)
        self.salts.recalled()

    def _relay(self) -> None:
        """The devices of the space as it is now; those that stay keep their revisions."""
        fresh = sheets_of(self._index.space)
        for device, sheet in fresh.items():
            known = self._sheets.get(device)
            if known is not None:
                known.door = sheet.door
                fresh[device] = known
        self._sheets = fresh

    def _take_spent(self) -> set[PersonId]:
        if not self._spent or self._clock.monotonic() - self._spent_mono < SPENT_AFTER:
            return set()
        spent, self._spent = self._spent, set()
        return spent

    def _is_due(self, sheet: Sheet) -> bool:
        """Before half of its time is over, when its numbers run out, or when the clock went back behind its issue."""
        if sheet.is_due or sheet.span is None or sheet.rev % REVISIONS == REVISIONS - 1 or sheet.refused == "older":
            return True
        now = self._clock.now()
        half = (sheet.span.end - sheet.span.start) / 2
        return now >= sheet.span.start + half or now < sheet.span.start - _CLOCK_JUMP

    async def _issue(self, sheet: Sheet) -> None:
        """A new list with a new salt, for everybody."""
        now = self._clock.now()
        validity = min(timedelta(hours=self._index.space.offline_valid_h), LONGEST_VALIDITY)
        sheet.salt, sheet.span = secrets.token_bytes(SALT_BYTES), Span(now, now + validity)
        # Above what the device holds too: a registry restored from a backup has forgotten some.
        sheet.rev = (max(sheet.rev, sheet.held or 0) // REVISIONS + 1) * REVISIONS
        sheet.rows, sheet.refused, sheet.is_due = {}, None, False
        self.salts.add(sheet.device, sheet.rev, sheet.salt)
        maker = EntryMaker(self._index, self._beside, sheet.door, sheet.span, sheet.salt)
        for number, person in enumerate(list(self._index.everybody.values())):
            if number % SLICE == 0:
                await asyncio.sleep(0)
            row = maker.row(person, self._credentials.get(person.id, ()))
            if row:
                sheet.rows[person.id] = row
        sheet.vouching = self._partners.vouching(sheet.door, sheet.span, sheet.salt)
        try:
            await self._store.remember_list(
                sheet.device, sheet.rev, sheet.salt, _millis(sheet.span.start), _millis(sheet.span.end)
            )
        except StoreError as error:
            # A revocation is worth more than a name in a late event.
            logger.warning("%s: version %d of its list is not remembered: %s", sheet.device, sheet.rev, error)
        self._renewed(sheet, now)

    async def _change(self, sheet: Sheet, concerned: Iterable[PersonId]) -> None:
        """The same list, other for these people; no other revision where nothing of it is another."""
        assert sheet.span is not None  # it was issued
        maker = EntryMaker(self._index, self._beside, sheet.door, sheet.span, sheet.salt)
        is_another = False
        for number, identity in enumerate(concerned):
            if number % SLICE == SLICE - 1:
                await asyncio.sleep(0)
            person = self._index.everybody.get(identity)
            row = maker.row(person, self._credentials.get(identity, ())) if person is not None else ()
            if row != sheet.rows.get(identity, ()):
                is_another = True
                sheet.rows.pop(identity, None)
                if row:
                    sheet.rows[identity] = row
        partners = self._partners.vouching(sheet.door, sheet.span, sheet.salt)
        if is_another or partners != sheet.vouching:
            sheet.vouching = partners
            sheet.rev += 1
            self._renewed(sheet, self._clock.now())

    def _renewed(self, sheet: Sheet, now: datetime) -> None:
        """There is another revision, to be sent."""
        sheet.issued[sheet.rev] = now
        for old in sorted(sheet.issued)[:-REVISIONS]:
            del sheet.issued[old]
        sheet.is_told = False
        if sheet.behind_mono is None:
            sheet.behind_mono = self._clock.monotonic()
        self._show(sheet)

    async def _tell(self, sheet: Sheet) -> None:
        if not self._outbound.is_live:
            return
        rev = sheet.rev
        try:
            await self._outbound.publish_access(sheet.device, await self._sealed(sheet))
        except LinkError as error:
            logger.debug("%s was not sent its list: %s", sheet.device, error)
            return
        sheet.is_told = sheet.rev == rev
        sheet.told_mono = self._clock.monotonic()

    async def _sealed(self, sheet: Sheet) -> list[AccessList]:
        """The list as messages: made when they are sent, for thirty doors' of a large house would fill the memory."""
        assert sheet.span is not None  # it was issued
        entries: list[Prepared] = list(sheet.vouching.entries)
        for number, row in enumerate(sheet.rows.values()):
            if number % ENTRIES_A_TURN == ENTRIES_A_TURN - 1:
                await asyncio.sleep(0)
            entries += entries_of(row)
        space, issued = self._index.space, sheet.issued[sheet.rev]
        terms = Terms(
            sheet.device,
            sheet.rev,
            issued,
            max(sheet.span.end, issued + timedelta(seconds=1)),
            sheet.salt,
            space.zone.key,
            space.cut_off_minutes,
            closed_within(sheet.door, space, self._index.people.house, sheet.span),
            sheet.vouching.issuers,
        )
        return seal(terms, entries, self._signing_key)

    def _should_repeat(self, sheet: Sheet) -> bool:
        """It is there, was told, and does not say so: perhaps the broker lost what it kept."""
        late = self._clock.monotonic() - sheet.told_mono > HELD_WITHIN
        # Forged was not ours, though it bore the number of ours.
        is_ours_to_say = sheet.refused in (None, "forged")
        return late and sheet.held != sheet.rev and is_ours_to_say and self._presence.is_there(sheet.device)

    # --- who holds what ---------------------------------------------------------------------------

    def _holds(self, sheet: Sheet, rev: int) -> None:
        if rev > sheet.rev:
            # From before the registry was restored: ours would never be taken, so the next issue goes above it.
            sheet.refused = "older"
            self._wake.set()
        if rev != sheet.held:
            sheet.held = rev
            self._show(sheet)
        if rev == sheet.rev:
            sheet.refused, sheet.behind_mono = None, None

    def _show(self, sheet: Sheet) -> None:
        self._shown(sheet.door.id)


def _millis(moment: datetime) -> int:
    return round(moment.timestamp() * 1000)
