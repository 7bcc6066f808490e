"""A house whose registry is on a PostgreSQL server: doors, commands and the service go by one setting."""

import asyncio
import time
from pathlib import Path

import pytest

from tests.support import postgres
from tests.support.broker import MosquittoBroker
from tests.support.controller import ControllerProcess, natoma
from tests.support.field import FieldDevice
from tests.support.household import make_household

pytestmark = pytest.mark.broker

COUNTS_WITHIN_S = 1.0


async def test_a_badge_is_let_in_from_a_server_and_refused_once_a_command_blocks_it(
    house_broker: MosquittoBroker, tmp_path: Path
) -> None:
    server = await asyncio.to_thread(postgres.empty_registry)
    settings = tmp_path / "natoma.toml"
    settings.write_text(f'data = "data"\ndatabase = "{server.url}"\n')
    house = await asyncio.to_thread(make_household, tmp_path, "--config", settings)
    run = ("run", "--config", settings, "--space", house.space, "--mqtt", f"mqtt://127.0.0.1:{house_broker.port}")

    with ControllerProcess(tmp_path / "run", *run, data=house.data) as controller:
        async with FieldDevice(house_broker.port, "door-front") as front:
            await asyncio.to_thread(controller.wait_for_device, "door-front")
            await front.answer(await front.tap(house.badges["alice"]))
            told = await asyncio.to_thread(natoma, "people", "badge", "alice", "blocked", "--config", settings)
            assert told.code == 0, told.err
            changed = time.monotonic()
            await answered(front, house.badges["alice"], "signal", since=changed)

        assert front.commands("unlock") != []
        assert front.commands("signal")[0]["reason"] == "credential_blocked"
        assert (house.data / "events.db").exists()
        assert not (house.data / "natoma.db").exists()
        assert "natoma@" not in controller.log + controller.said


async def answered(front: FieldDevice, badge: str, answer: str, *, since: float) -> None:
    """Tap until this answer comes."""
    while True:
        read = await front.tap(badge)
        await front.until(lambda: bool(front.commands(to=read)), "an answer")  # noqa: B023
        if front.commands(answer, to=read):
            assert time.monotonic() - since < COUNTS_WITHIN_S
            return
        assert time.monotonic() - since < 10 * COUNTS_WITHIN_S, f"never {answer}"
