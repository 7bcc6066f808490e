"""The programs' API beside real doors: a token made by command, a room booked with it, its door, the token taken back."""

import asyncio
import time
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import aiohttp
import pytest

from tests.support.live_house import PROMISED_S, SLOWEST_S, Live, house_at, now
from tests.support.rules_house import RulesHouse

pytestmark = pytest.mark.broker


@pytest.fixture
def live(rules_house: RulesHouse, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Live]:
    with house_at(tmp_path_factory.mktemp("api"), rules_house) as live:
        yield live


async def test_a_program_books_a_room_and_its_door_opens_until_the_token_is_revoked(live: Live):
    async with live.doors("stage") as doors, aiohttp.ClientSession() as session:
        stage = doors["stage"]
        words = (
            "phone app",
            "--scope",
            "bookings:write",
            "--scope",
            "rooms:read",
            "--person",
            "alice",
            "--expires",
            "1d",
        )
        made = await asyncio.to_thread(live.command, "token", "create", *words)
        secret = made.out.strip()

        async def ask(method: str, path: str, body: object = None) -> tuple[int, Any]:
            url, headers = f"{live.controller.url}api/v1{path}", {"Authorization": f"Bearer {secret}"}
            async with session.request(method, url, json=body, headers=headers) as answer:
                return answer.status, await answer.json(content_type=None)

        async def until(method: str, path: str, *statuses: int) -> float:
            began = time.monotonic()
            while (await ask(method, path))[0] not in statuses:
                assert time.monotonic() - began < SLOWEST_S, f"never {statuses}"
                await asyncio.sleep(0.02)
            return time.monotonic() - began

        taken_up = await until("GET", "/rooms/stage", 200)
        assert await live.answer(stage, "alice") == "no_right"

        start = now().replace(second=0, microsecond=0)
        body = {"room": "stage", "start": start.isoformat(), "end": (start + timedelta(hours=1)).isoformat()}
        status, booking = await ask("POST", "/bookings", body)
        began = time.monotonic()
        while (told := await live.answer(stage, "alice")) != "unlock":
            assert time.monotonic() - began < SLOWEST_S, told
        counted = time.monotonic() - began
        again, problem = await ask("POST", "/bookings", body)
        _, room = await ask("GET", "/rooms/stage")

        used = (await asyncio.to_thread(live.command, "token", "list")).out
        await asyncio.to_thread(live.command, "token", "revoke", "phone app")
        # What asked before it was known counts as tries of a stranger, who is slowed down.
        refused = await until("GET", "/token", 401, 429)
        revoked = (await asyncio.to_thread(live.command, "token", "list", "--all")).out

    assert (status, booking["owner"], booking["state"]) == (201, "alice", "booked")
    assert (again, problem["type"], problem["there"]["start"]) == (409, "/problems/overlap", booking["start"])
    assert room["state"]["id"] == "stage"
    assert max(taken_up, counted, refused) < PROMISED_S
    assert "phone app: bookings:write rooms:read, as Alice Arnaud" in used
    assert "last used today" in used
    assert "revoked" in revoked
    assert "nowhere else" in made.err
    for said in (made.err, used, revoked, live.controller.log, live.controller.page()):
        assert secret not in said
    assert secret.encode() not in b"".join(file.read_bytes() for file in live.data.glob("natoma.db*"))
