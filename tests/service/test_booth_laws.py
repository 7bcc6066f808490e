"""Laws of the booth's light, whatever becomes of its messages: dropped, late, in another order, twice.

The light is the real device's machine; between it and the house is a line that does anything. Bookings come, go and
move meanwhile, time passes, the light is lost and starts anew.
"""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from controller.domain.holdings import Booking, BookingState
from controller.domain.ids import BookingId
from controller.domain.rooms.booth import OnAir
from devices.messages import Desired, DeviceState, Event, EventType, State, Status
from devices.units import Light, Voice
from devices.units.steps import Connected, Effects, Heard, Publish, TimerFired
from tests.support.services import ALICE, BOOTH, LIGHT, PEOPLE, HandClock, House

MINUTE = timedelta(minutes=1)


@dataclass
class Studio:
    """The house, its light, and what is on its way between them."""

    house: House = field(default_factory=lambda: House(clock=HandClock()))
    light: Light = field(default_factory=lambda: Light(Voice("boot-1")))
    boots: int = 1
    is_there: bool = True
    to_light: list[Desired] = field(default_factory=list)
    from_light: list[State] = field(default_factory=list)
    taken: int = 0  # of what the house sent
    presses: int = 0
    sessions: dict[int, str] = field(default_factory=dict)  # the session for which a message asked for on
    confirmed: set[str] = field(default_factory=set)
    booking: Booking | None = None

    def __post_init__(self) -> None:
        self.connect()

    @property
    def now(self) -> datetime:
        return self.house.clock.now()

    # --- the light ----------------------------------------------------------------------------------

    def connect(self) -> None:
        self.is_there = True
        self.gives(Connected())
        self.house.say(LIGHT, self.light.birth())
        self.house.say(LIGHT, Status(state=DeviceState.READY, boot=f"boot-{self.boots}"))

    def gives(self, given: object) -> None:
        self.light, effects = self.light.step(given, self.now)  # type: ignore[arg-type]
        self.says(effects)

    def says(self, effects: Effects) -> None:
        for effect in effects:
            if isinstance(effect, Publish) and isinstance(effect.message, State):
                self.from_light.append(effect.message)

    def hears(self, desired: Desired) -> None:
        self.gives(Heard(desired, retained=True))

    def is_heard(self, state: State) -> None:
        rev = state.v.get("onair.rev")
        if state.v["onair"] is True and isinstance(rev, int | float):
            self.confirmed.add(self.sessions[int(rev)])
        self.house.say(LIGHT, state)

    # --- what may happen ----------------------------------------------------------------------------

    def press(self, _: int) -> None:
        self.presses += 1
        self.house.say(LIGHT, Event(id=f"press-{self.presses}", type=EventType.BUTTON))

    def book(self, minutes: int) -> None:
        made = Booking(
            BookingId(f"b{len(self.sessions)}-{minutes}"),
            BOOTH,
            self.now,
            self.now + (minutes + 1) * MINUTE,
            ALICE.id,
            is_live=minutes % 2 == 0,
        )
        self.rebook(made)

    def cancel(self, _: int) -> None:
        if self.booking is not None:
            self.rebook(replace(self.booking, state=BookingState.CANCELLED))

    def extend(self, minutes: int) -> None:
        if self.booking is not None:
            self.rebook(replace(self.booking, end=self.booking.end + minutes * MINUTE))

    def shorten(self, minutes: int) -> None:
        if self.booking is not None and self.booking.end - minutes * MINUTE > self.booking.start:
            self.rebook(replace(self.booking, end=self.booking.end - minutes * MINUTE))

    def rebook(self, booking: Booking) -> None:
        self.booking = booking
        people = self.house.index.people
        self.house.index.load(replace(PEOPLE, version=people.version + 1, bookings={booking.id: booking}))

    def passes(self, seconds: int) -> None:
        self.house.clock.advance(seconds * 7)
        if self.light.is_on and self.light.until is not None and self.now >= self.light.until:
            self.gives(TimerFired("until"))

    def told(self, place: int) -> None:
        if self.to_light:
            self.hears(self.to_light.pop(place % len(self.to_light)))

    def told_twice(self, place: int) -> None:
        if self.to_light:
            self.hears(self.to_light[place % len(self.to_light)])

    def forgotten(self, place: int) -> None:
        if self.to_light:
            self.to_light.pop(place % len(self.to_light))

    def reported(self, place: int) -> None:
        if self.from_light:
            self.is_heard(self.from_light.pop(place % len(self.from_light)))

    def reported_twice(self, place: int) -> None:
        if self.from_light:
            self.is_heard(self.from_light[place % len(self.from_light)])

    def unreported(self, place: int) -> None:
        if self.from_light:
            self.from_light.pop(place % len(self.from_light))

    def hurries(self, _: int) -> None:
        """The newest goes past everything that is late, there and back."""
        if self.to_light:
            self.hears(self.to_light.pop())
        if self.from_light:
            self.is_heard(self.from_light.pop())

    def lost(self, _: int) -> None:
        self.is_there = False
        self.house.say(LIGHT, Status(state=DeviceState.LOST, boot=f"boot-{self.boots}"))

    def back(self, _: int) -> None:
        self.connect()

    def restarted(self, _: int) -> None:
        """It lost its power: dark, and it has forgotten everything; the broker has what it was told last.

        What it said before its end comes before the news of its new start, or never: a broker keeps the order of one sender.
        """
        self.from_light.clear()
        self.boots += 1
        self.light = Light(Voice(f"boot-{self.boots}"))
        self.connect()
        wishes = [one for one in self.house.outbound.to(LIGHT) if isinstance(one, Desired)]
        if wishes:
            self.hears(wishes[-1])

    # --- after each ---------------------------------------------------------------------------------

    def settles(self) -> None:
        """The house looks; what it sent is on the line."""
        self.house.booths.look()
        session = self.house.booths.session_of(BOOTH)
        sent = [one for one in self.house.outbound.to(LIGHT) if isinstance(one, Desired)]
        for desired in sent[self.taken :]:
            wanted = desired.v["onair"]
            if wanted.value is True:
                # Nothing asks for a light without a booking, or beyond its end.
                assert session is not None
                assert self.stands
                assert self.booking is not None
                assert wanted.until == self.booking.end
                self.sessions[desired.rev] = session.id
            self.to_light.append(desired)
        self.taken = len(sent)

    @property
    def stands(self) -> bool:
        one = self.booking
        return one is not None and one.state is BookingState.BOOKED and one.start <= self.now < one.end

    def holds(self) -> None:
        if self.house.booths.shown(BOOTH) is OnAir.ON:
            session = self.house.booths.session_of(BOOTH)
            assert session is not None
            assert self.stands, "shown on air without a booking"
            assert session.id in self.confirmed, "shown on air before the light confirmed this session"
        if self.light.is_on:
            assert self.light.until is not None
            assert self.now < self.light.until, "lit beyond its end"
        assert (self.house.booths.hold_of(BOOTH) is None) or self.stands, "a door is held without a booking"

    def flows(self) -> None:
        """What is on its way is lost; from then on nothing is, and everything arrives in its order."""
        self.to_light.clear()
        self.from_light.clear()
        if not self.is_there:
            self.connect()
        for _ in range(40):
            self.passes(1)
            self.settles()
            while self.to_light or self.from_light:
                while self.to_light:
                    self.told(0)
                while self.from_light:
                    self.reported(0)
                self.settles()


