"""Whom a change concerns: whoever is not named may do at every door what they could before."""

from dataclasses import replace
from datetime import date, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from controller.domain.holdings import Booking, GuestPass, VisitingPass
from controller.domain.house import ExtraHoliday, HouseState
from controller.domain.ids import AreaId, BookingId, CohortId, CredentialId, PartnerId, PersonId, TeamId
from controller.domain.membership import (
    Cohort,
    Credential,
    CredentialState,
    Lease,
    Membership,
    Person,
    PersonKind,
    Team,
)
from controller.domain.offline import Span
from controller.services.entry.access_index import NOTHING, AccessIndex
from controller.services.offline.list_changes import Seen, touched
from controller.services.offline.list_entries import EntryMaker, credentials_by_person
from controller.services.ports import RegistrySnapshot
from tests.unit.domain.house import FLOOR, FULL, LANDING, NOON, OFFICE, OFFICE_DOOR, SPACE, STREET, TWO_DAYS

PEOPLE = [PersonId(name) for name in ("ann", "ben", "cat")]
TEAM, COHORT = TeamId("team"), CohortId("cohort")
WEEK = Span(NOON, NOON + timedelta(days=7))
BOOL = st.booleans()
MOMENTS = st.integers(0, 48).map(lambda hours: NOON + timedelta(hours=hours))
who = st.sampled_from(PEOPLE)


@st.composite
def snapshots(draw: st.DrawFn) -> RegistrySnapshot:
    people = {
        one: Person(
            one, one, draw(st.sampled_from([PersonKind.MEMBER, PersonKind.STAFF])), draw(BOOL),
            draw(st.sampled_from([None, TEAM])), cohorts=draw(st.sampled_from([(), (COHORT,)])),
        )
        for one in PEOPLE
        if draw(st.integers(0, 9))
    }  # fmt: skip
    credentials = {
        CredentialId(f"badge-{one}"): Credential(
            CredentialId(f"badge-{one}"), one, state=draw(st.sampled_from(CredentialState))
        )
        for one in people
        if draw(st.integers(0, 9))
    }
    start = draw(MOMENTS)
    return RegistrySnapshot(
        version=1,
        people=people,
        memberships={
            one: (Membership(one, draw(st.sampled_from([FULL, TWO_DAYS])), date(2026, 1, 1)),)
            for one in people
            if draw(BOOL)
        },
        credentials=credentials,
        list_digests={one: draw(st.sampled_from([b"1" * 32, b"2" * 32])) for one in credentials if draw(BOOL)},
        leases=(Lease(TEAM, OFFICE, date(2026, 1, 1)),) if draw(BOOL) else (),
        teams={TEAM: Team(TEAM, "Team")},
        team_memberships={TEAM: (Membership(None, FULL, date(2026, 1, 1), group=TEAM),)} if draw(BOOL) else {},
        cohorts={COHORT: Cohort(COHORT, "Cohort", FULL, date(2026, 1, 1), date(2026, 12, 31))} if draw(BOOL) else {},
        bookings={
            BookingId("b"): Booking(
                BookingId("b"), AreaId(FLOOR), start, start + timedelta(hours=1), draw(who), frozenset({draw(who)})
            )
        }
        if draw(BOOL)
        else {},
        guest_passes=(GuestPass("g", draw(who), draw(who), start, start + timedelta(days=1)),) if draw(BOOL) else (),
        visits=(VisitingPass("v", PartnerId("p"), draw(who), FULL, start, start + timedelta(days=2)),)
        if draw(BOOL)
        else (),
        house=HouseState(holidays=(ExtraHoliday(NOON.date(), "Off"),)) if draw(BOOL) else HouseState(),
    )


def rows(index: AccessIndex) -> dict[tuple[str, PersonId], object]:
    credentials = credentials_by_person(index)
    found: dict[tuple[str, PersonId], object] = {}
    for door in (STREET, LANDING, OFFICE_DOOR):
        maker = EntryMaker(index, NOTHING, door, WEEK, bytes(16))
        for one in PEOPLE:
            person = index.people.people.get(one)
            found[door.id, one] = maker.row(person, credentials.get(one, ())) if person is not None else ()
    return found


@settings(max_examples=200, deadline=None)
@given(snapshots(), snapshots())
def test_whoever_is_not_named_may_do_what_they_could_before(before: RegistrySnapshot, after: RegistrySnapshot):
    old, new = AccessIndex(SPACE, before), AccessIndex(SPACE, after)

    concerned = touched(Seen.of(old), Seen.of(new))

    if concerned is not None:
        was, now = rows(old), rows(new)
        assert {one for (_, one), row in now.items() if row != was[_, one]} <= concerned


def test_nothing_changed_concerns_nobody_and_another_space_everybody():
    index = AccessIndex(SPACE, RegistrySnapshot(version=1))
    seen = Seen.of(index)

    assert touched(seen, seen) == set()
    index.publish(replace(SPACE, version="v2"))
    assert touched(seen, Seen.of(index)) is None
