"""What a witness writes down of devices that feel, hear and say something."""

import json
from datetime import UTC, datetime, timedelta

import pytest

from devices.channels import Bolt
from devices.link import Delivery
from devices.messages import (
    BadgeReadData,
    Command,
    Desired,
    DesiredValue,
    Do,
    Event,
    EventType,
    Message,
    Signal,
    Telemetry,
)
from devices.units import DoorProfile, DoorUnit, Light, Machine, Reader, Sensor, SensorProfile, Voice
from devices.units.steps import (
    BadgeShown,
    BoltFelt,
    Connected,
    ContactFelt,
    Disconnected,
    ExitPressed,
    Heard,
    Input,
    PinEntered,
    Show,
)
from devices.units.steps import (
    Measured as MeasuredInput,
)
from simulator.acts import Tap
from simulator.building import Building
from simulator.instruments import CHANNELS
from simulator.people import SimPerson
from simulator.scenarios.sightings import (
    Drew,
    Lived,
    Measured,
    Said,
    Sent,
    Showed,
    Tapped,
    Told,
    Turned,
    Wished,
    word_of,
)
from simulator.scenarios.witness import Witness

NOON = datetime(2026, 11, 17, 12, tzinfo=UTC)
BADGE = BadgeReadData(card="04AF68DACB5A80", bits=56, format="iso14443a")


class Scene:
    """One device under a witness' eyes, in time that a test moves."""

    def __init__(self, machine: Machine) -> None:
        self.machine, self.seconds = machine, 100.0
        self.witness = Witness(
            lambda: self.seconds, lambda: self.now, lambda person, _door, _at: person.kind == "staff"
        )
        self.does(Connected())

    @property
    def now(self) -> datetime:
        return NOON + timedelta(seconds=self.seconds)

    def begins(self) -> "Scene":
        self.witness.begins()
        self.seen().clear()
        return self

    def does(self, *inputs: Input, after_s: float = 0.0) -> "Scene":
        self.seconds += after_s
        for given in inputs:
            self.machine, effects = self.machine.step(given, self.now)
            self.witness.saw("it", given, self.machine, effects)
        return self

    def hears(self, message: Message, after_s: float = 0.0) -> "Scene":
        return self.does(Heard(message), after_s=after_s)

    def seen(self) -> list[object]:
        return self.witness.sightings  # type: ignore[return-value]


def unlock(scene: Scene, command: str = "c-1", re: str | None = None, ago_s: float = 0.1) -> Command:
    ts = scene.now - timedelta(seconds=ago_s)
    return Command(id=command, ts=ts, ttl_ms=3000, do=Do.UNLOCK, re=re, hold_s=5)


@pytest.fixture
def door() -> Scene:
    return Scene(DoorUnit(Voice("b1"), DoorProfile(reads_badges=True))).begins()


@pytest.fixture
def reader() -> Scene:
    return Scene(Reader(Voice("b1"))).begins()


def test_before_the_beginning_nothing_is_written_down_and_then_how_things_are():
    scene = Scene(DoorUnit(Voice("b1")))
    assert scene.seen() == []

    scene.witness.begins()

    assert set(scene.seen()) == {
        Turned(0.0, "it", "link", "up"),
        Turned(0.0, "it", "bolt", "locked"),
        Turned(0.0, "it", "leaf", "closed"),
        Turned(0.0, "it", "mode", "locked"),
    }


def test_a_tap_its_answer_and_the_bolt_are_seen_in_their_order(door: Scene):
    door.witness.names_tap(BADGE, "first")
    door.does(BadgeShown(BADGE), after_s=2)
    door.hears(unlock(door, re="b1-1"), after_s=0.3)
    door.does(BoltFelt(Bolt.UNLOCKED), after_s=0.2)

    assert [one for one in door.seen() if not isinstance(one, Said)] == [
        Tapped(2, "it", "first", "b1-1"),
        Turned(2.3, "it", "bolt", "moving"),
        Told(2.3, "it", "c-1", "unlock", "b1-1", -2.6, True),
        Showed(2.3, "it", "granted", None, by_house=True),
        Drew(2.3, "it", "c-1", "b1-1"),
        Turned(2.5, "it", "bolt", "unlocked"),
    ]


def test_a_badge_that_is_alike_is_another_tap(door: Scene):
    door.witness.names_tap(BADGE, "first")

    door.does(BadgeShown(BADGE.model_copy()))

    assert Tapped(0, "it", "", "b1-1") in door.seen()


def test_no_badge_number_and_no_pin_is_in_what_it_writes_down(reader: Scene):
    reader.does(BadgeShown(BADGE), PinEntered("483920"))
    reader.hears(Command(id="c", ts=reader.now, ttl_ms=3000, do=Do.SIGNAL, re="b1-1", reason="no_right"))
    reader.does(PinEntered("483920"))

    assert "04AF68DACB5A80" not in repr(reader.seen())
    assert "483920" not in repr(reader.seen())


def test_a_repeated_command_is_told_again_and_not_obeyed_again(door: Scene):
    command = unlock(door)
    door.hears(command).hears(command, after_s=0.1)

    told = [one for one in door.seen() if isinstance(one, Told)]
    assert [(one.command, one.obeyed) for one in told] == [("c-1", True), ("c-1", False)]
    assert len([one for one in door.seen() if isinstance(one, Drew)]) == 1


