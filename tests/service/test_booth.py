"""The booth: put on air by its booking's people, shown as on only when the light says so, ended when its time is over."""

from dataclasses import replace
from datetime import timedelta

import pytest

from controller.domain.facts import Fact, FactKind
from controller.domain.holdings import Booking, BookingState
from controller.domain.ids import BookingId, PersonId
from controller.domain.membership import Person, PersonKind
from controller.domain.rooms.on_air import EMPTY_FOR, How, NotNow
from controller.errors import InputError
from controller.services.ports import LoggedFact
from controller.services.rooms.booth import NotOnAirError
from devices.errors import NotConnected
from devices.messages import ChannelSpec, Desired, DeviceState, Event, EventType, State, Status
from tests.support.services import ALICE, BOOTH, LIGHT, NOON, PEOPLE, SENSOR, SPACE, STUDY, HandClock, House, birth

MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)
BOB, DANA = Person(PersonId("bob"), "Bob"), Person(PersonId("dana"), "Dana", PersonKind.STAFF)
BOOKING = Booking(BookingId("b1"), BOOTH, NOON - HOUR, NOON + HOUR, ALICE.id)
EVERYBODY = {one.id: one for one in (ALICE, BOB, DANA)}
PRESENCE = birth(every_s=3_600.0, presence=ChannelSpec(device_class="occupancy"))


def with_bookings(*bookings: Booking):
    return replace(PEOPLE, people=EVERYBODY, bookings={one.id: one for one in bookings})


@pytest.fixture
def house():
    return there(House(clock=HandClock(), people=with_bookings(BOOKING)))


def there(house: House) -> House:
    """Every device is up, and the light is dark."""
    house.bring_up()
    says(house, False)
    house.told.clear()
    return house


def rebook(house: House, *bookings: Booking) -> None:
    """The registry's next version counts."""
    people = house.index.people
    house.index.load(replace(with_bookings(*bookings), version=people.version + 1))
    house.services.rights_changed()


def passes(house: House, seconds: float) -> None:
    house.clock.advance(seconds)
    house.services.look()


def press(house: House, id: str = "press-1", **more) -> None:
    how = {name: more.pop(name) for name in ("backlog",) if name in more}
    house.say(LIGHT, Event(id=id, type=EventType.BUTTON, **more), **how)


def says(house: House, on: object, rev: int | None = None) -> None:
    """The light reports what it shows."""
    house.clock.advance(0.001)
    answer = {"onair.rev": rev} if rev is not None else {}
    house.say(LIGHT, State(ts=house.clock.now(), v={"onair": on, **answer}))


def wishes(house: House) -> list[tuple[object, object]]:
    desired = [message for message in house.outbound.to(LIGHT) if isinstance(message, Desired)]
    return [(one.v["onair"].value, one.v["onair"].until) for one in desired]


def shown(house: House) -> str:
    return str(house.booths.shown(BOOTH))


def outcome(house: House) -> object:
    return house.heard_of(FactKind.BUTTON_PRESSED)[-1].detail.get("outcome")


def reasons(house: House) -> list[object]:
    return [fact.detail.get("why") for fact in house.heard_of(FactKind.ON_AIR_CHANGED)]


def on_air(house: House) -> None:
    press(house)
    says(house, True)
    assert shown(house) == "on"


# --- asking -----------------------------------------------------------------------------------------------------------


def test_a_press_during_a_booking_asks_for_on_air_until_it_ends(house):
    press(house)

    assert wishes(house) == [(True, BOOKING.end)]
    assert (shown(house), outcome(house)) == ("requested", "asked")


def test_it_is_shown_as_on_only_once_the_light_confirms(house):
    press(house)
    before = shown(house)
    says(house, True)

    assert (before, shown(house)) == ("requested", "on")
    facts = house.heard_of(FactKind.ON_AIR_CHANGED)
    assert [fact.detail["state"] for fact in facts] == ["requested", "on"]
    assert {fact.detail["booking"] for fact in facts} == {BOOKING.id}


