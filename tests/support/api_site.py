"""The programs' API over memory stores: a small house, people with tokens, and a way to ask.

Two rooms that are booked, one of them by approval, and the booth. Alice and Bob are members, Dana is staff.
"""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from typing import Any

from aiohttp.test_utils import TestClient, TestServer
from multidict import CIMultiDict

from controller.domain.building import Area, Room, RoomKind, Space
from controller.domain.ids import AreaId, PersonId, TokenId
from controller.domain.membership import Membership, Person, PersonKind
from controller.domain.tokens import Token, TokenScope
from controller.services.history.desk import HistoryDesk
from controller.services.meters import Meters
from controller.services.ports import RegistrySnapshot
from controller.services.screens.health import HealthBoard
from controller.services.screens.wording import Wording
from controller.services.tokens.secret import digest_of, new_secret
from controller.web.api.booths import Studio
from controller.web.api.events import Evenings
from controller.web.api.house import ApiHouse
from controller.web.api.routes import Route
from controller.web.api.table import Programs, table
from controller.web.app import create_app
from tests.support.memory_history import MemoryHistory
from tests.support.services import (
    BOOTH,
    FULL,
    GROUND,
    LOBBY,
    SPACE,
    STUDY,
    HandClock,
    House,
    PlainDigests,
    list_digest_of_token,
)

ALICE, BOB = Person(PersonId("alice"), "Alice"), Person(PersonId("bob"), "Bob")
DANA = Person(PersonId("dana"), "Dana", PersonKind.STAFF)
SALON = AreaId("salon")

HOUSE: Space = replace(
    SPACE,
    areas={
        **SPACE.areas,
        STUDY: Area(STUDY, "Study", GROUND, within=LOBBY, room=Room(RoomKind.MEETING, seats=4, bookable=True)),
        SALON: Area(
            SALON, "Salon", GROUND, within=LOBBY, room=Room(RoomKind.CLASSROOM, 20, bookable=True, needs_approval=True)
        ),
        BOOTH: Area(BOOTH, "Podcast booth", GROUND, within=LOBBY, room=Room(RoomKind.BOOTH, seats=2, bookable=True)),
    },
)
PEOPLE = RegistrySnapshot(
    version=7,
    people={one.id: one for one in (ALICE, BOB, DANA)},
    memberships={one.id: (Membership(one.id, FULL, date(2026, 1, 1)),) for one in (ALICE, BOB)},
)


@dataclass(frozen=True, slots=True)
class Told:
    """One answer, read."""

    status: int
    body: Any
    headers: Mapping[str, str]

    @property
    def problem(self) -> str:
        """Which one it is."""
        assert self.headers["Content-Type"].startswith("application/problem+json"), self
        assert (self.body["status"], bool(self.body["detail"])) == (self.status, True)
        return str(self.body["type"]).removeprefix("/problems/")


@dataclass
class ApiSite:
    """`tell` asks as somebody; `secret` makes them a token."""

    clock: HandClock = field(default_factory=HandClock)

    history: MemoryHistory = field(default_factory=MemoryHistory)

    def __post_init__(self) -> None:
        self.house = House(space=HOUSE, people=PEOPLE, clock=self.clock)
        self.registry = self.house.registry
        self.tokens, self.answers, self.keyring = self.house.tokens, self.house.answers, self.house.services.keyring
        self.feed = self.house.feed
        self.desk = self.house.services.bookings
        self.stores = self.desk.stores
        services = self.house.services
        index = services.index
        words = Wording(lambda: index.space, lambda: index.everybody, lambda: index.people.house)
        studio = Studio(services.booths, self.house.log, words)
        self.programs = Programs(self._told(), self._evenings(), studio, self.keyring, self.house.services.answers)
        self.client: TestClient[Any, Any]
        self._made = 0

    def routes(self) -> tuple[Route, ...]:
        return table(self.programs.house, self.programs.evenings, self.programs.studio)

    def _told(self) -> ApiHouse:
        index = self.house.index
        return ApiHouse(
            space=lambda: index.space,
            people=lambda: index.people,
            room_state=lambda area: self.feed.current("room", area),
            bookings=self.desk,
            community=self.house.services.community,
            history=HistoryDesk(self.history, lambda: index.space, self.clock.now),
            now=self.clock.now,
        )

    def _evenings(self) -> Evenings:
        services = self.house.services
        return Evenings(
            store=self.house.public_events,
            known=services.public_events,
            scans=services.scans,
            digest=PlainDigests().of_token,
            list_digest=list_digest_of_token,
            taken_up=self.house.rights_changed,
        )

    @asynccontextmanager
    async def served(self) -> AsyncIterator["ApiSite"]:
        app = create_app(
            space=lambda: self.house.index.space,
            feed=self.feed,
            health=HealthBoard(self.feed, self.clock.now),
            meters=Meters(),
            now=self.clock.now,
            programs=self.programs,
        )
        async with TestClient(TestServer(app, handler_cancellation=True)) as self.client:
            yield self

    async def secret(
        self,
        *scopes: TokenScope,
        person: str | None = None,
        room: str | None = None,
        life: timedelta = timedelta(days=90),
    ) -> str:
        """A token made by command, which the service has taken up."""
        self._made += 1
        secret, now = new_secret(), self.clock.now()
        token = Token(
            TokenId(f"token-{self._made}"),
            f"program {self._made}",
            frozenset(scopes),
            now,
            now + life,
            AreaId(room) if room is not None else None,
            PersonId(person) if person is not None else None,
        )
        await self.tokens.put_token(token, digest_of(secret))
        await self.keyring.refresh()
        return secret

    async def tell(
        self,
        method: str,
        path: str,
        secret: str | None = None,
        body: object = None,
        *,
        data: bytes | None = None,
        headers: Mapping[str, str] | None = None,
        **query: str,
    ) -> Told:
        """Ask below /api/v1, or anywhere where `path` says so."""
        sent = CIMultiDict(headers or {})
        if secret is not None:
            sent["Authorization"] = f"Bearer {secret}"
        if data is not None:
            sent.setdefault("Content-Type", "application/json")
        where = path if path.startswith(("/api", "/problems")) else f"/api/v1{path}"
        async with self.client.request(
            method, where, json=body, data=data, headers=sent, params=query, allow_redirects=False
        ) as answer:
            is_json = "json" in answer.content_type
            said = await answer.json(content_type=None) if is_json else await answer.text()
            return Told(answer.status, said, dict(answer.headers))


def at(hours: float, day: int = 0) -> str:
    """A moment of Monday the 23rd, or so many days after, by the clock of San Francisco."""
    begin = datetime(2026, 11, 23, tzinfo=SPACE.zone) + timedelta(days=day)
    return (begin + timedelta(hours=hours)).isoformat()
