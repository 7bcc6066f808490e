"""Who may enter, when and why, on a real broker: days counted once, badges revoked, PINs, lockdown, fire, hours.

What a door was told is heard by a device in the test's own hands, or done by a virtual one with a real bolt; what was
written down is read from the databases. Doors that decide alone are in `test_access_rules_alone`.
"""

import asyncio
import statistics
import time
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from controller.domain.ids import PersonId
from controller.domain.membership import CredentialState
from controller.domain.usage import Charge, ChargeKind, LedgerEntry, LedgerRow
from tests.support.field import FieldDevice
from tests.support.live_house import PROMISED_S, SLOWEST_S, Live, happens, house_at, now, seen, shut, today, told
from tests.support.rules_house import PINS, RulesHouse, at_registry, set_badge

pytestmark = pytest.mark.broker


@pytest.fixture(scope="module")
def shared(rules_house: RulesHouse, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Live]:
    """One house for all tests that leave it as it was, but for people of their own."""
    with house_at(tmp_path_factory.mktemp("shared"), rules_house) as live:
        asyncio.run(_use_days(live.data, "tom", 1))
        asyncio.run(_use_days(live.data, "tim", 2))
        yield live


# --- days of a week -----------------------------------------------------------------------------------


async def test_fifty_reads_at_two_doors_at_once_use_one_day_and_the_ledger_says_one(shared: Live):
    async with shared.doors("front", "side") as doors:
        reads = [(door, door.tap(shared.badges["tom"])) for door in doors.values() for _ in range(25)]
        ids = await asyncio.gather(*(tap for _, tap in reads))
        answers = [await told(door, read) for (door, _), read in zip(reads, ids, strict=True)]
        for door in doors.values():
            await happens(door, "door.opened")
        # The ledger follows the event log by a moment.
        await seen(lambda: len(_days(shared, "tom")) == 2, "the day in the ledger")
        again = await shared.answer(doors["front"], "tom")
        await _close(doors)

    entered = {fact["door"] for fact in shared.controller.facts("entry_taken") if fact["person"] == "tom"}
    assert set(answers) == {"unlock"}
    assert entered == {"front", "side"}
    assert again == "unlock"  # the same day again is free
    assert _days(shared, "tom") == sorted([*_other_days(1), today()])


async def test_a_week_that_is_used_up_is_refused_at_every_door(shared: Live):
    async with shared.doors("front", "side") as doors:
        answers = [await shared.answer(door, "tim") for door in doors.values()]

    assert answers == ["quota_used_up"] * 2
    assert _days(shared, "tim") == _other_days(2)


async def test_a_grant_that_nobody_uses_costs_no_day(shared: Live):
    async with shared.doors("stage", "side") as doors:
        assert await shared.answer(doors["side"], "ted") == "unlock"
        await seen(lambda: _of(shared, "entry_not_taken", "ted"), "granted, and not entered", within=15.0)

    assert _days(shared, "ted") == []


def _other_days(count: int) -> list[date]:
    """Days of this week that are not today."""
    monday = today() - timedelta(days=today().weekday())
    return [day for day in (monday + timedelta(days=n) for n in range(3)) if day != today()][:count]


async def _use_days(data: Path, person: str, count: int) -> None:
    async def use(kept: Any, _: Any) -> None:
        charges = [Charge(ChargeKind.QUOTA_DAY, PersonId(person), day) for day in _other_days(count)]
        await kept.ledger.append([LedgerRow(LedgerEntry.USED, charge, now()) for charge in charges])

    await at_registry(data, use)


def _days(live: Live, person: str) -> list[date]:
    ask = "SELECT day FROM ledger WHERE holder = ? AND entry = 'used' ORDER BY day"
    return [date.fromisoformat(day) for (day,) in live.controller.query("natoma", ask, (person,))]


def _of(live: Live, kind: str, person: str) -> list[dict[str, Any]]:
    return [fact for fact in live.controller.facts(kind) if fact["person"] == person]


