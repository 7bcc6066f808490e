"""The simulator's page without a browser: what it shows, what it does, and whom it answers."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path

import aiohttp
import pytest

from devices.channels import Bolt
from devices.messages import Signal
from devices.units import DoorUnit
from devices.units.steps import BoltFelt, ButtonPressed, Show
from simulator.building import Building
from simulator.clock import now
from simulator.device import Surroundings
from simulator.endpoint import DataDir
from simulator.errors import InputError, RunError
from simulator.fleet import Fleet
from simulator.page.acts import STRANGER, Acts
from simulator.page.app import Page, serve
from simulator.page.drawing import told_once
from simulator.page.floors import Floor, draw
from simulator.page.life import Life, changes
from simulator.page.places import Places
from simulator.people import SimPerson
from simulator.performing import Instruments
from simulator.world import World

STATIC = Path(__file__).parents[3] / "simulator" / "page" / "static"


@dataclass
class Clock:
    at: float = 0.0

    def __call__(self) -> float:
        return self.at


@dataclass
class House:
    """A building that lives, with devices that never connect."""

    building: Building
    fleet: Fleet
    instruments: Instruments
    acts: Acts
    life: Life
    page: Page
    clock: Clock = field(default_factory=Clock)


@pytest.fixture(scope="module")
def quiet_world(parisoma: Building, people: list[SimPerson]) -> World:
    """Before anybody comes; no test lets it live."""
    return World(parisoma, people, 1, datetime(2026, 11, 17, 4, 30, tzinfo=parisoma.zone))


@pytest.fixture(scope="module")
def floors(parisoma: Building) -> tuple[Floor, ...]:
    return draw(parisoma)


@pytest.fixture
async def house(
    parisoma: Building, people: list[SimPerson], quiet_world: World, floors: tuple[Floor, ...]
) -> AsyncIterator[House]:
    endpoint = DataDir(Path("nowhere")).endpoint("mqtt://127.0.0.1:1", None, None, None)
    instruments = Instruments(parisoma, quiet_world, 1)
    fleet = Fleet(parisoma, endpoint, Surroundings(now, instruments.read), seed=1)
    clock = Clock()
    async with asyncio.TaskGroup() as background:
        acts = Acts(parisoma, people, fleet, instruments, background, date(2026, 11, 17))
        life = Life(parisoma, quiet_world, fleet, instruments, Places(floors), clock)
        page = Page(told_once(parisoma, floors), life, acts)
        yield House(parisoma, fleet, instruments, acts, life, page, clock)
        acts.close()


def later(house: House, seconds: float) -> dict:
    house.clock.at += seconds
    return dict(house.life.now())


# --- what is shown ------------------------------------------------------------------------------------------


async def test_a_readers_light_shows_an_answer_for_a_while_and_then_waits_again(house: House):
    reader = house.fleet.devices["reader-street"]
    assert later(house, 1)["door/street"]["lamp"] == ["idle", 0]

    reader.on_show(Show(Signal.GRANTED))  # type: ignore[misc]

    assert later(house, 0.1)["door/street"]["lamp"] == ["granted", 1]
    assert later(house, 2.0)["door/street"]["lamp"] == ["granted", 1]
    assert later(house, 1.0)["door/street"]["lamp"] == ["idle", 1]
    reader.on_show(Show(Signal.ENTER_PIN))  # type: ignore[misc]
    assert later(house, 14.0)["door/street"]["lamp"] == ["enter_pin", 2]


async def test_a_door_shows_leaf_bolt_and_who_holds_it(house: House):
    street = house.building.doors["street"]
    house.fleet.devices[street.unit].feed(BoltFelt(Bolt.UNLOCKED))
    with house.fleet.held_open(street):
        shown = later(house, 1)["door/street"]

    assert (shown["open"], shown["bolt"], shown["held"], shown["off"]) == (True, "unlocked", True, False)


async def test_nothing_that_is_shown_names_anybody(
    house: House, people: list[SimPerson], morning: datetime, floors: tuple[Floor, ...]
):
    world = World(house.building, people, 1, morning)
    life = Life(house.building, world, house.fleet, house.instruments, Places(floors), house.clock)
    told = json.dumps(life.now())

    assert sum(key.startswith("dot/") for key in life.now()) > 20
    assert not [person.id for person in people if person.id in told or person.name in told]


async def test_who_watches_is_told_what_changed_and_what_is_gone():
    before = {"dot/1": [1, 2], "dot/2": [3, 4], "house": {"clock": "09:40"}}
    after = {"dot/2": [5, 4], "house": {"clock": "09:40"}, "dot/3": [0, 0]}

    assert changes(before, after) == {"dot/2": [5, 4], "dot/3": [0, 0], "dot/1": None}


# --- what is done -------------------------------------------------------------------------------------------


def leaf_is_open(house: House, door: str) -> bool:
    unit = house.fleet.devices[house.building.doors[door].unit].machine
    assert isinstance(unit, DoorUnit)
    return unit.is_open


async def test_a_propped_door_stays_open_until_it_is_let_go(house: House):
    for _ in range(2):
        assert await house.acts.do({"do": "prop", "door": "howard"}) == {"words": "Howard: held open"}
    assert leaf_is_open(house, "howard")

    assert await house.acts.do({"do": "let-go", "door": "howard"}) == {"words": "Howard: let go"}
    assert not leaf_is_open(house, "howard")


async def test_a_locked_door_is_forced_and_an_unlocked_one_pushed(house: House):
    forced = await house.acts.do({"do": "open", "door": "howard"})
    house.fleet.devices[house.building.doors["minna"].unit].feed(BoltFelt(Bolt.UNLOCKED))
    pushed = await house.acts.do({"do": "open", "door": "minna"})

    assert forced == {"words": "Howard: forced open, the bolt was shot"}
    assert pushed == {"words": "Minna: pushed open"}


async def test_a_badge_at_a_reader_that_reaches_nobody_is_told_to_try_again(house: House, people: list[SimPerson]):
    answer = await house.acts.do({"do": "tap", "door": "street", "person": people[0].id})

    assert answer["granted"] is False
    assert answer["words"] == "no answer"
    assert (await house.acts.do({"do": "tap", "door": "howard", "person": STRANGER}))["granted"] is False


async def test_a_breath_is_read_at_once_and_shown(house: House):
    before = later(house, 2)["room/booth"]["co2"]["sensor-booth"]

    assert await house.acts.do({"do": "breathe", "device": "sensor-booth"}) == {
        "words": "sensor-booth: somebody breathes on it"
    }
    assert later(house, 2)["room/booth"]["co2"]["sensor-booth"] == before + 2000


async def test_the_booths_button_is_pushed(house: House, monkeypatch: pytest.MonkeyPatch):
    pressed: list[object] = []
    monkeypatch.setattr(house.fleet.devices["light-booth"], "feed", pressed.append)

    assert await house.acts.do({"do": "press-button", "room": "booth"}) == {
        "words": "Podcast booth: the button was pressed"
    }
    assert pressed == [ButtonPressed()]


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        ({"do": "dance"}, "nobody here can 'dance'; try tap, pin"),
        ({"do": "tap", "door": "stret", "person": STRANGER}, "no door 'stret'; did you mean 'street'"),
        ({"do": "tap", "door": "street", "person": "nobody"}, "nobody here is 'nobody'; take somebody from the list"),
        ({"do": "pin", "door": "street", "pin": "abc"}, "a PIN is 1 to 16 digits"),
        ({"do": "breathe", "device": "door-street"}, "door-street measures no CO2"),
        ({"do": "cut", "device": "door-stret"}, "no device 'door-stret'; did you mean 'door-street'"),
        ({"do": "press-button", "room": "minna"}, "Minna has no button; there is one in booth"),
    ],
    ids=lambda value: value if isinstance(value, str) else value["do"],
)
async def test_nonsense_is_refused_with_what_would_be_right(house: House, asked: dict[str, str], words: str):
    with pytest.raises(InputError, match=words.replace("(", r"\(")):
        await house.acts.do(asked)


async def test_people_are_found_by_any_part_of_their_name_and_no_badge_is_told(house: House, people: list[SimPerson]):
    somebody = people[3]
    first, last = somebody.name.split(" ", 1)
    found = house.acts.found(f"{last[:4].upper()} {first.lower()}")

    assert somebody.id in [person["id"] for person in found]
    told = json.dumps([*found, *house.acts.found("")])
    assert not [person for person in people if person.badge in told or (person.pin and person.pin in told)]


async def test_the_first_to_be_offered_are_one_of_every_kind(house: House):
    kinds = [person["what"] for person in house.acts.found("")]

    assert kinds[0] == "staff"
    assert {"badge lost", "membership overdue", "plan full-time"} <= set(kinds[:20])


# --- whom it answers ----------------------------------------------------------------------------------------


@asynccontextmanager
async def asking(house: House) -> AsyncIterator[tuple[aiohttp.ClientSession, str]]:
    async with serve(house.page, 0) as address, aiohttp.ClientSession() as session:
        yield session, address


async def test_the_page_comes_with_a_strict_policy_and_without_inline_script(house: House):
    async with asking(house) as (session, address), session.get(address) as answer:
        text = await answer.text()

    policy = answer.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert "frame-ancestors 'none'" in policy
    assert text.startswith("<!doctype html>")
    assert text.count("<script") == text.count('<script type="module" src="/static/')
    assert not [word for word in (" onclick=", " style=", "http://", "https://") if word in text]


async def test_everything_the_page_asks_for_is_there_and_nothing_else(house: House):
    async with asking(house) as (session, address):
        for file in STATIC.iterdir():
            async with session.get(f"{address}static/{file.name}") as answer:
                assert answer.status == 200, file.name
        for elsewhere in ("static/app.py", "static/..%2Fapp.py", "etc"):
            async with session.get(f"{address}{elsewhere}") as answer:
                assert answer.status == 404


@pytest.mark.parametrize("host", ["evil.example", "evil.example:80", "127.0.0.1.evil.example", ""])
async def test_a_host_that_is_not_this_machine_is_turned_away(house: House, host: str):
    async with asking(house) as (session, address), session.get(address, headers={"Host": host}) as answer:
        assert answer.status in (400, 421)
        assert "Content-Security-Policy" in answer.headers


async def test_another_site_can_make_it_do_nothing(house: House):
    body = json.dumps({"do": "prop", "door": "street"})
    json_type, form = {"Content-Type": "application/json"}, {"Content-Type": "text/plain"}
    async with asking(house) as (session, address):
        for headers, status in (({**json_type, "Sec-Fetch-Site": "cross-site"}, 403), (form, 415)):
            async with session.post(f"{address}do", data=body, headers=headers) as answer:
                assert answer.status == status
        async with session.get(f"{address}plan", headers={"Sec-Fetch-Site": "same-site"}) as answer:
            assert answer.status == 403

    assert not leaf_is_open(house, "street")


async def test_what_is_asked_wrongly_is_answered_in_words(house: House):
    async with asking(house) as (session, address):
        told = []
        bodies = (
            '{"do": "open", "door": "stret"}',
            "[]",
            "{",
            '"' + "x" * 5000 + '"',
            "[" * 4000,
            b"\xff",
            '{"do": "\\ud800"}',
        )
        for body in bodies:
            async with session.post(f"{address}do", data=body, headers={"Content-Type": "application/json"}) as answer:
                told.append((answer.status, (await answer.text())[:40]))

    assert [status for status, _ in told] == [422, 422, 400, 413, 400, 400, 422]
    assert told[4][1].startswith('{"error": "what is to be done is nested ')
    assert told[0][1].startswith('{"error": "no door \'stret\'; did you mean')


async def test_the_stream_begins_with_all_and_goes_on_with_what_changes(house: House):
    async def message(answer: aiohttp.ClientResponse) -> tuple[str, dict]:
        name, data, _ = [(await answer.content.readline()).decode() for _ in range(3)]
        return name.removeprefix("event: ").strip(), json.loads(data.removeprefix("data: "))

    async with asking(house) as (session, address), session.get(f"{address}live", read_bufsize=2**20) as answer:
        name, table = await message(answer)
        await house.acts.do({"do": "prop", "door": "howard"})
        house.clock.at += 0.1
        more, news = await message(answer)

    assert (name, more) == ("all", "news")
    assert (table["door/howard"]["open"], news["door/howard"]["open"]) == (False, True)
    assert "door/street" not in news


async def test_a_port_that_is_taken_is_said_with_what_to_do(house: House):
    async with serve(house.page, 0) as address:
        port = int(address.rsplit(":", 1)[1].strip("/"))
        with pytest.raises(RunError, match=f"--page-port {port}: the page cannot be there: .*; 0 takes a free one"):
            async with serve(house.page, port):
                pass
