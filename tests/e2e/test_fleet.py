"""The virtual building on a real broker: it comes up, taps are answered, and it says goodbye.

The controller here is ten honest lines: it admits, denies or stays silent, as a test wants.
"""

import asyncio
import json
import signal
import sys
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from devices import codec
from devices.channels import Bolt
from devices.link import Delivery, Link, LinkSettings
from devices.messages import (
    Ack,
    BadgeReadData,
    Command,
    DeviceState,
    Do,
    Event,
    EventType,
    Message,
    Signal,
    State,
    Status,
    Telemetry,
)
from devices.topics import Kind, Topics
from devices.units.steps import Show
from simulator.building import Building
from simulator.building_file import load
from simulator.clock import now
from simulator.control import Control, ask, is_running, serve
from simulator.device import Surroundings
from simulator.endpoint import DataDir, Endpoint
from simulator.errors import InputError, RunError
from simulator.fleet import Fleet, no_readings
from simulator.hands import Hands
from simulator.people import SimPerson, make_people
from simulator.run import Simulation, run
from tests.support.broker import MosquittoBroker
from tests.support.tcpproxy import TcpProxy

pytestmark = pytest.mark.broker

SPACES = Path(__file__).parents[2] / "simulator" / "spaces"
TOPICS = Topics()
PATIENCE_S = 20.0

# What the ten lines say to a read: the commands to send, as (device, do, reason).
Says = Callable[[str, Event], list[tuple[str, Do, str | None]]]


def admits(reader: str, _: Event) -> list[tuple[str, Do, str | None]]:
    return [(reader, Do.UNLOCK, None)]


def denies(reader: str, _: Event) -> list[tuple[str, Do, str | None]]:
    return [(reader, Do.SIGNAL, "outside_hours")]


def says_nothing(_reader: str, _: Event) -> list[tuple[str, Do, str | None]]:
    return []


@dataclass
class Heard:
    """Everything that went up, and a way to wait for it."""

    messages: list[tuple[str, Message]] = field(default_factory=list)
    more: asyncio.Event = field(default_factory=asyncio.Event)

    def of(self, kind: type[Message], device: str | None = None) -> list[Message]:
        return [message for who, message in self.messages if isinstance(message, kind) and device in (None, who)]

    def events(self, device: str) -> list[EventType]:
        return [message.type for message in self.of(Event, device) if isinstance(message, Event)]

    async def until(self, seen: Callable[[], object]) -> None:
        async with asyncio.timeout(PATIENCE_S):
            while not seen():
                self.more.clear()
                await self.more.wait()


@asynccontextmanager
async def controller(port: int, says: Says) -> AsyncIterator[Heard]:
    heard = Heard()

    def on_delivery(delivery: Delivery) -> None:
        decoded = codec.decode(TOPICS, delivery.topic, delivery.payload)
        assert not decoded.unknown_fields
        heard.messages.append((decoded.address.device, decoded.message))
        heard.more.set()
        link.ack(delivery)
        if isinstance(decoded.message, Event) and decoded.message.type is EventType.BADGE_READ:
            for place, (device, do, reason) in enumerate(says(decoded.address.device, decoded.message)):
                command = Command(
                    id=f"{decoded.message.id}.{place}", ts=datetime.now(UTC), ttl_ms=3000, do=do, hold_s=5,
                    re=decoded.message.id, reason=reason,
                )  # fmt: skip
                link.publish(TOPICS.down(device, Kind.COMMAND), codec.encode(command), qos=1)

    settings = LinkSettings(
        "127.0.0.1", "test", port, clean_start=True, session_expiry_s=0, subscriptions=((TOPICS.up_filter(), 1),)
    )
    async with Link(settings, on_delivery) as link:
        await link.connected(PATIENCE_S)
        yield heard


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[MosquittoBroker]:
    with MosquittoBroker(tmp_path / "broker") as running:
        yield running


@pytest.fixture
def one_door() -> Building:
    return load(SPACES / "one-door.yaml")


@pytest.fixture
def parisoma() -> Building:
    return load(SPACES / "parisoma.yaml")


@pytest.fixture
def somebody(one_door: Building) -> SimPerson:
    return next(person for person in make_people(one_door, 1, date(2026, 11, 17)) if person.is_in_good_standing)


def endpoint(broker: MosquittoBroker | TcpProxy) -> Endpoint:
    return DataDir(Path("nowhere")).endpoint(f"mqtt://127.0.0.1:{broker.port}", None, None, None)


