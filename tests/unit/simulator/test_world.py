"""The world: people come, sit, meet, are refused and leave, the same way every time for the same seed."""

from collections import Counter
from datetime import date, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from simulator.acts import Act, Judge, MoveLeaf, PressButton, PressExit, Tap
from simulator.building import OUTSIDE, Building
from simulator.building_file import load
from simulator.entitled import guess
from simulator.people import SimPerson, make_people
from simulator.people.habits import Habits
from simulator.routes import Routes
from simulator.world import World

HOUR = 3600.0
SPACES = sorted((Path(__file__).parents[3] / "simulator" / "spaces").glob("*.yaml"))


def everybody(_: Tap) -> bool:
    return True


def nobody(_: Tap) -> bool:
    return False


def world(building: Building, people: list[SimPerson], start: datetime, seed: int = 1) -> World:
    return World(building, people, seed, start, admits=guess(building))


def lived(building: Building, people: list[SimPerson], start: datetime, hours: float, judge: Judge) -> list[Act]:
    return [act for _, act in world(building, people, start).live(start.timestamp() + hours * HOUR, judge)]


@pytest.mark.law
def test_the_same_seed_lives_the_same_day_to_the_last_hand(
    parisoma: Building, people: list[SimPerson], morning: datetime
):
    once, twice = (world(parisoma, people, morning).live(morning.timestamp() + 4 * HOUR, everybody) for _ in range(2))

    assert once == twice
    assert len(once) > 500


@pytest.mark.law
def test_a_day_cut_into_pieces_is_the_same_day(parisoma: Building, people: list[SimPerson], morning: datetime):
    whole, pieces = world(parisoma, people, morning), world(parisoma, people, morning)
    acts = whole.live(morning.timestamp() + HOUR, everybody)
    pieced = [act for minute in range(1, 61) for act in pieces.live(morning.timestamp() + minute * 60, everybody)]

    assert pieced == acts
    assert pieces.room("kitchen") == whole.room("kitchen")


@pytest.mark.law
def test_another_seed_lives_another_day(parisoma: Building, people: list[SimPerson], morning: datetime):
    one, other = (world(parisoma, people, morning, seed).live(morning.timestamp() + HOUR, everybody) for seed in (1, 2))

    assert one != other


def test_the_house_fills_in_the_morning_and_is_empty_at_night(
    parisoma: Building, people: list[SimPerson], morning: datetime
):
    house = world(parisoma, people, morning)
    at_ten = sum(house.whereabouts().values())
    house.live(morning.replace(hour=23).timestamp(), everybody)

    assert 40 < at_ten < 160
    assert sum(house.whereabouts().values()) <= 3


def test_the_street_door_is_busy_as_soon_as_somebody_watches(
    parisoma: Building, people: list[SimPerson], morning: datetime
):
    house = world(parisoma, people, morning)
    first_minute = house.live(morning.timestamp() + 60, everybody)

    at_the_street = [moment for moment, act in first_minute if isinstance(act, Tap) and act.door.id == "street"]
    assert len(at_the_street) >= 4
    assert at_the_street[0] < morning.timestamp() + 10


def test_even_on_sunday_night_somebody_comes_when_the_people_live_a_weekday(
    parisoma: Building, people: list[SimPerson], morning: datetime
):
    sunday_night = datetime(2026, 11, 22, 3, 12, tzinfo=parisoma.zone)
    admits = guess(parisoma)
    house = World(parisoma, people, 1, morning, admits=lambda person, door, _: admits(person, door, sunday_night))
    acts = house.live(morning.timestamp() + 600, lambda tap: admits(tap.person, tap.door, sunday_night))

    taps = [act for _, act in acts if isinstance(act, Tap)]
    assert len(taps) >= 15
    assert len({tap.door.id for tap in taps}) >= 4


def test_whoever_is_admitted_opens_the_door_and_it_falls_shut_behind(
    parisoma: Building, people: list[SimPerson], morning: datetime
):
    leaves = [act for act in lived(parisoma, people, morning, 3, everybody) if isinstance(act, MoveLeaf)]
    open_now: Counter[str] = Counter()
    for leaf in leaves:
        open_now[leaf.door.id] += 1 if leaf.is_open else -1
        assert open_now[leaf.door.id] in (0, 1), "one person at a time passes a door"

    assert len(leaves) > 200


def test_nobody_refused_gets_in_and_nobody_is_kept_in(parisoma: Building, people: list[SimPerson], morning: datetime):
    house = world(parisoma, people, morning)
    inside = sum(house.whereabouts().values())

    acts = [act for _, act in house.live(morning.timestamp() + 13 * HOUR, nobody)]

    assert not any(isinstance(act, MoveLeaf) and act.inward for act in acts)
    assert inside > 0
    assert any(isinstance(act, PressExit) and act.door.id == "street" for act in acts)


