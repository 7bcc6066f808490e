"""F32: an old backup is put in place of a house that has gone on.

The judge is the test's own record: what the broker confirmed before the backup and after the restore, and what doors
were told when. What happened between the two is lost from the log; it must be said, and must not be done again.
"""

import asyncio
import json
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest

from controller.adapters.sql.upgrade import EVENTS, bring_up
from controller.adapters.telemetry import schema
from controller.services.offline.access_lists import REVISIONS
from tests.support.broker import MosquittoBroker
from tests.support.controller import ControllerProcess, Said, copy_of, eventually, natoma
from tests.support.field import SENSOR_CHANNELS, FieldDevice
from tests.support.household import Household

pytestmark = [pytest.mark.broker, pytest.mark.slow, pytest.mark.soak, pytest.mark.usefixtures("again")]

BEFORE, LOST, AFTER = 200, 70, 30
PASSPHRASE = "correct horse battery staple"


async def test_a_house_restored_from_an_old_backup_says_so_and_does_nothing_again(
    prepared: Callable[..., ControllerProcess], house_broker: MosquittoBroker, household: Household, tmp_path: Path
):
    controller = prepared(house_broker.port)
    passphrase = tmp_path / "passphrase"
    passphrase.write_text(PASSPHRASE + "\n")
    sealed = ("--passphrase-file", passphrase)
    backup = tmp_path / "house.natoma"

    def told(*words: object) -> Said:
        said = natoma(*words, "--data", controller.data, "--space", household.space)
        assert said.code == 0, said.err
        return said

    await asyncio.to_thread(controller.start)
    async with (
        FieldDevice(house_broker.port, "door-front") as front,
        FieldDevice(house_broker.port, "sensor-hall", SENSOR_CHANNELS) as sensor,
    ):

        async def measure(first: int, count: int) -> None:
            numbers = range(first, first + count)
            await asyncio.gather(*(sensor.say("telemetry", {"seq": n, "v": {"count": n}}) for n in numbers))

        await asyncio.to_thread(controller.wait_for_device, "door-front")
        first = await front.tap(household.badges["alice"])
        await front.answer(first)
        await measure(0, BEFORE)
        await asyncio.to_thread(eventually, lambda: _stored(controller) == BEFORE, "the first readings")

        numbers = controller.data / "numbers.json"
        await asyncio.to_thread(
            eventually, lambda: numbers.exists() and "sensor-hall" in numbers.read_text(), "its count"
        )
        told_backup = await asyncio.to_thread(told, "backup", backup, "--secrets", tmp_path / "keys.natoma", *sealed)

        # What happens from here on is not in the backup; a start gives every door another list.
        before = max(_revs(front))
        controller.stop()
        await asyncio.to_thread(controller.start)
        await front.until(lambda: max(_revs(front)) >= before + REVISIONS, "the list of the next start")
        second = await front.tap(household.badges["alice"])
        await front.answer(second)
        await measure(BEFORE, LOST)
        await asyncio.to_thread(eventually, lambda: _stored(controller) == BEFORE + LOST, "more readings")
        held = max(_revs(front))
        in_use = await asyncio.to_thread(
            natoma, "restore", backup, "--over", *sealed, "--data", controller.data, "--space", household.space
        )
        controller.kill()
        controller.end()
        refused = await asyncio.to_thread(natoma, "restore", backup, *sealed, "--data", controller.data)
        restored = await asyncio.to_thread(told, "restore", backup, "--over", *sealed)
        heard = len(front.heard)
        await asyncio.to_thread(controller.start)
        await asyncio.to_thread(controller.wait_for_device, "door-front")
        # An old message of the broker's, told once more: it was stored before the backup, and is known.
        await sensor.say("telemetry", {"seq": BEFORE - 1, "v": {"count": BEFORE - 1}})
        await measure(BEFORE + LOST, AFTER)
        await asyncio.to_thread(eventually, lambda: _stored(controller) >= BEFORE + AFTER, "readings after it")
        await front.until(lambda: max(_revs(front)) > held, "a list above the one it holds")
        await asyncio.to_thread(eventually, lambda: bool(_gaps(controller)), "the gap")
        third = await front.tap(household.badges["alice"])
        await front.answer(third)

    assert "secrets" not in told_backup.out.lower() or "keys.natoma" in told_backup.out
    assert in_use.code == 1
    assert "another natoma is using the data folder" in in_use.err
    assert refused.code == 2
    assert "--over" in refused.err
    assert "before-restore" in restored.out
    kept = Counter(int(values["count"]) for device, values in controller.readings() if device == "sensor-hall")
    assert kept == Counter([*range(BEFORE), *range(BEFORE + LOST, BEFORE + LOST + AFTER)])
    assert sum(fact["detail"]["count"] for fact in _gaps(controller)) == LOST
    (mark,) = controller.facts("house_restored")
    assert "made" in mark["detail"]
    # Nothing of before was done again: the only unlock since the start is for the read since the start.
    since = [one.body for one in front.heard[heard:] if one.kind == "command" and one.body["do"] == "unlock"]
    assert [command["re"] for command in since] == [third]
    assert [decision["message_id"] for decision in controller.decisions()] == [first, third]
    assert not (controller.data / "restored.json").exists()
    assert (controller.data / "secrets" / "badge.key").stat().st_mode & 0o077 == 0