def test_an_expired_command_is_late_and_not_obeyed(door: Scene):
    door.hears(unlock(door, ago_s=8))

    assert [(one.late_s, one.obeyed) for one in door.seen() if isinstance(one, Told)] == [(5.0, False)]


def test_a_reader_that_answers_by_itself_is_not_the_house(reader: Scene):
    reader.does(Disconnected(), BadgeShown(BADGE))

    assert Showed(0, "it", "try_again", "no_answer", by_house=False) in reader.seen()
    assert Turned(0, "it", "link", "lost") in reader.seen()


def test_what_people_do_to_a_door_is_seen(door: Scene):
    door.does(ExitPressed(), ContactFelt(True), after_s=1)

    assert [one for one in door.seen() if isinstance(one, Said | Turned)][:4] == [
        Turned(1, "it", "bolt", "moving"),
        Turned(1, "it", "exit", "pressed"),
        Said(1, "it", "rex"),
        Turned(1, "it", "leaf", "open"),
    ]


def test_a_light_is_seen_with_its_wish_and_its_end():
    light = Scene(Light(Voice("b1"))).begins()
    wish = DesiredValue(value="on", until=light.now + timedelta(seconds=30))

    light.hears(Desired(rev=1, v={"onair": wish}), after_s=2)

    assert light.seen() == [Turned(2, "it", "light", "on"), Wished(2, "it", on=True, until=30.0)]


def test_a_light_told_for_ever_has_no_end():
    light = Scene(Light(Voice("b1"))).begins()
    light.hears(Desired(rev=1, v={"onair": DesiredValue(value=False)}))

    assert light.seen() == [Wished(0, "it", on=False, until=None)]


def test_readings_are_seen_with_a_backlog_and_until_they_are_confirmed():
    sensor = Scene(Sensor(Voice("b1"), SensorProfile({"co2": CHANNELS["co2"]}))).begins()
    sensor.does(MeasuredInput({"co2": 500}))
    sensor.does(Disconnected(), MeasuredInput({"co2": 600}), MeasuredInput({"co2": 700}), Connected())

    assert [one.values for one in sensor.seen() if isinstance(one, Measured)] == [
        {"co2": 500},
        {"co2": 600},
        {"co2": 700},
    ]

    reading = Telemetry(seq=1, v={"co2": 500})
    sensor.witness.heard_of("it", reading, confirmed=False)
    assert sensor.witness.awaits_confirmation
    sensor.witness.heard_of("it", reading, confirmed=True)
    assert not sensor.witness.awaits_confirmation
    sensor.witness.heard_of("it", Event(id="e", type=EventType.REX), confirmed=False)
    assert [one for one in sensor.seen() if isinstance(one, Sent)] == [
        Sent(0, "it", 1),
        Sent(0, "it", 1, confirmed=True),
    ]


def said(topic: str, body: object) -> Delivery:
    return Delivery(f"natoma/1/live/{topic}", json.dumps(body).encode(), 1, True, False)


def test_what_the_house_tells_all_is_overheard(door: Scene):
    door.witness.overhears(said("door/front", {"state": "locked", "alarms": []}))
    door.witness.overhears(said("door/front", {"alarm": "forced", "state": "locked"}))
    door.witness.overhears(said("space", {"people_in": 3}))
    door.witness.overhears(said("room/booth", {"lit": True}))

    assert door.seen() == [
        Turned(0, "door:front", "alarm", "none"),
        Turned(0, "door:front", "state", "locked"),
        Turned(0, "door:front", "alarm", "forced"),
        Turned(0, "house", "people_in", "3"),
        Turned(0, "room:booth", "lit", "on"),
    ]
    assert door.witness.latest("door:front", "alarm") == "forced"
    assert door.witness.latest("door:front", "mode") is None


def test_what_the_house_tells_no_more_is_over(door: Scene):
    door.witness.overhears(said("door/front", {"alarm": "forced", "state": "forced"}))
    door.witness.overhears(said("door/front", {"state": "locked"}))
    door.witness.overhears(Delivery("natoma/1/live/door/front", b"", 1, True, False))

    assert door.seen()[2:] == [
        Turned(0, "door:front", "alarm", "none"),
        Turned(0, "door:front", "state", "locked"),
        Turned(0, "door:front", "state", "none"),
    ]


@pytest.mark.parametrize(("topic", "body"), [("elsewhere", {"x": 1}), ("door/front", ["no", "object"]), ("server", 1)])
def test_what_is_told_of_nothing_known_is_let_pass(door: Scene, topic: str, body: object):
    door.witness.overhears(said(topic, body))
    door.witness.overhears(Delivery("natoma/1/live/door/front", b"{", 1, True, False))

    assert door.seen() == []


def test_people_who_live_there_are_seen_with_what_they_are_entitled_to(door: Scene, one_door: Building):
    tap = Tap(SimPerson("dana", "Dana", "staff"), one_door.doors["front"], "door-front", "in")

    door.witness.saw_life(tap, None)
    door.witness.saw_life(tap, Show(Signal.DENIED, "no_right"))

    assert door.seen() == [
        Lived(0, "dana", "front", "in", True),
        Lived(0, "dana", "front", "in", True, "denied", "no_right"),
    ]


@pytest.mark.parametrize(
    ("value", "word"), [(True, "on"), (False, "off"), (None, "none"), (2, "2"), (2.5, "2.5"), ("free", "free")]
)
def test_a_value_has_one_word(value: object, word: str):
    assert word_of(value) == word