async def _close(doors: dict[str, FieldDevice]) -> None:
    for door in doors.values():
        await happens(door, "door.closed")
        await shut(door)


# --- badges -------------------------------------------------------------------------------------------


async def test_a_revoked_badge_is_refused_at_every_door_within_a_second(
    shared: Live, record_property: Callable[[str, object], None]
):
    async with shared.doors("front", "side", "gate", "annex") as doors:
        assert await shared.answer(doors["front"], "olga") == "unlock"
        took = []
        for state, refused in [(CredentialState.BLOCKED, True), (CredentialState.ACTIVE, False)] * 3:
            await set_badge(shared.data, "olga", state)
            changed = time.monotonic()
            for door in (doors["front"], doors["side"], doors["gate"]):
                while ((await shared.answer(door, "olga")) == "credential_blocked") is not refused:
                    assert time.monotonic() - changed < SLOWEST_S
                took.append(time.monotonic() - changed)
        anywhere = [await shared.answer(door, "olga") for door in doors.values()]
        await set_badge(shared.data, "olga", CredentialState.BLOCKED)
        await asyncio.sleep(PROMISED_S)
        nowhere = [await shared.answer(door, "olga") for door in doors.values()]

    record_property("median_s", statistics.median(took))
    record_property("slowest_s", max(took))
    assert statistics.median(took) < PROMISED_S
    assert anywhere == ["unlock", "unlock", "unlock", "no_right"]
    assert nowhere == ["credential_blocked"] * 4


async def test_a_lost_badge_is_refused_and_staff_are_alerted(shared: Live):
    async with shared.doors("front") as doors:
        assert await shared.answer(doors["front"], "lena") == "unlock"
        await set_badge(shared.data, "lena", CredentialState.LOST)
        await asyncio.sleep(PROMISED_S)
        answer = await shared.answer(doors["front"], "lena")
        await seen(lambda: _of(shared, "alarm_raised", "lena"), "an alarm")

    (alarm,) = _of(shared, "alarm_raised", "lena")
    assert answer == "credential_lost"
    assert (alarm["door"], alarm["detail"]["alarm"]) == ("front", "credential_lost_used")


# --- PINs ---------------------------------------------------------------------------------------------


async def test_a_badge_and_its_pin_open_together_and_neither_alone(shared: Live):
    async with shared.doors("safe") as doors:
        safe = doors["safe"]
        asked = await shared.answer(safe, "alice")
        right = await _pin(safe, PINS["alice"])
        alone = await _pin(safe, PINS["alice"])
        await shared.answer(safe, "alice")
        wrong = await _pin(safe, "000000")

    assert asked == "enter_pin"
    assert (right, wrong) == ("unlock", "pin_wrong")
    assert alone != "unlock"
    assert not [fact for fact in shared.controller.decisions() if PINS["alice"] in str(fact)]
    assert PINS["alice"] not in shared.controller.log


async def test_five_wrong_pins_lock_pins_on_that_reader_and_not_badges_and_alert(shared: Live):
    async with shared.doors("vault", "safe") as doors:
        for number in range(5):
            assert await shared.answer(doors["vault"], "alice") == "enter_pin"
            assert await _pin(doors["vault"], f"00000{number}") == "pin_wrong"
        asked = await shared.answer(doors["vault"], "alice")
        right = await _pin(doors["vault"], PINS["alice"])
        await shared.answer(doors["safe"], "alice")
        elsewhere = await _pin(doors["safe"], PINS["alice"])
        await seen(lambda: _alarms(shared, "pin_locked_out"), "an alarm")

    assert (asked, right, elsewhere) == ("enter_pin", "pin_locked_out", "unlock")
    assert [alarm["door"] for alarm in _alarms(shared, "pin_locked_out")] == ["vault"]


async def test_a_duress_pin_opens_as_usual_and_alerts_silently(shared: Live):
    async with shared.doors("safe") as doors:
        await shared.answer(doors["safe"], "alice")
        answer = await _pin(doors["safe"], PINS["alice-duress"])
        commands = len(doors["safe"].commands())
        await seen(lambda: _alarms(shared, "duress"), "an alarm")

    assert answer == "unlock"
    assert commands == 2  # the question and the unlock: nothing else is shown
    assert [(alarm["door"], alarm["person"]) for alarm in _alarms(shared, "duress")] == [("safe", "alice")]


