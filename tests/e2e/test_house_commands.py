"""The house set from the command line, on a real registry: what is said, what is kept, and how it ends."""

import asyncio
from pathlib import Path

import pytest
from click.testing import CliRunner

from controller.__main__ import natoma
from controller.app.stores import open_kept
from controller.domain.house import HouseState
from controller.domain.ids import PersonId
from controller.domain.membership import Right
from controller.errors import InputError
from tests.support.controller import Said, copy_of
from tests.support.household import Household

ALICES = (Right.TRIGGER_LOCKDOWN, Right.OVERRIDE_DOORS, Right.CONFIRM_FIRE)
BOBS = (Right.LIFT_LOCKDOWN,)


@pytest.fixture
def data(household: Household, tmp_path: Path) -> Path:
    """Alice may lock down and set doors, Bob may lift."""
    folder = copy_of(household.data, tmp_path / "data")

    async def give() -> None:
        async with open_kept(folder) as kept:
            await kept.registry.set_rights(PersonId("alice"), ALICES)
            await kept.registry.set_rights(PersonId("bob"), BOBS)

    asyncio.run(give())
    return folder


def house(data: Path) -> HouseState:
    async def read() -> HouseState:
        async with open_kept(data) as kept:
            return (await kept.registry.load()).house

    return asyncio.run(read())


@pytest.fixture
def do(household: Household, data: Path):
    def command(*words: str) -> Said:
        return said(*words, "--space", str(household.space), "--data", str(data))

    return command


def said(*words: str) -> Said:
    """The command in this process: a dozen of others cost seconds, and what errors become is `test_cli`'s."""
    done = CliRunner().invoke(natoma, words)
    if done.exception is not None and not isinstance(done.exception, SystemExit | InputError):
        raise done.exception
    error = str(done.exception) if isinstance(done.exception, InputError) else done.stderr
    return Said(2 if isinstance(done.exception, InputError) else done.exit_code, done.stdout, error)


def test_a_lockdown_is_begun_shown_and_lifted_by_those_who_may(do, data: Path) -> None:
    begun = do("lockdown", "--scope", "floor:ground", "--by", "alice", "--reason", "a stranger")
    shown = do("lockdown", "status")
    refused = do("lockdown", "lift", "--by", "alice", "--reason", "over")
    kept = house(data).lockdowns
    lifted = do("lockdown", "lift", "--by", "Bob Bernard", "--reason", "it was the plumber")

    assert begun.code == 0, begun.err
    assert "The exit button and the inside handle always work." in begun.out
    assert shown.out.startswith("lockdown-1: floor Ground floor since today")
    assert (refused.code, "ask Bob Bernard" in refused.err) == (2, True)
    assert [one.reason for one in kept] == ["a stranger"]
    assert lifted.code == 0, lifted.err
    assert house(data).lockdowns == ()


def test_a_lockdown_is_not_lifted_without_a_reason(do, data: Path) -> None:
    do("lockdown", "--by", "alice", "--reason", "a stranger")
    silent = do("lockdown", "lift", "--by", "bob")

    assert (silent.code, "--reason" in silent.err) == (2, True)
    assert len(house(data).lockdowns) == 1


def test_a_door_is_set_by_hand_only_with_an_end(do, data: Path) -> None:
    endless = do("override", "front", "unlocked", "--by", "alice", "--reason", "delivery")
    done = do("override", "front", "unlocked", "--for", "2h", "--by", "alice", "--reason", "delivery")
    ended = do("override", "end", "front", "--by", "alice", "--reason", "came early")

    assert (endless.code, "needs --until or --for" in endless.err) == (2, True)
    assert done.out.startswith("Front door is set unlocked until")
    assert ended.code == 0, ended.err
    assert house(data).overrides == ()


def test_days_that_are_not_like_the_week_are_added_and_listed(do, data: Path) -> None:
    words = ("--from", "2099-11-28T10:00", "--to", "2099-11-28T18:00", "--by", "alice", "--reason", "open day")
    added = do("exception", "add", "front", "unlocked", *words)
    closed = do("holiday", "add", "2099-12-24", "Christmas Eve", "--by", "alice")

    assert (added.code, closed.code) == (0, 0), added.err + closed.err
    assert "exception-1: Front door unlocked" in do("exception", "list").out
    assert "2099-12-24  Christmas Eve" in do("holiday", "list").out


def test_the_fire_command_says_what_it_is_not(do) -> None:
    assert "not a life-safety system" in said("fire", "--help").out
    assert do("fire", "status").out == "No fire.\n"
    assert do("fire", "confirm", "--by", "alice", "--reason", "x").err == "there is no fire to confirm the end of"
