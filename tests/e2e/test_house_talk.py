"""What a scenario says to the house: typed by the real command, kept for later, found where it was written."""

from pathlib import Path

from simulator.scenarios.finding import SPACES
from simulator.scenarios.housetalk import HouseTalk
from simulator.scenarios.model import Say

SMALL = SPACES / "small.yaml"


async def test_words_are_filled_in_and_what_is_told_is_kept_for_the_next_command(tmp_path: Path):
    (tmp_path / "told.csv").write_text("name,token\nAda,T0KEN\n")
    first = Say("check {space}", prints="Small house", keeps={"doors": r"(\d+) doors"})
    second = Say("check {folder}/none-of-{doors}.yaml", exits=2)
    third = Say("check {space}", reads="told.csv", keeps={"ada": "^Ada,(.*)$"})

    async with HouseTalk(tmp_path, SMALL, {"space": str(SMALL)}, tmp_path, [first, second, third]) as talk:
        found = await talk.say(first)
        missing = await talk.say(second)
        await talk.say(third)

    assert (found.code, "Small house" in found.printed) == (0, True)
    assert (missing.code, f"{tmp_path}/none-of-4.yaml" in missing.printed) == (2, True)
    assert talk.filled("{ada} {doors} {nobody}") == "T0KEN 4 {nobody}"


async def test_what_is_kept_is_not_told_to_people(tmp_path: Path):
    said = Say("check {space}", keeps={"doors": r"(\d+) doors"})

    async with HouseTalk(tmp_path, SMALL, {"space": str(SMALL)}, tmp_path, [said]) as talk:
        reply = await talk.say(said)

    assert reply.told(said) == ""
    assert "Small house" not in repr(reply)


async def test_who_has_nothing_to_say_starts_nobody(tmp_path: Path):
    async with HouseTalk(tmp_path, SMALL, {}, tmp_path, []) as talk:
        await talk.ready()

    assert talk.filled("{folder}") == str(tmp_path)
