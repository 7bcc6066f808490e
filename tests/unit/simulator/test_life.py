"""Everybody who lives in the sample building, by what their hands do over one seeded week."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from statistics import median

import pytest

from simulator.acts import Act, Follow, MoveLeaf, PressButton, Ring, Tap
from simulator.building import OUTSIDE, Building
from simulator.entitled import guess
from simulator.people import Outsider, SimPerson, make_outsiders
from simulator.people.characters import lifestyle
from simulator.people.habits import Habits
from simulator.people.meetings import Meeting
from simulator.world import World

pytestmark = pytest.mark.law

MONDAY, TUESDAY, WEDNESDAY, THURSDAY, FRIDAY, SATURDAY, SUNDAY = (date(2026, 11, 16) + timedelta(n) for n in range(7))
THANKSGIVING = date(2026, 11, 26)


@dataclass(repr=False)
class Week:
    """What was done, and what stood in the rooms' calendar."""

    building: Building
    acts: list[tuple[datetime, Act]]
    habits: Habits
    # How many were in which area, at each quarter of an hour.
    heads: dict[datetime, Counter[str]] = field(default_factory=dict)

    def of(self, day: date, begins: time = time(0), ends: time = time(23, 59)) -> Iterator[tuple[datetime, Act]]:
        return ((at, act) for at, act in self.acts if at.date() == day and begins <= at.time() <= ends)

    def arrivals(self, day: date, style: str) -> dict[str, datetime]:
        """Who of this style tapped at the street, and when first."""
        first: dict[str, datetime] = {}
        for at, act in self.of(day):
            if not isinstance(act, Tap) or act.door.outer != OUTSIDE or act.direction == "out":
                continue
            if lifestyle(act.person, self.building) == style:
                first.setdefault(act.person.id, at)
        return first

    def in_room(self, room: str, at: datetime) -> int:
        return self.heads[at][room]


def lived(building: Building, people: list[SimPerson], first: date, days: int) -> Week:
    start = datetime.combine(first, time(4), building.zone)
    everyone = [*people, *make_outsiders(building, 1)]
    admits = guess(building)
    world = World(building, everyone, 1, start, admits=admits)

    def judge(tap: Tap) -> bool:
        return tap.direction == "out" or admits(tap.person, tap.door, datetime.fromtimestamp(world.now, building.zone))

    week = Week(building, [], Habits(building, everyone, 1))
    for quarter in range(days * 96):
        at = start + timedelta(minutes=15 * quarter)
        done = world.live(at.timestamp(), judge)
        week.acts += [(datetime.fromtimestamp(moment, building.zone), act) for moment, act in done]
        week.heads[at] = world.whereabouts()
    return week


@pytest.fixture(scope="module")
def week(parisoma: Building, people: list[SimPerson]) -> Week:
    return lived(parisoma, people, MONDAY, 7)


@pytest.fixture(scope="module")
def thanksgiving(parisoma: Building, people: list[SimPerson]) -> Week:
    return lived(parisoma, people, THANKSGIVING - timedelta(days=1), 3)


def at(building: Building, day: date, hour: int, minute: int = 0) -> datetime:
    return datetime.combine(day, time(hour, minute), building.zone)


def minute_of(moment: datetime) -> float:
    return moment.hour * 60 + moment.minute


def test_hosts_open_the_house_and_freelancers_come_late_in_the_morning(week: Week):
    staff = median(map(minute_of, week.arrivals(TUESDAY, "staff").values()))
    freelancers = [*week.arrivals(TUESDAY, "day").values(), *week.arrivals(TUESDAY, "part").values()]

    assert staff < 8.75 * 60
    assert len(freelancers) > 10
    assert 9.75 * 60 < median(map(minute_of, freelancers)) < 11 * 60


def test_runners_come_at_six_on_their_mornings_and_on_no_others(week: Week):
    for day in (MONDAY, WEDNESDAY, FRIDAY):
        came = week.arrivals(day, "hosted")
        assert len(came) >= 4
        assert all(time(5, 50) <= moment.time() <= time(6, 15) for moment in came.values())
    assert not week.arrivals(TUESDAY, "hosted")
    assert not week.arrivals(SATURDAY, "hosted")