def test_a_second_press_ends_it_and_it_is_off_once_the_light_says_so(house):
    on_air(house)
    press(house, "press-2")
    ending = shown(house)
    says(house, False)

    assert wishes(house)[-1] == (False, None)
    assert (ending, shown(house)) == ("ending", "off")
    assert (outcome(house), reasons(house)[-1]) == ("stopped", "stopped")


def test_the_button_without_a_booking_does_nothing_but_say_so():
    house = there(House(clock=HandClock()))
    press(house)

    assert (wishes(house), shown(house), outcome(house)) == ([], "off", "refused")
    assert house.heard_of(FactKind.BUTTON_PRESSED)[-1].detail["why"] == "Podcast booth is not booked now: book it first"


def test_the_same_press_told_twice_is_one_press(house):
    press(house, "press-1")
    press(house, "press-1")

    assert wishes(house) == [(True, BOOKING.end)]
    assert len(house.heard_of(FactKind.BUTTON_PRESSED)) == 1


@pytest.mark.parametrize("late", [{"ts": NOON - timedelta(seconds=6)}, {"age_ms": 6_000}, {"backlog": True}], ids=str)
def test_a_late_press_is_recorded_and_lights_nothing(house, late):
    press(house, **late)

    assert (wishes(house), shown(house), outcome(house)) == ([], "off", "late")


def test_a_button_elsewhere_is_noted_and_lights_nothing(house):
    house.say(SENSOR, Event(id="press-1", type=EventType.BUTTON))

    assert wishes(house) == []
    assert [fact.device for fact in house.heard_of(FactKind.BUTTON_PRESSED)] == [SENSOR]


def test_the_holder_starts_it_from_the_page_and_asking_twice_is_asking_once(house):
    first = house.booths.start(BOOTH, ALICE, How.PAGE)
    second = house.booths.start(BOOTH, ALICE, How.PANEL)

    assert (first, wishes(house)) == (second, [(True, BOOKING.end)])
    assert (first.by, first.until, first.booking) == (ALICE.id, BOOKING.end, BOOKING.id)


def test_somebody_else_may_neither_start_nor_stop_it_and_staff_may_stop_it(house):
    with pytest.raises(NotOnAirError, match="booked by somebody else") as refused:
        house.booths.start(BOOTH, BOB, How.PAGE)
    on_air(house)
    with pytest.raises(NotOnAirError, match="on air for somebody else"):
        house.booths.stop(BOOTH, BOB, How.PAGE)
    house.booths.stop(BOOTH, DANA, How.PAGE)

    assert refused.value.refusal.reason is NotNow.NOT_YOURS
    assert shown(house) == "ending"


def test_stopping_what_is_not_on_air_and_asking_for_no_booth_are_told_so(house):
    with pytest.raises(NotOnAirError, match="not on air"):
        house.booths.stop(BOOTH, ALICE, How.PAGE)
    with pytest.raises(InputError, match="'study' is no booth with an on-air light — there is booth"):
        house.booths.start(STUDY, ALICE, How.PAGE)


def test_a_live_booking_goes_on_air_by_itself_and_not_again_after_it_was_stopped():
    live = replace(BOOKING, start=NOON + MINUTE, is_live=True)
    house = there(House(clock=HandClock(), people=with_bookings(live)))
    passes(house, 59)
    before = shown(house)
    passes(house, 1)
    says(house, True)
    during = shown(house)
    house.booths.stop(BOOTH, ALICE, How.PAGE)
    says(house, False)
    passes(house, 60)

    assert (before, during, shown(house)) == ("off", "on", "off")


def test_a_hand_on_the_button_is_somebody_in_the_booth(house):
    press(house)

    assert house.rooms.sensed(BOOTH).last_motion_at == house.clock.now()
    house.rooms.touched("lobby")  # no room: nothing to feel there
    assert house.rooms.sensed("lobby").last_motion_at is None


# --- by a command, which is another process -----------------------------------------------------------------------


def asked(do: str, by: Person = ALICE, age_s: float = 1.0, area: str | None = BOOTH) -> LoggedFact:
    at = NOON + timedelta(milliseconds=1) - timedelta(seconds=age_s)
    return LoggedFact(5, Fact(FactKind.ON_AIR_ASKED, at, area=area, person=by.id, detail={"do": do}))


