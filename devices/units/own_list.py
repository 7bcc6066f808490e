"""The access list a door holds itself: taken page by page, confirmed, and asked when nobody answers.

What a list is and whom it admits is in `devices.accesslist`; when to ask it, in `reading`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime

from devices.accesslist import AccessListError, LocalDecision, OpenedList, UsedDays, decide_offline, open_list, pages_of
from devices.accesslist.deciding import Reason
from devices.badges import CONTRACT, ReaderProfile
from devices.messages import AccessList, Ack, AckPhase, BadgeReadData
from devices.times import clock_is_set
from devices.topics import Kind
from devices.units.steps import Effects, Heard, Publish

# A list and the one that overtakes it. More would let a flood of odd pages fill a small memory.
_LISTS_ON_THEIR_WAY = 2


@dataclass(frozen=True, slots=True)
class DoorKeys:
    """What the house gave its doors: the key badges are hashed under, and the one its lists are known by."""

    list_key: bytes = field(repr=False)
    public_key: bytes


@dataclass(frozen=True, slots=True)
class OwnList:
    """The newest list this device found good. Without keys it can know none, and admits nobody."""

    device: str = ""
    keys: DoorKeys | None = None
    profile: ReaderProfile = CONTRACT  # how its reader spells badges
    opened: OpenedList | None = None
    used: UsedDays = field(default=frozenset(), repr=False)
    # Pages of lists not yet whole, by (revision, signature): a page that fits neither never spoils another's.
    arriving: tuple[tuple[tuple[int, str], Mapping[int, AccessList]], ...] = field(default=(), repr=False)

    @property
    def rev(self) -> int | None:
        return self.opened.rev if self.opened is not None else None

    def takes(self, heard: Heard, page: AccessList) -> tuple["OwnList", Effects]:
        """One message of a list. A whole and good one replaces the one held; anything else leaves it as it is."""
        if self.keys is None:
            return self, _acks(page, AckPhase.REFUSED, "no_keys") if not heard.page else ()
        if self.rev is not None and page.rev <= self.rev:
            # Said again at each connect: the broker keeps it. One answer for a whole list is enough.
            return self, () if heard.page else self._answers_known(page)
        key = (page.rev, page.sig)
        pages = {**dict(self.arriving).get(key, {}), heard.page or 0: page}
        others = tuple(pair for pair in self.arriving if pair[0] != key)
        if len(pages) < pages_of(page):
            return replace(self, arriving=(*others, (key, pages))[-_LISTS_ON_THEIR_WAY:]), ()
        try:
            opened = open_list(pages, self.keys.public_key, self.device, self.rev)
        except AccessListError as error:
            return replace(self, arriving=others), _acks(page, AckPhase.REFUSED, error.reason.value)
        newer = tuple(pair for pair in others if pair[0][0] > opened.rev)
        # The new list counts what is left of a quota from its own issue on.
        taken = replace(self, opened=opened, used=frozenset(), arriving=newer)
        return taken, _acks(page, AckPhase.DONE)

    def decides(self, shown: BadgeReadData, now: datetime) -> tuple["OwnList", LocalDecision | None]:
        """Whom to let in with nobody to ask; None: there is no list to go by."""
        if self.opened is None or self.keys is None:
            # Leaving needs no list.
            return self, LocalDecision(True, Reason.EXIT) if shown.direction == "out" else None
        decision = decide_offline(
            self.opened,
            self.keys.list_key,
            shown,
            self.profile,
            now,
            clock_known=clock_is_set(now),
            used=self.used,
        )
        return replace(self, used=decision.used), decision

    def _answers_known(self, page: AccessList) -> Effects:
        if page.rev == self.rev:
            return _acks(page, AckPhase.DONE)
        return _acks(page, AckPhase.REFUSED, "older")


def _acks(page: AccessList, phase: AckPhase, reason: str | None = None) -> Effects:
    return (Publish(Kind.ACK, Ack(re=f"access-{page.rev}", phase=phase, reason=reason)),)