def test_whoever_is_turned_away_at_the_street_goes_home(parisoma: Building, people: list[SimPerson], morning: datetime):
    taps = Counter(
        act.person.id
        for act in lived(parisoma, people, morning.replace(hour=5), 15, nobody)
        if isinstance(act, Tap) and act.door.outer == OUTSIDE
    )

    assert taps
    assert max(taps.values()) <= 2


def test_a_reader_that_never_answers_keeps_nobody_waiting_for_ever(
    parisoma: Building, people: list[SimPerson], morning: datetime
):
    house = world(parisoma, people, morning)

    acts = house.advance(morning.timestamp() + 10 * HOUR)

    assert sum(isinstance(act, Tap) for act in acts) > 50
    assert not any(isinstance(act, MoveLeaf) and act.inward for act in acts)


def test_a_door_that_does_not_give_is_tried_again_not_walked_through(one_door: Building, morning: datetime):
    start = morning.astimezone(one_door.zone).replace(hour=8, minute=0)
    people = make_people(one_door, 1, start.date())
    house = World(one_door, people, 1, start)
    pushed = 0
    for step in range(4 * 3600):
        for act in house.advance(start.timestamp() + step):
            if isinstance(act, Tap):
                house.answered(act.person.id, True)
            if isinstance(act, MoveLeaf) and act.is_open and act.person is not None and act.inward:
                pushed += 1
                house.answered(act.person.id, False)

    assert pushed > 0
    assert not house.whereabouts()


def test_an_answer_nobody_waits_for_changes_nothing(one_door: Building, morning: datetime):
    house = World(one_door, [], 1, morning)

    house.answered("nobody", True)

    assert house.advance(morning.timestamp() + HOUR) == []


def test_thursdays_at_three_there_is_a_podcast_with_its_button(parisoma: Building, people: list[SimPerson]):
    thursday = datetime(2026, 11, 19, 14, 30, tzinfo=parisoma.zone)

    acts = lived(parisoma, people, thursday, 1, everybody)

    assert PressButton("booth") in acts


def test_runners_meet_before_breakfast(parisoma: Building, people: list[SimPerson]):
    monday = datetime(2026, 11, 16, 5, 50, tzinfo=parisoma.zone)
    acts = lived(parisoma, people, monday, 0.5, everybody)

    early = {act.person.plan for act in acts if isinstance(act, Tap)}
    assert "runners" in early


def test_meetings_make_their_room_stuffy_and_loud(parisoma: Building, people: list[SimPerson]):
    monday = datetime(2026, 11, 16, 9, 30, tzinfo=parisoma.zone)
    house = world(parisoma, people, monday)
    loudest, stuffiest, fullest = 0.0, 0.0, 0
    for minute in range(0, 180, 2):
        house.live(monday.timestamp() + minute * 60, everybody)
        for room in parisoma.rooms("meeting"):
            truth = house.room(room.id)
            loudest = max(loudest, truth.sound_db)
            stuffiest = max(stuffiest, truth.climate.co2_ppm)
            fullest = max(fullest, truth.people)

    assert fullest >= 3
    assert stuffiest > 550
    assert loudest > 55


@pytest.mark.law
@pytest.mark.parametrize("night", [date(2026, 3, 8), date(2026, 11, 1)], ids=["spring", "autumn"])
def test_the_two_odd_nights_of_the_year_pass(parisoma: Building, people: list[SimPerson], night: date):
    evening = datetime(night.year, night.month, night.day, 20, 0, tzinfo=parisoma.zone) - timedelta(days=1)
    house = world(parisoma, people, evening)

    house.live(evening.timestamp() + 20 * HOUR, everybody)

    assert house.now == evening.timestamp() + 20 * HOUR


@pytest.mark.law
@pytest.mark.parametrize("space", SPACES, ids=lambda path: path.stem)
def test_every_sample_space_has_a_life(space: Path):
    building = load(space)
    start = datetime(2026, 11, 17, 9, 40, tzinfo=building.zone)
    people = make_people(building, 1, start.date())

    acts = lived(building, people, start, 2, everybody)

    assert any(isinstance(act, Tap) for act in acts)