def test_what_a_command_asked_for_is_done(house):
    house.booths.took(asked("start"))
    says(house, True)
    started = shown(house)
    house.booths.took(asked("stop"))

    assert (started, shown(house)) == ("on", "ending")


@pytest.mark.parametrize(
    "logged",
    [asked("start", age_s=6.0), asked("start", BOB), asked("stop"), asked("start", area=None)],
    ids=["long ago", "by somebody else", "nothing to stop", "of no booth"],
)
def test_what_a_command_may_not_ask_for_changes_nothing(house, logged):
    house.booths.took(logged)

    assert (wishes(house), shown(house)) == ([], "off")


# --- how it ends ------------------------------------------------------------------------------------------------------


def test_it_ends_with_its_booking(house):
    on_air(house)
    passes(house, HOUR.total_seconds())

    assert (wishes(house)[-1], shown(house), reasons(house)[-1]) == ((False, None), "ending", "over")


@pytest.mark.parametrize(
    "changed",
    [
        (),
        (replace(BOOKING, state=BookingState.CANCELLED),),
        (replace(BOOKING, state=BookingState.RELEASED, end=NOON),),
        (replace(BOOKING, start=NOON + MINUTE),),
        (replace(BOOKING, area=STUDY),),
    ],
    ids=["gone", "cancelled", "released", "moved to later", "moved elsewhere"],
)
def test_it_ends_as_soon_as_its_booking_is_not_there_any_more(house, changed):
    on_air(house)
    rebook(house, *changed)

    assert (wishes(house)[-1], shown(house), reasons(house)[-1]) == ((False, None), "ending", "gone")


def test_extending_the_booking_moves_the_end_the_light_was_told(house):
    on_air(house)
    longer = replace(BOOKING, end=BOOKING.end + HOUR)
    rebook(house, longer)

    assert (wishes(house)[-1], shown(house)) == ((True, longer.end), "on")
    assert house.heard_of(FactKind.ON_AIR_CHANGED)[-1].detail["until"] == longer.end.isoformat()


def with_a_sensor() -> House:
    """Somebody who can be felt in the booth."""
    devices = {**SPACE.devices, SENSOR: replace(SPACE.devices[SENSOR], area=BOOTH)}
    house = House(clock=HandClock(), people=with_bookings(BOOKING), space=replace(SPACE, devices=devices))
    house.say(SENSOR, PRESENCE)
    return there(house)


def feels(house: House, somebody: bool) -> None:
    at = int(house.clock.now().timestamp() * 1000)
    house.rooms.recall({SENSOR: {"presence": (at, somebody)}})


def test_a_booth_empty_for_five_minutes_is_off_air():
    house = with_a_sensor()
    feels(house, True)
    on_air(house)
    feels(house, False)
    passes(house, 0.1)
    passes(house, EMPTY_FOR.total_seconds() - 1)
    before = shown(house)
    passes(house, 1)

    assert (before, shown(house), reasons(house)[-1]) == ("on", "ending", "empty")


def test_somebody_who_comes_back_within_five_minutes_goes_on():
    house = with_a_sensor()
    on_air(house)
    feels(house, False)
    passes(house, 240)
    feels(house, True)
    passes(house, 1)
    feels(house, False)
    passes(house, 240)

    assert shown(house) == "on"


def test_a_booth_whose_sensor_is_silent_is_never_taken_for_empty():
    house = with_a_sensor()
    on_air(house)
    passes(house, EMPTY_FOR.total_seconds() * 2)

    assert shown(house) == "on"


# --- when the light or the line is gone -------------------------------------------------------------------------------


def test_a_lost_light_is_unknown_and_never_on(house):
    on_air(house)
    house.say(LIGHT, Status(state=DeviceState.LOST, boot="boot-1"))

    assert shown(house) == "unknown"


def test_a_light_that_comes_back_is_believed_again(house):
    on_air(house)
    house.say(LIGHT, Status(state=DeviceState.LOST, boot="boot-1"))
    house.say(LIGHT, Status(state=DeviceState.READY, boot="boot-1"))

    assert shown(house) == "on"