def _alarms(live: Live, kind: str) -> list[dict[str, Any]]:
    return [fact for fact in live.controller.facts("alarm_raised") if fact["detail"]["alarm"] == kind]


async def _pin(door: FieldDevice, digits: str) -> str:
    body = _pin_entered(door, digits)
    await door.say("event", body)
    return await told(door, str(body["id"]))


def _pin_entered(door: FieldDevice, digits: str) -> dict[str, Any]:
    return {**door.read("00"), "type": "pin.entered", "data": {"pin": digits}}


# --- reads that are none ------------------------------------------------------------------------------


async def test_a_retained_a_repeated_and_an_old_pin_open_nothing(shared: Live):
    """Of badges the same is shown in `test_tap`."""
    async with shared.doors("safe", "front") as doors:
        safe = doors["safe"]
        await shared.answer(safe, "alice")
        old, kept, fresh = (_pin_entered(safe, PINS["alice"]) for _ in range(3))
        await safe.say("event", {**old, "ts": (now() - timedelta(seconds=6)).isoformat()})
        await safe.say("event", kept, retain=True)
        await safe.rejection("retained_event")
        await safe.say("event", b"", retain=True)  # or every later test would find it
        for _ in range(3):
            await safe.say("event", fresh)
        await told(safe, str(fresh["id"]))
        await shared.answer(doors["front"], "alice")  # whatever came before it has been answered too

    assert [one["re"] for one in safe.commands("unlock")] == [fresh["id"]]


# --- lockdown -----------------------------------------------------------------------------------------


async def test_a_lockdown_counts_within_a_second_outlives_a_kill_and_is_lifted_by_right_and_reason(live: Live):
    async with live.doors("front", "side") as doors:
        front, side = doors["front"], doors["side"]
        assert await live.answer(front, "alice") == "unlock"
        begun = await asyncio.to_thread(live.command, "lockdown", "--by", "hana", "--reason", "a stranger in the hall")
        began = time.monotonic()
        while (await live.answer(front, "alice")) != "lockdown":
            assert time.monotonic() - began < SLOWEST_S
        took = time.monotonic() - began
        during = {who: await live.answer(side, who) for who in ("alice", "hana", "olga", "bob", "stranger")}
        leaving = await told(front, await front.tap(live.badges["alice"], data=_out(live.badges["alice"])))
        pressed = await happens(front, "rex")

        live.controller.kill()
        await asyncio.to_thread(live.controller.start)
        await asyncio.to_thread(live.controller.wait_for_device, "door-front")
        after = await live.answer(front, "alice")
        rightless = await asyncio.to_thread(live.command, "lockdown", "lift", "--by", "hana", "--reason", "over")
        still = await live.answer(side, "alice")
        by_right = await asyncio.to_thread(live.command, "lockdown", "lift", "--by", "liv", "--reason", "the plumber")
        lifted = time.monotonic()
        while (await live.answer(front, "alice")) != "unlock":
            assert time.monotonic() - lifted < SLOWEST_S

    assert took < PROMISED_S
    assert during == {
        "alice": "lockdown",
        "hana": "lockdown",  # staff have no right to enter by being staff: it is a right of its own
        "olga": "unlock",
        "bob": "membership_overdue",  # what is wrong with the person is told first, so that nothing is masked
        "stranger": "unknown_credential",
    }
    assert leaving == "unlock"
    assert [fact["message_id"] for fact in live.controller.facts("exit_requested")] == [pressed]
    assert (after, still) == ("lockdown", "lockdown")
    assert (begun.code, rightless.code, by_right.code) == (0, 2, 0)
    assert "Liv Lift" in rightless.err


def _out(card: str) -> dict[str, str]:
    return {"card": card, "format": "iso14443a", "direction": "out"}
