"""The reserve file: decisions kept while the event log cannot be written."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from controller.adapters.reserve import Reserve
from controller.domain.facts import Fact, FactKind
from controller.domain.ids import DeviceId, DoorId, PersonId
from controller.errors import StartupError, StoreError
from tests.support.memory import MemoryEventLog

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)


def decision(message_id: str, kind: FactKind = FactKind.ENTRY_GRANTED) -> Fact:
    return Fact(
        kind,
        NOON,
        door=DoorId("street"),
        device=DeviceId("street-reader"),
        person=PersonId("p-17"),
        message_id=message_id,
        detail={"grant": "plan"},
    )


def kept(log: MemoryEventLog) -> list[tuple[FactKind, str | None]]:
    return [(logged.fact.kind, logged.fact.message_id) for logged in log.facts]


async def test_what_a_door_did_reaches_the_log_once_it_is_well(tmp_path: Path) -> None:
    reserve, log = Reserve(tmp_path / "reserve.jsonl"), MemoryEventLog()
    reserve.write(decision("a"))
    reserve.write(decision("b"))

    assert await reserve.drain(log) == 2

    assert kept(log) == [(FactKind.ENTRY_GRANTED, "a"), (FactKind.ENTRY_GRANTED, "b")]
    assert log.facts[0].fact.detail == {"grant": "plan", "from_reserve": True}
    assert reserve.is_empty
    await reserve.close()


async def test_lines_outlive_their_program(tmp_path: Path) -> None:
    path, log = tmp_path / "reserve.jsonl", MemoryEventLog()
    reserve = Reserve(path)
    reserve.write(decision("a"))
    await reserve.close()

    again = Reserve(path)
    again.write(decision("b"))
    await again.drain(log)

    assert [message for _, message in kept(log)] == ["a", "b"]
    await again.close()


async def test_a_line_cut_short_by_a_crash_is_written_over(tmp_path: Path) -> None:
    path, log = tmp_path / "reserve.jsonl", MemoryEventLog()
    reserve = Reserve(path)
    reserve.write(decision("a"))
    await reserve.close()
    with path.open("r+b") as file:
        file.seek(path.read_bytes().index(b"\0"))
        file.write(b'{"kind":"entry_gra')

    again = Reserve(path)
    again.write(decision("b"))

    assert await again.drain(log) == 2
    assert [message for _, message in kept(log)] == ["a", "b"]
    await again.close()


async def test_a_drain_cut_short_doubles_nothing(tmp_path: Path) -> None:
    path, log = tmp_path / "reserve.jsonl", MemoryEventLog()
    reserve = Reserve(path)
    reserve.write(decision("a"))
    before = path.read_bytes()
    await reserve.drain(log)
    await reserve.close()
    path.write_bytes(before)  # as if the program had died between the log and the emptying

    again = Reserve(path)
    await again.drain(log)

    assert kept(log) == [(FactKind.ENTRY_GRANTED, "a")]
    await again.close()


async def test_where_the_log_has_its_own_decision_the_reserve_tells_what_the_door_did(tmp_path: Path) -> None:
    reserve, log = Reserve(tmp_path / "reserve.jsonl"), MemoryEventLog()
    landed = await log.append(decision("a", FactKind.ENTRY_DENIED))  # its commit hung, and landed after all
    reserve.write(decision("a"))

    await reserve.drain(log)

    right = log.facts[-1].fact
    assert right.kind is FactKind.LOG_RESTORED
    assert right.detail["instead_of"] == landed.position
    assert right.detail["decision"] == "entry_granted"
    await reserve.close()


async def test_a_full_reserve_says_so_and_keeps_what_it_has(tmp_path: Path) -> None:
    reserve, log = Reserve(tmp_path / "reserve.jsonl", size=300), MemoryEventLog()
    reserve.write(decision("a"))

    with pytest.raises(StoreError, match=r"reserve\.jsonl: full"):
        reserve.write(decision("b"))

    assert await reserve.drain(log) == 1
    await reserve.close()


def test_its_space_is_taken_beforehand(tmp_path: Path) -> None:
    Reserve(tmp_path / "reserve.jsonl", size=64 << 10)

    assert (tmp_path / "reserve.jsonl").stat().st_blocks * 512 >= 64 << 10


def test_a_folder_that_cannot_hold_it_is_refused_by_name(tmp_path: Path) -> None:
    (tmp_path / "file").touch()

    with pytest.raises(StartupError, match=r"reserve\.jsonl cannot be reserved"):
        Reserve(tmp_path / "file" / "reserve.jsonl")


async def test_a_line_that_a_bad_disk_spoilt_is_set_aside_and_the_others_are_told(tmp_path: Path) -> None:
    path, log = tmp_path / "reserve.jsonl", MemoryEventLog()
    reserve = Reserve(path)
    reserve.write(decision("a"))
    spoilt = b'{"kind": "entry_granted", "at": "never"}\n'
    reserve._write(spoilt)
    reserve.write(decision("b"))

    assert await reserve.drain(log) == 2

    assert [message for _, message in kept(log)] == ["a", "b"]
    assert reserve.is_empty
    aside = path.with_name("reserve.jsonl.spoilt")
    assert aside.read_bytes() == spoilt
    assert aside.stat().st_mode & 0o777 == 0o600
    await reserve.close()
