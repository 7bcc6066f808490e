"""The two hundred people of a building, as the simulator makes them, in the registry of the house.

Who may go where is read here from the plans' own words, by other means than the house's: `allows`.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from controller.domain.ids import AreaId, CredentialId, PersonId, PlanId
from controller.domain.membership import (
    Credential,
    CredentialState,
    Membership,
    Person,
    PersonKind,
    Standing,
)
from controller.services.ports import RegistrySnapshot
from devices.badges import Badge
from devices.messages import BadgeReadData
from simulator.building import Building
from simulator.entitled import owes_too_much
from simulator.people import SimPerson, make_people
from tests.support.services import PlainDigests

# What the sample building's plans say of the rooms that are booked: which days and hours each opens, local minutes.
_ROOMS_OF = {
    "full-time": {"meeting", "booth"},
    "team": {"meeting", "booth"},
    "two-days": {"meeting"},
    "cohort": {"meeting", "classes"},
}
_HOURS_OF = {
    "full-time": lambda weekday: (6 * 60 + 30, 23 * 60),
    "two-days": lambda weekday: (6 * 60 + 30, 23 * 60),
    "team": lambda weekday: (0, 24 * 60),
    "cohort": lambda weekday: (7 * 60, 24 * 60) if weekday < 5 else (9 * 60, 22 * 60),
}
ZONE_OF = {
    **{AreaId(name): "meeting" for name in ("minna", "howard", "folsom", "mission", "harrison")},
    AreaId("booth"): "booth",
    AreaId("classroom"): "classes",
}
# Which of them book by which plan, and for how long at most.
LONGEST_MINUTES = {"full-time": 240, "team": 240, "two-days": 120, "cohort": 150}


@dataclass(frozen=True, slots=True)
class Holder:
    """Somebody with a badge, or a guest with a token."""

    id: PersonId
    plan: str
    is_staff: bool
    is_welcome: bool
    shown: BadgeReadData

    def allows(self, room: AreaId, at: datetime, zone: ZoneInfo) -> bool:
        """Whether what they are lets them into a room, whoever has booked it."""
        if not self.is_welcome:
            return False
        if self.is_staff:
            return True
        if ZONE_OF[room] not in _ROOMS_OF.get(self.plan, ()):
            return False
        local = at.astimezone(zone)
        opens, closes = _HOURS_OF[self.plan](local.weekday())
        return opens <= local.hour * 60 + local.minute < closes


def people_of(building: Building, seed: int, today: date) -> tuple[RegistrySnapshot, dict[PersonId, Holder]]:
    """Everybody, with their troubles: lost badges, unpaid bills, memberships that have ended."""
    found = make_people(building, seed, today, 200)
    badges = {one.id: Credential(CredentialId(f"badge-{one.id}"), PersonId(one.id), **_validity(one)) for one in found}
    digests = {_digest(one): badges[one.id].id for one in found}
    people = {PersonId(one.id): Person(PersonId(one.id), one.name, PersonKind(one.kind)) for one in found}
    memberships = {PersonId(one.id): (_membership(one),) for one in found if one.plan}
    snapshot = RegistrySnapshot(
        version=1,
        people=people,
        memberships=memberships,
        credentials={badge.id: badge for badge in badges.values()},
        digests=digests,
    )
    holders = {PersonId(one.id): _holder(one, building, today) for one in found}
    return snapshot, holders


def guest(id: PersonId, token: str) -> Holder:
    """Somebody who has nothing but the token of one booking."""
    return Holder(id, "", is_staff=False, is_welcome=True, shown=BadgeReadData(token=token))


def bookers(holders: Mapping[PersonId, Holder]) -> list[Holder]:
    """Those whose plans book rooms."""
    return [one for one in holders.values() if one.is_welcome and one.plan in LONGEST_MINUTES]


def _holder(one: SimPerson, building: Building, today: date) -> Holder:
    welcome = one.badge_state in ("", "active") and one.standing in ("", "active", "grace")
    welcome = welcome and not owes_too_much(one, building, today) and one.kind != "visitor"
    if one.valid_from or one.valid_until:
        welcome = False
    if one.until and date.fromisoformat(one.until) < today:
        welcome = False
    shown = BadgeReadData(card=one.badge, bits=56, format="iso14443a")
    return Holder(PersonId(one.id), one.plan, one.kind == "staff", welcome, shown)


def _digest(one: SimPerson) -> bytes:
    return PlainDigests().of(Badge(one.badge, 56, "iso14443a"))


def _validity(one: SimPerson) -> dict[str, object]:
    return {
        "state": CredentialState(one.badge_state or "active"),
        "valid_from": datetime.fromisoformat(one.valid_from) if one.valid_from else None,
        "valid_until": datetime.fromisoformat(one.valid_until) if one.valid_until else None,
        "last_two": one.badge[-2:],
    }


def _membership(one: SimPerson) -> Membership:
    return Membership(
        PersonId(one.id),
        PlanId(one.plan),
        # Before anybody looks back at a week or a month.
        min(date.fromisoformat(one.starts), date(2026, 1, 1)) - timedelta(days=1),
        date.fromisoformat(one.until) if one.until else None,
        Standing(one.standing or "active"),
        due_since=date.fromisoformat(one.due_since) if one.due_since else None,
        due_cents=round(float(one.due) * 100) if one.due else 0,
    )
