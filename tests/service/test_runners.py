"""Tasks that should live for ever: the death of one stops the service, loudly, and tells why."""

import asyncio

import pytest

from controller.app.runners import running, until
from controller.errors import StartupError


async def for_ever() -> None:
    await asyncio.Event().wait()


async def test_tasks_live_while_the_context_is_open_and_end_with_it_newest_first():
    stop, ended = asyncio.Event(), []

    async def works(name: str) -> None:
        try:
            await for_ever()
        finally:
            ended.append(name)

    async with running(stop) as runners:
        runners.start(works("journal"), "journal")
        runners.start(works("door street"), "door street")
        await asyncio.sleep(1)
        alive = {task.get_name() for task in asyncio.all_tasks()}

    assert {"journal", "door street"} <= alive
    assert ended == ["door street", "journal"]
    assert (runners.death, stop.is_set()) == (None, False)


@pytest.mark.parametrize("fails", [True, False], ids=["fails", "ends by itself"])
async def test_the_death_of_one_stops_the_service_and_is_kept(fails, caplog):
    stop = asyncio.Event()

    async def dies() -> None:
        await asyncio.sleep(1)
        if fails:
            raise KeyError("a bug")

    async with running(stop) as runners:
        runners.start(for_ever(), "rooms")
        runners.start(dies(), "spool")
        async with asyncio.timeout(5):
            await stop.wait()

    assert str(runners.death) == ("'a bug'" if fails else "task 'spool' ended by itself")
    assert ("task 'spool' failed" in caplog.text) is fails


async def test_the_first_death_is_the_one_that_is_told():
    stop = asyncio.Event()

    async def dies(after: float, why: str) -> None:
        await asyncio.sleep(after)
        raise ValueError(why)

    async with running(stop) as runners:
        runners.start(dies(1, "first"), "a")
        runners.start(dies(2, "second"), "b")
        await asyncio.sleep(3)

    assert str(runners.death) == "first"


async def test_what_goes_wrong_inside_is_raised_as_itself_and_not_as_a_group():
    async def starts() -> None:
        async with running(asyncio.Event()) as runners:
            runners.start(for_ever(), "rooms")
            await asyncio.sleep(1)
            raise StartupError("port 1883 is in use")

    with pytest.raises(StartupError, match="port 1883 is in use"):
        await starts()


# --- waiting at the start ---------------------------------------------------------------------------------------------


async def test_what_is_awaited_at_the_start_is_awaited_to_its_end():
    done = []

    async def connects() -> None:
        await asyncio.sleep(2)
        done.append("connected")

    await until(connects(), asyncio.Event())

    assert done == ["connected"]


async def test_whoever_says_stop_does_not_wait_for_a_broker():
    stop = asyncio.Event()
    asyncio.get_running_loop().call_later(1, stop.set)

    async with asyncio.timeout(2):
        await until(for_ever(), stop)

    assert not [
        task for task in asyncio.all_tasks() if task.get_name() == "until told to stop" and not task.cancelling()
    ]


async def test_what_goes_wrong_at_the_start_is_raised():
    async def refused() -> None:
        raise StartupError("the broker refuses us")

    with pytest.raises(StartupError, match="refuses us"):
        await until(refused(), asyncio.Event())
