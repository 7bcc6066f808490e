"""A house with rooms to book and an event tonight, run by the real controller, for the pages that live by a token."""

import asyncio
import json
import re
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from controller.app.stores import open_digests, open_kept
from controller.cli.people import import_people
from controller.config import Settings
from controller.domain.holdings import PublicEvent
from controller.domain.ids import AreaId, DoorId, EventId, PersonId
from controller.services.tokens.desk import TokenDesk
from controller.services.visitors.ticket_desk import TicketDesk
from controller.services.visitors.ticket_file import Guest
from controller.space import load
from tests.support.broker import free_port
from tests.support.controller import ControllerProcess, eventually

ROOMS = ("study", "salon", "attic", "cellar", "library")
SPACE = """\
natoma: 1
id: panel-house
name: Panel house
zone: ZONE
floors: {ground: {name: Ground floor, size: [25, 10]}}
areas:
  hall: {name: Hall, floor: ground, outline: [0, 0, 20, 6], room: {kind: open_space}}
  study: {name: Study, floor: ground, within: hall, outline: [0, 6, 5, 4], room: {kind: meeting, seats: 4}}
  salon: {name: Salon, floor: ground, within: hall, outline: [5, 6, 5, 4], room: {kind: meeting, seats: 4}}
  attic: {name: Attic, floor: ground, within: hall, outline: [10, 6, 5, 4], room: {kind: meeting, seats: 4}}
  cellar: {name: Cellar, floor: ground, within: hall, outline: [15, 6, 5, 4], room: {kind: meeting, seats: 4}}
  library: {name: Library, floor: ground, within: hall, outline: [20, 6, 5, 4], room: {kind: meeting, seats: 4}}
doors:
  front: {name: Front door, from: outside, to: hall, at: [4, 0]}
devices:
  door-front: {kind: door_unit, door: front}
plans:
  full: {name: Full-time, where: [hall, study, salon, attic, cellar, library], schedule: always}
"""
PEOPLE = """\
id,name,kind,plan,from
alice,Alice Arnaud,member,full,2020-01-01
hera,Hera Host,staff,,
"""
TALK, SMALL = "talk", "small"


@dataclass
class PanelHouse:
    controller: ControllerProcess
    url: str  # of what others may reach
    secrets: dict[str, str] = field(repr=False)
    tickets: dict[str, list[str]] = field(repr=False)  # the tokens, by event

    def ask(self, path: str, body: dict[str, Any] | None = None, *, by: str = "alice") -> Any:
        """A question to the API, as a program of somebody's."""
        request = urllib.request.Request(
            f"{self.url}api/v1{path}",
            data=json.dumps(body).encode() if body is not None else None,
            headers={"Authorization": f"Bearer {self.secrets[by]}", "Content-Type": "application/json"},
        )
        with urllib.request.urlopen(request, timeout=10) as answer:
            return json.load(answer)

    def ask_panel(self, room: str, owner: str) -> Any:
        """What a panel is answered that books for somebody of this name."""
        start = datetime.now(UTC).replace(second=0, microsecond=0)
        end = start + timedelta(minutes=15)
        wish = {"room": room, "start": start.isoformat(), "end": end.isoformat(), "owner": owner, "walk_up": True}
        try:
            return self.ask("/bookings", wish, by=room)
        except urllib.error.HTTPError as error:
            with error:
                return json.load(error)

    def heads(self, event: str) -> int:
        return int(self.ask(f"/events/{event}", by="scan")["heads"])

    def bookings(self, room: str) -> list[dict[str, Any]]:
        return [one for one in self.ask(f"/bookings?room={room}")["items"] if one["state"] == "booked"]


def _where_it_is_about_noon() -> str:
    """A day's free time ends at midnight, and with it what a panel offers: tests are run at any hour."""
    ahead = 12 - datetime.now(UTC).hour
    return f"Etc/GMT{-ahead:+d}" if ahead else "Etc/UTC"  # POSIX has the sign the other way round


@contextmanager
def panel_house(folder: Path) -> Iterator[PanelHouse]:
    folder.mkdir(parents=True, exist_ok=True)
    space, people = folder / "space.yaml", folder / "people.csv"
    space.write_text(SPACE.replace("ZONE", _where_it_is_about_noon()))
    people.write_text(PEOPLE)
    people.chmod(0o600)
    secrets, tickets = asyncio.run(_furnished(Settings(data=folder / "data", space=space), people))
    # At an address of its own, as a tablet in the corridor would reach it.
    (folder / "natoma.toml").write_text("web_outside_port = 0\n")
    # A port of its own: two that start at once may both find the first one free.
    words = ("--space", space, "--config", folder / "natoma.toml", "--broker-port", free_port())
    with ControllerProcess(folder, "run", *words) as controller:
        [address] = re.findall(r"public events, .* answer at (http://\S+)", controller.log)
        house = PanelHouse(controller, address, secrets, tickets)
        eventually(lambda: house.ask("/rooms/study", by="study")["state"] is not None, "the rooms are known")
        yield house


async def _furnished(settings: Settings, people: Path) -> tuple[dict[str, str], dict[str, list[str]]]:
    """People, tokens, and two events whose host has come; by the same desks that the commands use."""
    assert settings.space is not None
    space = load(settings.space)
    await import_people(settings, space, people)
    now = datetime.now(UTC)
    async with open_kept(settings.data) as kept:
        known = await kept.registry.load()
        desk = TokenDesk(kept.tokens, space, known.people, now)
        secrets = {room: (await desk.create(room, ["panel"], room=room)).secret for room in ROOMS}
        secrets["alice"] = (await desk.create("program", ["bookings:write"], person="alice")).secret
        secrets["scan"] = (await desk.create("door", ["tickets:scan"])).secret
        tickets = {}
        start, end = now - timedelta(minutes=30), now + timedelta(hours=2)
        for id, capacity in ((TALK, 40), (SMALL, 1)):
            event = PublicEvent(
                EventId(id), f"The {id}", PersonId("hera"), AreaId("hall"), (DoorId("front"),), start, end, capacity,
                host_entered_at=start, is_public=True,
            )  # fmt: skip
            await kept.public_events.put_event(event)
            tickets_desk = TicketDesk(kept.public_events, space, await kept.registry.load(), now)
            made = tickets_desk.make(event, [Guest(n, f"Visitor {n}") for n in range(6)], "guests")
            await tickets_desk.keep(made, open_digests(settings.data).of_token)
            tickets[id] = [one.token for one in made]
    return secrets, tickets