async def test_a_door_held_open_by_hand_is_not_opened_again_by_a_backup(
    prepared: Callable[..., ControllerProcess], house_broker: MosquittoBroker, household: Household, tmp_path: Path
):
    controller = prepared(house_broker.port)

    def told(*words: object) -> Said:
        said = natoma(*words, "--data", controller.data, "--space", household.space)
        assert said.code == 0, said.err
        return said

    people = tmp_path / "staff.csv"
    people.write_text("id,name,kind,rights\nada,Ada,staff,override_doors\n")
    people.chmod(0o600)
    told("people", "import", people, "--apply")
    told("override", "front", "unlocked", "--for", "3h", "--by", "ada", "--reason", "delivery")
    controller.start()
    controller.stop()
    controller.end()
    told("backup", tmp_path / "house")
    told("restore", tmp_path / "house", "--over")
    async with FieldDevice(house_broker.port, "door-front") as front:
        await asyncio.to_thread(controller.start)
        await asyncio.to_thread(controller.wait_for_device, "door-front")
        await front.until(lambda: _modes(front)[-1:] == ["locked"], "to be locked")

    open_ones = controller.query("natoma", "SELECT count(*) FROM door_override WHERE ended_ms IS NULL")
    assert open_ones == [(0,)]


@pytest.mark.parametrize("what", ["newer", "damaged", "secrets"])
def test_a_backup_that_cannot_be_gone_by_is_refused_and_nothing_is_touched(
    household: Household, tmp_path: Path, what: str
):
    data = tmp_path / "data"
    _that_ran(household, data)
    backup = tmp_path / "house"
    assert natoma("backup", backup, "--secrets", tmp_path / "keys.natoma", "--data", data).code == 0
    before = _as_it_is(data)
    manifest = json.loads((backup / "manifest.json").read_text())
    if what == "newer":
        for one in manifest["files"]:
            one["schema"] = "0099" if one["name"] == "events.db" else one["schema"]
        (backup / "manifest.json").write_text(json.dumps(manifest))
        words = r"events.db has schema 0099"
    elif what == "damaged":
        content = bytearray((backup / "natoma.db").read_bytes())
        content[5000] ^= 1
        (backup / "natoma.db").write_bytes(content)
        words = "natoma.db is damaged"
    else:
        backup = tmp_path / "keys.natoma"
        words = "holds secrets, not a house"

    said = natoma("restore", backup, "--over", "--data", data)

    assert said.code == 2
    assert words in said.err
    assert "Traceback" not in said.err
    assert _as_it_is(data) == before


def _that_ran(household: Household, data: Path) -> None:
    """A house as its first run leaves it."""
    copy_of(household.data, data)
    bring_up(data / "events.db", EVENTS)
    schema.bring_up(data / "telemetry.db")


def _as_it_is(data: Path) -> dict[str, int]:
    """When each of its files was written; but for the lock, which whoever looks takes."""
    return {str(path): path.stat().st_mtime_ns for path in sorted(data.rglob("*.*")) if path.name != "natoma.lock"}


def _stored(controller: ControllerProcess) -> int:
    return sum(device == "sensor-hall" for device, _ in controller.readings())


def _gaps(controller: ControllerProcess) -> list[dict[str, object]]:
    return [fact for fact in controller.facts("gap_found") if fact["device"] == "sensor-hall"]


def _revs(front: FieldDevice) -> list[int]:
    return [one.body["rev"] for one in front.heard if one.kind == "access"]


def _modes(front: FieldDevice) -> list[str]:
    return [one.body["v"]["door.mode"]["value"] for one in front.heard if one.kind == "desired"]