@given(seed=st.integers(0, 10_000), answers=st.lists(st.booleans(), min_size=1, max_size=8))
@settings(max_examples=12, deadline=None)
def test_whatever_doors_answer_people_are_in_one_place_each(seed: int, answers: list[bool]):
    building = load(next(space for space in SPACES if space.stem == "one-door"))
    start = datetime(2026, 11, 17, 9, 0, tzinfo=building.zone)
    people = make_people(building, seed, start.date())
    house = World(building, people, seed, start)
    turns = iter(answers * 10_000)

    house.live(start.timestamp() + 6 * HOUR, lambda _tap: next(turns))

    assert sum(house.whereabouts().values()) <= len(people)


class TestRoutes:
    def test_lead_through_the_doors_between(self, parisoma: Building):
        way = Routes(parisoma).find(OUTSIDE, "office-203")

        assert way is not None
        assert [passage.door.id for passage in way if passage.door] == ["street", "second", "office-203"]
        assert all(passage.inward for passage in way)

    def test_lead_out_the_same_way(self, parisoma: Building):
        way = Routes(parisoma).find("office-203", OUTSIDE)

        assert way is not None
        assert [passage.door.id for passage in way if passage.door] == ["office-203", "second", "street"]
        assert not any(passage.inward for passage in way if passage.door)

    def test_avoid_escapes_and_leave_staff_doors_to_staff(self, parisoma: Building):
        routes = Routes(parisoma)

        assert routes.find(OUTSIDE, "server-room") is None
        assert routes.find(OUTSIDE, "server-room", is_staff=True) is not None

    def test_of_two_doors_that_are_equally_easy_lead_through_the_first_of_the_file(self, tmp_path: Path):
        (tmp_path / "two.yaml").write_text(
            "areas: {hall: {room: office}}\ndoors: {west: {from: outside, to: hall}, east: {from: outside, to: hall}}\n"
        )

        way = Routes(load(tmp_path / "two.yaml")).find(OUTSIDE, "hall")

        assert way is not None
        assert [passage.door.id for passage in way if passage.door] == ["west"]


class TestHabits:
    def test_a_day_is_in_order_and_ends_outside(self, parisoma: Building, people: list[SimPerson]):
        habits = Habits(parisoma, people, 1)
        days = [habits.day(person, date(2026, 11, 17)) for person in people]

        assert sum(bool(day) for day in days) > 80
        for day in filter(None, days):
            assert [stop.minute for stop in day] == sorted(stop.minute for stop in day)
            assert day[-1].area == OUTSIDE

    def test_few_come_on_sunday_and_on_holidays_like_on_mondays_less_so(
        self, parisoma: Building, people: list[SimPerson]
    ):
        habits = Habits(parisoma, people, 1)

        sunday = sum(bool(habits.day(person, date(2026, 11, 22))) for person in people)
        tuesday = sum(bool(habits.day(person, date(2026, 11, 17))) for person in people)
        assert 0 < sunday < tuesday / 4

    def test_somebody_two_days_a_week_comes_on_two(self, parisoma: Building, people: list[SimPerson]):
        habits = Habits(parisoma, people, 1)
        week = [date(2026, 11, 16) + timedelta(days=day) for day in range(5)]
        part = [person for person in people if person.plan == "two-days"]

        visits = [sum(bool(habits.day(person, day)) for day in week) for person in part]
        assert 1.4 < sum(visits) / len(visits) < 2.3


def test_hands_and_doors_keep_real_time_however_fast_the_world_runs(
    parisoma: Building, people: list[SimPerson], morning: datetime
):
    house = World(parisoma, people, 1, morning, pace=60, admits=guess(parisoma))
    acts = house.live(morning.timestamp() + HOUR, everybody)

    taps = {act.person.id: at for at, act in reversed(acts) if isinstance(act, Tap)}
    first_push = next((at, act) for at, act in acts if isinstance(act, MoveLeaf) and act.person and act.inward)
    assert first_push[1].person is not None
    assert 0.5 * 60 <= first_push[0] - taps[first_push[1].person.id] <= 1.1 * 60


def test_whoever_looks_on_sees_each_person_once_and_those_at_a_door_behind_each_other(
    parisoma: Building, people: list[SimPerson], morning: datetime
):
    world = World(parisoma, people, 1, morning)
    world.advance(world.now + 20)

    seen = list(world.everyone())

    assert len({one.number for one in seen}) == len(seen) > 20
    assert Counter(one.area for one in seen if one.area != OUTSIDE) == world.whereabouts()
    places = sorted((one.at_door.id, one.place) for one in seen if one.at_door is not None)
    assert places == sorted(set(places)), "nobody stands on another's toes"
    assert all(one.at_door is not None for one in seen if one.area == OUTSIDE), "those at home are not seen"