def fleet(building: Building, broker: MosquittoBroker | TcpProxy) -> Fleet:
    return Fleet(building, endpoint(broker), Surroundings(now, no_readings), seed=1)


async def test_the_whole_building_comes_up_in_seconds_and_says_goodbye(parisoma: Building, broker: MosquittoBroker):
    async with controller(broker.port, says_nothing) as heard:
        began = asyncio.get_running_loop().time()
        async with fleet(parisoma, broker) as devices:
            took = asyncio.get_running_loop().time() - began
            assert devices.connected == len(parisoma.devices)
            await heard.until(lambda: len(heard.of(Status)) == len(parisoma.devices))
        await heard.until(lambda: len(heard.of(Status)) == 2 * len(parisoma.devices))

    states = Counter(status.state for status in heard.of(Status) if isinstance(status, Status))
    assert states == {DeviceState.READY: len(parisoma.devices), DeviceState.DISCONNECTED: len(parisoma.devices)}
    assert took < 5


async def test_a_granted_badge_opens_the_door_and_somebody_walks_in(
    one_door: Building, broker: MosquittoBroker, somebody: SimPerson
):
    async with controller(broker.port, admits) as heard, fleet(one_door, broker) as devices:
        outcome = await Hands(devices, one_door).tap(somebody, one_door.doors["front"])
        await heard.until(lambda: heard.events("door-front")[-1:] == [EventType.DOOR_CLOSED])
        await heard.until(
            lambda: [state.v["door.lock"] for state in heard.of(State) if isinstance(state, State)][-1] == Bolt.LOCKED
        )

    assert outcome.in_words() == "granted, front unlocked for 5 s"
    assert heard.events("door-front") == [EventType.BADGE_READ, EventType.DOOR_OPENED, EventType.DOOR_CLOSED]
    assert [ack.phase for ack in heard.of(Ack) if isinstance(ack, Ack)] == ["accepted", "done"]


async def test_a_refused_badge_learns_the_reason_and_the_door_stays_shut(
    one_door: Building, broker: MosquittoBroker, somebody: SimPerson
):
    async with controller(broker.port, denies) as heard, fleet(one_door, broker) as devices:
        outcome = await Hands(devices, one_door).tap(somebody, one_door.doors["front"])

    assert outcome.in_words() == "denied: outside_hours"
    assert heard.events("door-front") == [EventType.BADGE_READ]


async def test_without_a_controller_the_reader_gives_up_after_a_second(
    one_door: Building, broker: MosquittoBroker, somebody: SimPerson
):
    async with fleet(one_door, broker) as devices:
        outcome = await Hands(devices, one_door).tap(somebody, one_door.doors["front"])

    assert (outcome.granted, outcome.in_words()) == (False, "no answer")


async def test_two_at_one_reader_wait_for_each_other(one_door: Building, broker: MosquittoBroker, somebody: SimPerson):
    async with controller(broker.port, denies) as heard, fleet(one_door, broker) as devices:
        hands = Hands(devices, one_door)
        outcomes = await asyncio.gather(*(hands.tap(somebody, one_door.doors["front"]) for _ in range(2)))

    assert [outcome.shown for outcome in outcomes] == ["denied", "denied"]
    assert heard.events("door-front") == [EventType.BADGE_READ, EventType.BADGE_READ]


async def test_whoever_presses_exit_leaves_and_a_pushed_door_tells(one_door: Building, broker: MosquittoBroker):
    async with controller(broker.port, says_nothing) as heard, fleet(one_door, broker) as devices:
        hands = Hands(devices, one_door)
        await hands.press_exit(one_door.doors["front"])
        await hands.open(one_door.doors["front"], 0.05)
        await heard.until(lambda: len(heard.events("door-front")) == 5)

    assert heard.events("door-front") == [
        EventType.REX, EventType.DOOR_OPENED, EventType.DOOR_CLOSED, EventType.DOOR_OPENED, EventType.DOOR_CLOSED,
    ]  # fmt: skip


async def test_a_held_door_stays_open_while_people_walk_through(
    one_door: Building, broker: MosquittoBroker, somebody: SimPerson
):
    front = one_door.doors["front"]
    async with controller(broker.port, admits) as heard, fleet(one_door, broker) as devices:
        hands = Hands(devices, one_door)
        with devices.held_open(front):
            # Without a background the tap returns when the walk through the door is over.
            assert (await hands.tap(somebody, front)).granted
            await hands.press_exit(front)
            await heard.until(lambda: EventType.REX in heard.events("door-front"))
            assert EventType.DOOR_CLOSED not in heard.events("door-front")
        await heard.until(lambda: EventType.DOOR_CLOSED in heard.events("door-front"))

    assert Counter(heard.events("door-front"))[EventType.DOOR_OPENED] == 1