def test_a_light_that_started_anew_with_a_clock_behind_is_heard(house):
    on_air(house)
    house.say(LIGHT, Status(state=DeviceState.READY, boot="boot-2"))
    house.say(LIGHT, State(ts=NOON - HOUR, v={"onair": False}))

    assert (shown(house), wishes(house)[-1]) == ("requested", (True, BOOKING.end))


def test_a_light_that_started_anew_with_a_clock_behind_is_heard_as_it_goes_off(house):
    on_air(house)
    press(house, "press-2")
    house.say(LIGHT, Status(state=DeviceState.READY, boot="boot-2"))
    house.say(LIGHT, State(ts=NOON - HOUR, v={"onair": False}))

    assert shown(house) == "off"


def test_a_light_that_could_not_be_told_is_told_once_there_is_a_line(house):
    house.outbound.failure = NotConnected("broker:1883: not connected")
    press(house)
    passes(house, 1)
    house.outbound.failure = None
    passes(house, 0.5)
    passes(house, 0.1)

    assert wishes(house) == [(True, BOOKING.end)]


@pytest.mark.parametrize("said", ["on", 1, None], ids=["a word", "a number", "no reading"])
def test_what_is_neither_true_nor_false_says_nothing(house, said):
    says(house, said)

    assert shown(house) == "unknown"


def test_a_light_that_does_not_follow_is_asked_again_and_ever_less_often(house):
    press(house)
    asked_at = []
    for second in range(1, 31):
        before = len(wishes(house))
        passes(house, 1)
        if len(wishes(house)) > before:
            asked_at.append(second)

    assert asked_at == [2, 6, 14, 30]
    assert shown(house) == "requested"


def test_a_light_that_goes_off_by_itself_is_put_on_again(house):
    on_air(house)
    says(house, False)

    assert (shown(house), wishes(house)[-1]) == ("requested", (True, BOOKING.end))


def test_a_light_that_is_on_is_asked_every_minute_whether_it_still_is(house):
    on_air(house)
    passes(house, 59)
    before = len(wishes(house))
    passes(house, 1)
    says(house, True)

    assert (len(wishes(house)) - before, wishes(house)[-1], shown(house)) == (1, (True, BOOKING.end), "on")


def test_a_light_that_is_lit_though_nobody_asked_is_told_to_be_off(house):
    says(house, True)

    assert (shown(house), wishes(house)) == ("ending", [(False, None)])


def test_the_answer_to_an_earlier_wish_confirms_nothing(house):
    on_air(house)
    first = house.outbound.to(LIGHT)[0].rev
    press(house, "press-2")
    says(house, False, rev=house.outbound.to(LIGHT)[-1].rev)
    press(house, "press-3")
    says(house, True, rev=first)
    late = shown(house)
    says(house, True, rev=house.outbound.to(LIGHT)[-1].rev)

    assert (late, shown(house)) == ("requested", "on")


def test_what_a_light_said_before_it_started_anew_does_not_end_it(house):
    press(house)
    says(house, True, rev=house.outbound.to(LIGHT)[-1].rev)
    press(house, "press-2")
    house.say(LIGHT, Status(state=DeviceState.READY, boot="boot-2"))
    says(house, False)
    late = shown(house)
    told = len(wishes(house))
    passes(house, 2)

    assert late == "ending"
    assert (len(wishes(house)) - told, wishes(house)[-1]) == (1, (False, None))


def test_what_a_light_said_before_it_started_anew_confirms_nothing(house):
    on_air(house)
    before = next(sent.message for sent in house.outbound.sent if isinstance(sent.message, Desired))
    house.say(LIGHT, Status(state=DeviceState.READY, boot="boot-2"))  # what it said of itself as it began is lost
    at_once = shown(house)
    says(house, True, rev=before.rev)  # said in the life before, and late
    still = shown(house)
    says(house, True, rev=[one.rev for one in house.outbound.to(LIGHT) if isinstance(one, Desired)][-1])

    assert (at_once, still, shown(house)) == ("unknown", "unknown", "on")