def test_teams_meet_on_mondays_each_in_a_room_of_its_own(week: Week):
    teams = {meeting.circle: meeting for meeting in week.habits.meetings.on(MONDAY) if meeting.begins <= 11 * 60}
    offices = {person_team for person_team in teams if not person_team.startswith("circle")}
    held = [teams[team] for team in offices if not teams[team].is_no_show]

    assert len(offices) == 7
    assert sum(middle(week, MONDAY, meeting) >= 2 for meeting in held) >= len(held) - 1


def middle(week: Week, day: date, meeting: Meeting) -> int:
    """How many are in the room at the quarter of an hour after a meeting began."""
    minutes = (meeting.begins // 15 + 1) * 15
    return week.in_room(meeting.room, at(week.building, day, minutes // 60, minutes % 60))


def test_the_cohort_has_its_workshop_in_the_classroom_on_wednesdays(week: Week):
    assert week.in_room("classroom", at(week.building, WEDNESDAY, 11)) >= 12
    assert week.in_room("classroom", at(week.building, TUESDAY, 11)) <= 2


def test_no_room_is_booked_twice_at_a_time(week: Week):
    for day in (MONDAY, TUESDAY, WEDNESDAY, THURSDAY, FRIDAY):
        meetings = week.habits.meetings.on(day)
        assert len(meetings) >= 8
        for place, one in enumerate(meetings):
            assert not any(one.overlaps(other.room, other.begins, other.ends) for other in meetings[place + 1 :])


def test_to_some_bookings_nobody_comes(week: Week):
    missed = [
        (day, meeting)
        for day in (MONDAY, TUESDAY, WEDNESDAY, THURSDAY, FRIDAY)
        for meeting in week.habits.meetings.on(day)
        if meeting.is_no_show
    ]

    assert missed
    for day, meeting in missed:
        begins = at(week.building, day, meeting.begins // 60, meeting.begins % 60)
        taps = {
            act.person.id
            for moment, act in week.of(day)
            if isinstance(act, Tap) and act.door.inner == meeting.room and abs(moment - begins) < timedelta(minutes=10)
        }
        # Somebody may have a word in an empty room; those who booked it do not come together.
        assert len(taps & set(meeting.people)) <= 1


def test_an_evening_talk_brings_alumni_and_outsiders_by_their_tickets(week: Week):
    outsiders, alumni = week.arrivals(THURSDAY, "outsider"), week.arrivals(THURSDAY, "alumni")

    assert 45 <= len(outsiders) <= 60
    assert len(alumni) >= 4
    assert all(time(17, 45) <= moment.time() <= time(19) for moment in outsiders.values())
    shown = {act.person for _, act in week.of(THURSDAY) if isinstance(act, Tap) and act.person.id in outsiders}
    assert all(isinstance(person, Outsider) and person.token and not person.badge for person in shown)
    assert week.in_room("classroom", at(week.building, THURSDAY, 19, 30)) >= 50
    assert week.in_room("classroom", at(week.building, THURSDAY, 22)) <= 2
    assert not week.arrivals(TUESDAY, "outsider")


def test_whoever_forgets_the_badge_rings_and_goes_in_behind_somebody_or_goes_home(week: Week):
    forgetful = week.habits.characters.forgetful
    rang = {moment.date() for moment, act in week.acts if isinstance(act, Ring) and act.person.id == forgetful}
    tapped = {moment.date() for moment, act in week.acts if isinstance(act, Tap) and act.person.id == forgetful}

    assert rang
    assert not rang & tapped, "without a badge nobody taps all day"
    assert tapped, "on other days it is there"
    waits = []
    for moment, act in week.acts:
        if isinstance(act, Ring) and act.door.outer == OUTSIDE:
            behind = [
                later - moment
                for later, other in week.acts
                if isinstance(other, Follow) and other.person.id == act.person.id and moment <= later
            ]
            if behind and behind[0] < timedelta(minutes=9):
                waits.append(behind[0])
    assert waits
    assert max(waits) <= timedelta(minutes=8, seconds=5), "nobody waits for ever"


def test_one_props_the_street_door_to_smoke_and_others_walk_through(week: Week):
    stood: list[float] = []
    opened: dict[str, datetime] = {}
    through = 0
    for moment, act in week.acts:
        if isinstance(act, MoveLeaf) and act.door.id == "street":
            if act.is_open:
                opened["street"] = moment
                who = act.person.id if act.person is not None else None
                by_propper = who == week.habits.characters.propper
            elif by_propper and (seconds := (moment - opened["street"]).total_seconds()) > 60:
                stood.append(seconds)
        through += isinstance(act, Follow) and act.door.id == "street"

    assert len(stood) >= 5, "several a week"
    assert max(stood) < 210
    assert through > len(stood)


def test_a_tailgater_slips_in_behind_others_without_a_word(week: Week):
    tailgater = week.habits.characters.tailgater
    slipped = [act for _, act in week.acts if isinstance(act, Follow) and act.person.id == tailgater]

    assert len(slipped) >= 5
    assert any(isinstance(act, Tap) and act.person.id == tailgater for _, act in week.acts), "and taps at other times"


def test_whoever_follows_passes_a_leaf_that_somebody_else_opened(week: Week):
    open_now: set[str] = set()
    for _, act in week.acts:
        if isinstance(act, MoveLeaf):
            (open_now.add if act.is_open else open_now.discard)(act.door.id)
        if isinstance(act, Follow):
            assert act.door.id in open_now


def test_the_podcast_is_on_thursdays_at_three_and_asks_once(week: Week):
    pressed = [moment for moment, act in week.acts if isinstance(act, PressButton)]

    assert len(pressed) == 1
    assert pressed[0].date() == THURSDAY
    assert time(14, 50) <= pressed[0].time() <= time(15, 10)
    assert week.in_room("booth", at(week.building, THURSDAY, 15, 30)) >= 2


def test_lunch_is_in_the_kitchen_and_outside(week: Week):
    for day in (TUESDAY, WEDNESDAY, THURSDAY):
        kitchens = [
            max(week.in_room(room, at(week.building, day, 12, minute)) for minute in (30, 45))
            for room in ("kitchen", "kitchen-second")
        ]
        inside = {hour: sum(week.heads[at(week.building, day, hour, 45)].values()) for hour in (11, 12, 14)}
        assert sum(kitchens) >= 10
        assert inside[12] < 0.85 * min(inside[11], inside[14])


def test_few_come_on_a_weekend_and_nobody_stays_the_night(week: Week):
    busiest = max(sum(week.heads[at(week.building, TUESDAY, hour)].values()) for hour in range(9, 18))
    saturday = max(sum(week.heads[at(week.building, SATURDAY, hour)].values()) for hour in range(9, 18))

    assert 80 < busiest < 180
    assert 0 < saturday < busiest / 3
    assert all(sum(week.heads[at(week.building, day, 3)].values()) <= 3 for day in (TUESDAY, FRIDAY, SUNDAY))


def test_a_holiday_is_like_a_sunday_but_for_the_runners(thanksgiving: Week):
    before, on = (
        max(sum(thanksgiving.heads[at(thanksgiving.building, day, hour)].values()) for hour in range(9, 18))
        for day in (THANKSGIVING - timedelta(days=1), THANKSGIVING)
    )

    assert 0 < on < before / 4
    assert not thanksgiving.arrivals(THANKSGIVING, "outsider")
    assert not thanksgiving.habits.meetings.on(THANKSGIVING)
    # A Friday, and the house is closed once more.
    assert len(thanksgiving.arrivals(THANKSGIVING + timedelta(days=1), "hosted")) >= 4


@pytest.mark.parametrize(
    ("night", "hours"), [(date(2026, 3, 8), 23), (date(2026, 11, 1), 25)], ids=["spring", "autumn"]
)
def test_on_the_night_of_the_other_clock_people_keep_the_local_hour(
    parisoma: Building, people: list[SimPerson], night: date, hours: int
):
    start = datetime.combine(night - timedelta(days=1), time(4), parisoma.zone)
    end = datetime.combine(night, time(4), parisoma.zone)
    admits = guess(parisoma)
    world = World(parisoma, people, 1, start, admits=admits)
    world.live(end.timestamp(), lambda tap: True)
    monday = datetime.combine(night + timedelta(days=1), time(4), parisoma.zone)
    sunday = world.live(monday.timestamp(), lambda tap: True)
    taps = [datetime.fromtimestamp(moment, parisoma.zone) for moment, act in sunday if isinstance(act, Tap)]

    assert (end.timestamp() - start.timestamp()) / 3600 == hours
    assert taps
    # Nobody comes an hour early or late: the first of a quiet Sunday after seven, by the clock on the wall.
    assert time(7) <= min(taps).time() <= time(11)