async def test_a_power_cut_is_mourned_and_the_device_comes_back_by_itself(one_door: Building, broker: MosquittoBroker):
    def states() -> list[DeviceState]:
        return [status.state for status in heard.of(Status) if isinstance(status, Status)]

    async with (
        controller(broker.port, says_nothing) as heard,
        TcpProxy(broker.port) as network,
        fleet(one_door, network) as devices,
    ):
        # Connected is not yet heard: what still waits to be said is lost with the power.
        await heard.until(lambda: states() == [DeviceState.READY])
        # And it stays away until it is mourned, or a broker with much to do would see it back before it was gone.
        network.refuse()
        devices.devices["door-front"].link.drop("power cut")
        await heard.until(lambda: len(states()) >= 2)
        network.refuse(False)
        await heard.until(lambda: len(states()) >= 3)
        told = states()

    assert told == [DeviceState.READY, DeviceState.LOST, DeviceState.READY]


async def test_a_device_without_power_is_mourned_and_stays_away_until_it_is_given_back(
    one_door: Building, broker: MosquittoBroker
):
    def told() -> list[tuple[DeviceState, str | None]]:
        return [(status.state, status.boot) for status in heard.of(Status) if isinstance(status, Status)]

    async with controller(broker.port, admits) as heard, fleet(one_door, broker) as devices:
        door = devices.devices["door-front"]
        await heard.until(lambda: len(told()) == 1)

        await door.cut_power()
        await heard.until(lambda: len(told()) == 2)
        shown: list[Show] = []
        devices.tap("door-front", BadgeReadData(card="04AABBCCDDEEFF", bits=56, format="iso14443a"), shown.append)
        devices.move_leaf(one_door.doors["front"], True)
        assert devices.connected == 0
        assert shown == [Show(Signal.TRY_AGAIN, "no_answer")]
        assert heard.events("door-front") == []

        await door.give_power()
        await heard.until(lambda: len(told()) == 3)
        felt = [state.v["door.contact"] for state in heard.of(State) if isinstance(state, State)]

    (first, mourned, again) = told()[:3]
    assert [first[0], mourned[0], again[0]] == [DeviceState.READY, DeviceState.LOST, DeviceState.READY]
    assert first[1] == mourned[1] != again[1]
    assert felt[-1] == "open"


async def test_a_wrong_password_is_said_at_once(one_door: Building, tmp_path: Path):
    passwords = tmp_path / "passwords.json"
    passwords.write_text(json.dumps({"door-front": "wrong"}))
    with MosquittoBroker(tmp_path / "strict", users={"door-front": "right"}) as strict:
        where = DataDir(tmp_path).endpoint(f"mqtt://127.0.0.1:{strict.port}", None, passwords, None)

        with pytest.raises(RunError, match="no device could connect"):
            async with Fleet(one_door, where, Surroundings(now, no_readings)):
                pass


async def test_the_socket_answers_refuses_and_makes_room(
    one_door: Building, broker: MosquittoBroker, somebody: SimPerson, tmp_path: Path
):
    socket = tmp_path / "s.sock"
    async with controller(broker.port, denies), fleet(one_door, broker) as devices:
        control = Control(Hands(devices, one_door), one_door, [somebody])
        async with serve(socket, control):
            assert socket.stat().st_mode & 0o777 == 0o600
            answer = await ask(socket, {"do": "tap", "badge": somebody.name, "door": "front"})
            left = await ask(socket, {"do": "press-exit", "door": "front"})
            stood = await ask(socket, {"do": "open", "door": "front", "for_s": 0.05})
            stranger = await ask(socket, {"do": "tap", "badge": "04AABBCCDDEEFF", "door": "front"})
            with pytest.raises(InputError, match="no door 'fromt'; did you mean 'front'"):
                await ask(socket, {"do": "tap", "badge": somebody.name, "door": "fromt"})
            with pytest.raises(InputError, match="it can tap, press-exit, press-button and open"):
                await ask(socket, {"do": "dance", "door": "front"})
            with pytest.raises(RunError, match="a simulator already runs"):
                async with serve(socket, control):
                    pass

    assert answer["words"] == stranger["words"] == "denied: outside_hours"
    assert left["words"] == "front: left"
    assert "stood open for 0." in str(stood["words"])
    assert not await is_running(socket)