def test_a_light_that_goes_off_by_itself_as_its_booking_ends_is_not_asked_for_again(house):
    on_air(house)
    house.clock.advance((BOOKING.end - house.clock.now()).total_seconds())
    says(house, False)  # before the second in which the house looks

    assert [on for on, _ in wishes(house)] == [True, False]
    assert [fact.detail["state"] for fact in house.heard_of(FactKind.ON_AIR_CHANGED)] == ["requested", "on", "ending"]
    assert reasons(house)[-1] == "over"


def test_a_report_older_than_the_last_is_not_taken(house):
    on_air(house)
    house.say(LIGHT, State(ts=NOON - MINUTE, v={"onair": False}))

    assert shown(house) == "on"


# --- through a restart ------------------------------------------------------------------------------------------------


def restarted(house: House, *bookings: Booking, on: bool = True) -> House:
    """The same house after a stop, with what its log has."""
    again = House(clock=house.clock, people=with_bookings(*bookings))
    again.booths.recall([LoggedFact(place, fact) for place, fact in enumerate(house.told)])
    again.bring_up()
    says(again, on)
    return again


def test_after_a_restart_what_was_asked_for_holds_until_its_end(house):
    on_air(house)
    session = house.booths.session_of(BOOTH)
    again = restarted(house, BOOKING)

    assert shown(again) == "on"
    assert again.booths.session_of(BOOTH) == session
    assert again.booths.is_held(BOOTH)


def test_after_a_restart_what_is_over_meanwhile_is_ended(house):
    on_air(house)

    assert shown(restarted(house)) == "ending"
    assert shown(restarted(house, on=False)) == "off"


def test_after_a_restart_a_light_that_went_off_is_asked_again(house):
    on_air(house)
    again = restarted(house, BOOKING, on=False)

    assert (shown(again), wishes(again)[-1]) == ("requested", (True, BOOKING.end))


def test_what_was_stopped_before_a_restart_stays_stopped_though_its_booking_is_live():
    live = replace(BOOKING, is_live=True)
    house = there(House(clock=HandClock(), people=with_bookings(live)))
    passes(house, 0)
    says(house, True)
    press(house)
    says(house, False)
    again = restarted(house, live, on=False)
    passes(again, 1)

    assert (shown(again), wishes(again)) == ("off", [])


def test_after_a_restore_nobody_is_on_air_until_they_ask_again(house):
    on_air(house)
    again = House(clock=house.clock, people=with_bookings(BOOKING))
    told = [*house.told, Fact(FactKind.HOUSE_RESTORED, NOON, detail={"made": NOON.isoformat()})]
    again.booths.recall([LoggedFact(place, fact) for place, fact in enumerate(told)])
    again.bring_up()
    says(again, True)

    assert shown(again) == "ending"
    assert not again.booths.is_held(BOOTH)


def test_what_an_older_version_wrote_is_over(house):
    detail = {"state": "on", "wanted": True, "until": (NOON + HOUR).isoformat()}
    fact = Fact(FactKind.ON_AIR_CHANGED, NOON, device=LIGHT, area=BOOTH, detail=detail)
    house.booths.recall([LoggedFact(1, fact)])
    says(house, True)

    assert shown(house) == "ending"


def test_a_room_without_a_light_has_nothing_to_show(house):
    assert house.booths.shown(STUDY) is None
    assert (house.booths.session_of(STUDY), house.booths.on_air_until(STUDY)) == (None, None)


# --- who comes in meanwhile -------------------------------------------------------------------------------------------


def test_it_holds_its_door_for_its_people_once_it_has_begun_and_though_the_light_is_lost(house):
    press(house)
    requested = house.booths.is_held(BOOTH)
    says(house, True)
    hold = house.booths.hold_of(BOOTH)
    house.say(LIGHT, Status(state=DeviceState.LOST, boot="boot-1"))
    lost = house.booths.is_held(BOOTH)
    press(house, "press-2")

    assert (requested, lost, house.booths.is_held(BOOTH)) == (False, True, False)
    assert (hold.people, hold.until) == ({ALICE.id}, BOOKING.end)


def test_whoever_is_added_to_the_booking_may_come_in_at_once(house):
    on_air(house)
    rebook(house, replace(BOOKING, participants=frozenset({BOB.id})))

    assert house.booths.hold_of(BOOTH).people == {ALICE.id, BOB.id}
