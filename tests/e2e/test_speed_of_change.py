"""A right that changes in the database, by whatever hand, counts at the door within a second."""

import asyncio
import sqlite3
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from controller.adapters.sql.registry import SqlRegistry
from controller.app.stores import open_digests
from controller.domain.ids import CredentialId
from controller.domain.membership import CredentialState
from tests.support.broker import MosquittoBroker
from tests.support.controller import ControllerProcess
from tests.support.field import FieldDevice
from tests.support.household import Household

pytestmark = pytest.mark.broker

COUNTS_WITHIN_S = 1.0


async def test_a_badge_blocked_by_another_process_is_refused_within_a_second_and_let_in_again(
    prepared: Callable[..., ControllerProcess], house_broker: MosquittoBroker, household: Household
):
    controller = prepared(house_broker.port)
    await asyncio.to_thread(controller.start)
    async with FieldDevice(house_broker.port, "door-front") as front:
        await asyncio.to_thread(controller.wait_for_device, "door-front")
        await front.answer(await front.tap(household.badges["alice"]))

        blocked = await _counts(controller.data, CredentialState.BLOCKED, front, household, "signal")
        allowed = await _counts(controller.data, CredentialState.ACTIVE, front, household, "unlock")

    assert front.commands("signal")[0]["reason"] == "credential_blocked"
    assert blocked < COUNTS_WITHIN_S
    assert allowed < COUNTS_WITHIN_S


async def _counts(data: Path, state: CredentialState, front: FieldDevice, household: Household, answer: str) -> float:
    """Seconds from the moment the change is in the database until a tap gets this answer."""
    with closing(sqlite3.connect(data / "natoma.db")) as registry:
        ((credential,),) = registry.execute("SELECT id FROM credential WHERE person = 'alice'").fetchall()
    # A registry of this very process: the controller hears nothing but what is in the file.
    async with await SqlRegistry.open(data / "natoma.db", key_id=open_digests(data).key_id) as registry:
        await registry.set_credential_state(CredentialId(credential), state)
        changed = time.monotonic()
    while True:
        read = await front.tap(household.badges["alice"])
        await front.until(lambda: bool(front.commands(to=read)), "an answer")  # noqa: B023
        if front.commands(answer, to=read):
            return time.monotonic() - changed
        assert time.monotonic() - changed < 10 * COUNTS_WITHIN_S, f"never {state}"