HAPPENS: list[Callable[[Studio, int], None]] = [
    Studio.press, Studio.press, Studio.press, Studio.hurries, Studio.hurries, Studio.hurries, Studio.hurries,
    Studio.passes, Studio.passes, Studio.told, Studio.told_twice, Studio.forgotten,
    Studio.reported, Studio.reported, Studio.reported_twice, Studio.unreported,
    Studio.book, Studio.cancel, Studio.extend, Studio.shorten, Studio.lost, Studio.back, Studio.restarted,
]  # fmt: skip

days = st.lists(st.tuples(st.sampled_from(HAPPENS), st.integers(0, 20)), min_size=10, max_size=60)


@settings(max_examples=120, deadline=None)
@given(days)
def test_whatever_becomes_of_its_messages_it_is_never_on_air_without_a_booking_and_a_confirmation(
    day: list[tuple[Callable[[Studio, int], None], int]],
) -> None:
    studio = Studio()
    studio.settles()
    for happens, how in [(Studio.book, 20), *day]:
        happens(studio, how)
        studio.settles()
        studio.holds()


@settings(max_examples=60, deadline=None)
@given(days)
def test_once_messages_arrive_again_the_light_and_the_house_agree(
    day: list[tuple[Callable[[Studio, int], None], int]],
) -> None:
    studio = Studio()
    studio.settles()
    for happens, how in [(Studio.book, 20), *day]:
        happens(studio, how)
        studio.settles()
    studio.flows()
    studio.holds()

    is_wanted = studio.house.booths.session_of(BOOTH) is not None
    assert studio.light.is_on is is_wanted
    assert studio.house.booths.shown(BOOTH) is (OnAir.ON if is_wanted else OnAir.OFF)
