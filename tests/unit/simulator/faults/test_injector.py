"""Faults that come and go: when they begin and end, whom they reach, and that nothing is left of them."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from simulator.building import Building
from simulator.errors import InputError, RunError
from simulator.faults import Desk, Fault, Injector, Transcript

Make = Callable[..., Fault]


@dataclass
class Port:
    done: list[str] = field(default_factory=list)
    is_taken: bool = False

    def stop(self) -> None:
        self.done.append("stop")

    def kill(self) -> None:
        self.done.append("kill")

    def freeze(self) -> None:
        self.done.append("freeze")

    def thaw(self) -> None:
        self.done.append("thaw")

    async def start(self) -> None:
        if self.is_taken:
            raise RunError("127.0.0.1:1 cannot be listened on")
        self.done.append("start")


@pytest.fixture
def port() -> Port:
    return Port()


@pytest.fixture
async def injector(door: Any, time: Any, told: Any, port: Port) -> AsyncIterator[Injector]:
    async with (
        asyncio.TaskGroup() as tasks,
        Injector(
            {"door-front": door}, port, clock=lambda: time.now, put_off=time.put_off, tasks=tasks, tell=told.tell
        ) as running,
    ):
        yield running


async def turn() -> None:
    for _ in range(5):
        await asyncio.sleep(0)


async def test_power_is_cut_when_it_is_time_and_given_back_when_that_is_over(
    injector: Injector, door: Any, time: Any, fault: Make, told: Any
):
    injector.add(fault("power-cut", begins_s=10, ends_s=40))
    time.passes(9)
    await turn()
    assert door.done == []

    time.passes(1)
    await turn()
    assert door.done == ["dark"]

    time.passes(30)
    await turn()
    assert door.done == ["dark", "awake"]
    assert told.words == ["begins", "is over"]
    assert injector.running == []


async def test_a_device_cut_twice_has_power_when_both_are_over(injector: Injector, door: Any, fault: Make):
    first, second = injector.add(fault("power-cut")), injector.add(fault("power-cut"))
    injector.clear(first.number)
    await turn()
    assert "awake" not in door.done

    injector.clear(second.number)
    await turn()
    assert door.done[-1] == "awake"


async def test_one_cleared_before_its_time_never_begins(
    injector: Injector, door: Any, time: Any, fault: Make, told: Any
):
    injector.clear(injector.add(fault("power-cut", begins_s=10)).number)
    time.passes(60)
    await turn()

    assert (door.done, told.lines) == ([], [])


async def test_a_flapping_link_is_lost_again_and_again_until_it_is_over(
    injector: Injector, door: Any, time: Any, fault: Make
):
    injector.add(fault("flap", every_s=4, ends_s=60))
    time.passes(60)
    lost = len(door.done)
    time.passes(600)

    assert 12 <= lost <= 21
    assert len(door.done) == lost


async def test_somebody_else_logs_in_by_its_name_until_it_is_over(
    injector: Injector, door: Any, time: Any, fault: Make
):
    injector.add(fault("identity-clash", every_s=2, ends_s=60))
    await turn()
    assert door.done == ["double every 2 s"]

    time.passes(60)
    await turn()
    assert door.done == ["double every 2 s", "double gone"]


async def test_messages_are_harmed_only_while_it_lasts(injector: Injector, door: Any, time: Any, fault: Make):
    said: list[bytes] = []
    injector.add(fault("drop", ends_s=10))
    door.meddler.passes("up", "event", b"a", False, lambda body, _: said.append(body))
    time.passes(10)
    door.meddler.passes("up", "event", b"b", False, lambda body, _: said.append(body))

    assert said == [b"b"]


@pytest.mark.parametrize(
    ("kind", "done"),
    [("stop", ["stop", "thaw", "start"]), ("kill", ["kill", "thaw", "start"]), ("freeze", ["freeze", "thaw", "start"])],
)
async def test_the_broker_is_struck_and_comes_back(
    injector: Injector, port: Port, fault: Make, kind: str, done: list[str]
):
    running = injector.add(Fault(kind, "broker", frozenset()))
    injector.clear(running.number)
    await turn()

    assert port.done == done


async def test_a_broker_stopped_and_frozen_stays_away_until_both_are_over(injector: Injector, port: Port):
    ice, stop = injector.add(Fault("freeze", "broker", frozenset())), injector.add(Fault("stop", "broker", frozenset()))
    injector.clear(ice.number)
    await turn()
    assert port.done == ["freeze", "stop", "thaw"]

    injector.clear(stop.number)
    await turn()
    assert port.done[-1] == "start"


async def test_a_port_taken_meanwhile_is_told_and_ends_nothing(
    injector: Injector, port: Port, caplog: pytest.LogCaptureFixture
):
    port.is_taken = True
    injector.add(Fault("stop", "broker", frozenset()))
    injector.clear()
    await turn()

    assert "the broker stays away: 127.0.0.1:1 cannot be listened on" in caplog.text


async def test_without_a_port_of_its_own_the_broker_cannot_be_struck(door: Any, time: Any, told: Any):
    async with asyncio.TaskGroup() as tasks:
        injector = Injector({}, None, clock=lambda: time.now, put_off=time.put_off, tasks=tasks, tell=told.tell)
        with pytest.raises(InputError, match="start it with --proxy PORT"):
            injector.add(Fault("stop", "broker", frozenset()))


async def test_at_the_end_every_device_has_power_and_nothing_is_left(door: Any, time: Any, told: Any, fault: Make):
    async with (
        asyncio.TaskGroup() as tasks,
        Injector(
            {"door-front": door}, None, clock=lambda: time.now, put_off=time.put_off, tasks=tasks, tell=told.tell
        ) as injector,
    ):
        injector.add(fault("power-cut"))
        injector.add(fault("identity-clash", every_s=2))
        await turn()

    assert set(door.done) == {"dark", "double every 2 s", "awake", "double gone"}
    assert injector.running == []


# --- asked for over the socket ----------------------------------------------------------------------------------------


async def test_a_fault_is_added_listed_and_cleared_in_words(injector: Injector, time: Any, one_door: Building):
    desk = Desk(injector, one_door, lambda: time.now)
    request = {"do": "fault-add", "kind": "drop", "target": "front", "for_s": 60, "with": {"share": "0.5"}, "seed": 3}

    added = desk.answer(request)
    time.passes(20)
    desk.answer({"do": "fault-add", "kind": "freeze", "target": "broker", "in_s": 30})

    assert added["devices"] == ["door-front"]
    assert desk.answer({"do": "fault-list"})["words"] == (
        "1  drop front (share=0.5, way=both, message=any): door-front, 40 s left\n"
        "2  freeze broker: the broker, in 30 s, until cleared"
    )
    assert desk.answer({"do": "fault-clear", "number": 1})["cleared"] == [1]
    assert desk.answer({"do": "fault-clear"})["words"] == "2 over: freeze broker"
    assert desk.answer({"do": "fault-clear"})["words"] == desk.answer({"do": "fault-list"})["words"] == "no fault"


@pytest.mark.parametrize(
    ("request_", "error"),
    [
        ({"do": "fault-mend"}, "faults cannot 'fault-mend'"),
        ({"do": "fault-clear", "number": 9}, "there is no fault 9; there are none"),
        ({"do": "fault-add", "kind": "drop", "target": "frunt"}, "did you mean 'front'"),
        ({"do": "fault-add", "kind": "drop", "target": "front", "for_s": "x"}, "for_s 'x' is no number of seconds"),
        ({"do": "fault-add", "kind": "drop", "target": "front", "for_s": -1}, "it ends after it begins"),
        ({"do": "fault-add", "kind": "drop", "target": "front", "seed": "x"}, "seed 'x' is no whole number"),
        ({"do": "fault-add", "kind": "drop", "target": "front", "with": "x"}, "`with` is {setting: value}; this is 'x'"),
    ],
)  # fmt: skip
async def test_what_cannot_be_asked_is_said(
    injector: Injector, time: Any, one_door: Building, request_: dict[str, object], error: str
):
    with pytest.raises(InputError) as caught:
        Desk(injector, one_door, lambda: time.now).answer(request_)

    assert error in str(caught.value)
    assert injector.running == []


# --- written down -----------------------------------------------------------------------------------------------------


def test_the_transcript_begins_with_the_first_fault_and_is_for_its_owner(tmp_path: Path, fault: Make):
    noon = datetime(2026, 11, 17, 12, tzinfo=UTC)
    transcript = Transcript(tmp_path / "faults.jsonl", lambda: noon)
    transcript.close()
    assert not transcript.path.exists()

    transcript.tell(fault("drop"), "door-front", "event up dropped")
    transcript.close()

    assert transcript.path.stat().st_mode & 0o777 == 0o600
    assert json.loads(transcript.path.read_text()) == {
        "t": "2026-11-17T12:00:00.000+00:00",
        "fault": "drop",
        "target": "door-front",
        "device": "door-front",
        "what": "event up dropped",
    }


# --- the controller -------------------------------------------------------------------------------


def frozen(begins_s: float, ends_s: float | None = None) -> Fault:
    return Fault("freeze", "controller", frozenset(), begins_s, ends_s)


async def test_a_controller_stands_still_for_its_time_and_the_broker_does_not(
    door: Any, time: Any, told: Any, port: Port
):
    controller = Port()
    async with asyncio.TaskGroup() as tasks:
        around = {"clock": lambda: time.now, "put_off": time.put_off, "tasks": tasks, "tell": told.tell}
        async with Injector({"door-front": door}, port, controller=controller, **around) as injector:
            injector.add(frozen(5, 8))
            time.passes(6)
            assert controller.done == ["freeze"]
            injector.add(frozen(0, 4))
            time.passes(3)
            assert controller.done == ["freeze", "freeze"]  # one of the two still lasts
            time.passes(2)
            assert controller.done == ["freeze", "freeze", "thaw"]
            injector.add(frozen(0))

    assert controller.done[-2:] == ["freeze", "thaw"]
    assert port.done == []
    assert ("freeze", "controller", "begins") in told.lines


async def test_a_controller_elsewhere_cannot_be_frozen(injector: Injector):
    with pytest.raises(InputError, match="its data folder is known: give --data"):
        injector.add(frozen(0))