async def test_the_command_lives_taps_through_its_socket_and_stops_on_a_signal(broker: MosquittoBroker, tmp_path: Path):
    common = ["--space", str(SPACES / "one-door.yaml"), "--data", str(tmp_path / "data")]
    people = await simulator("people", "--space", common[1], "--out", str(tmp_path / "people.csv"))
    assert people.returncode == 0
    member = make_people(load(SPACES / "one-door.yaml"), 1, date(2026, 11, 17))[1]

    async with controller(broker.port, admits) as heard:
        running = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "simulator", "run", *common, "--mqtt", f"mqtt://127.0.0.1:{broker.port}",
            "--people", str(tmp_path / "people.csv"), stderr=asyncio.subprocess.PIPE,
        )  # fmt: skip
        await heard.until(lambda: heard.of(Status))
        await _until_socket(tmp_path / "data" / "simulator.sock")
        tapped = await simulator("tap", "--badge", member.id, "--door", "front", "--json", *common)
        wrong = await simulator("tap", "--badge", member.id, "--door", "frunt", *common)
        running.send_signal(signal.SIGTERM)
        async with asyncio.timeout(PATIENCE_S):
            _, errors = await running.communicate()
        await heard.until(
            lambda: [status.state for status in heard.of(Status) if isinstance(status, Status)][-1] == "disconnected"
        )

    assert running.returncode == 0, errors
    assert b"Traceback" not in errors
    assert (tapped.returncode, json.loads(tapped.out)["granted"]) == (0, True)
    assert wrong.returncode == 2
    assert not (tmp_path / "data" / "simulator.sock").exists()


async def test_tap_connects_by_itself_when_no_simulator_runs(broker: MosquittoBroker, tmp_path: Path):
    words = ["--space", str(SPACES / "one-door.yaml"), "--data", str(tmp_path / "data")]
    words += ["--mqtt", f"mqtt://127.0.0.1:{broker.port}", "--badge", "04AABBCCDDEEFF", "--door", "front"]

    async with controller(broker.port, admits):
        granted = await simulator("tap", *words)
    async with controller(broker.port, denies):
        denied = await simulator("tap", *words)
    silent = await simulator("tap", *words)

    assert (granted.returncode, granted.out) == (0, b"granted, front unlocked for 5 s\n")
    assert (denied.returncode, denied.out) == (1, b"denied: outside_hours\n")
    assert (silent.returncode, silent.out) == (1, b"no answer\n")


@dataclass
class Ended:
    returncode: int | None
    out: bytes
    errors: bytes


async def simulator(*words: str) -> Ended:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "simulator", *words,
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    async with asyncio.timeout(3 * PATIENCE_S):
        out, errors = await process.communicate()
    return Ended(process.returncode, out, errors)


async def _until_socket(path: Path) -> None:
    async with asyncio.timeout(PATIENCE_S):
        while not await is_running(path):
            await asyncio.sleep(0.02)


async def test_people_come_open_doors_and_the_rooms_tell(parisoma: Building, broker: MosquittoBroker, tmp_path: Path):
    def admits_at_any_door(reader: str, _: Event) -> list[tuple[str, Do, str | None]]:
        door = next(d for d in parisoma.doors.values() if reader in (d.unit, d.reader_in, d.reader_out))
        signal = [(reader, Do.SIGNAL, None)] if reader != door.unit else []
        return [(door.unit, Do.UNLOCK, None), *signal]  # type: ignore[list-item]

    people = make_people(parisoma, 1, date(2026, 11, 17))
    start = datetime(2026, 11, 17, 10, 0, tzinfo=parisoma.zone)
    # Ten times faster than life, so that the latecomers of the first minutes are here in seconds.
    simulation = Simulation(parisoma, people, endpoint(broker), 1, start, 10.0, tmp_path / "s.sock")
    stop = asyncio.Event()
    async with controller(broker.port, admits_at_any_door) as heard, asyncio.TaskGroup() as tasks:
        tasks.create_task(run(simulation, stop), name="simulation")
        await heard.until(lambda: len(entered(heard)) >= 2)
        await heard.until(lambda: len({who for who, message in heard.messages if isinstance(message, Telemetry)}) > 40)
        stop.set()

    assert not any(isinstance(ack, Ack) and ack.phase == "refused" and ack.reason != "busy" for ack in heard.of(Ack))


def entered(heard: Heard) -> list[str]:
    return [who for who, message in heard.messages if isinstance(message, Event) and message.type == "door.opened"]
