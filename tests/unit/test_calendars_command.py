"""`natoma calendars` as it is typed, on a data folder of real databases."""

import asyncio
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from controller.cli.calendars import calendars
from controller.cli.people import import_people
from controller.config import Settings
from controller.errors import InputError
from controller.space import load
from tests.unit.test_book_command import PEOPLE, SPACE

_TOMORROW = (datetime.now(UTC) + timedelta(days=1)).replace(hour=18, minute=0, second=0, microsecond=0)


def file_of(*uids: str, hours: float = 1) -> str:
    events = (
        f"BEGIN:VEVENT\r\nUID:{uid}\r\nSUMMARY:Choir {uid}\r\nDTSTART:{_TOMORROW + number * timedelta(hours=2):%Y%m%dT%H%M%SZ}\r\n"
        f"DURATION:PT{int(hours * 60)}M\r\nEND:VEVENT\r\n"
        for number, uid in enumerate(uids)
    )
    return f"BEGIN:VCALENDAR\r\n{''.join(events)}END:VCALENDAR\r\n"


class House:
    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.data, self.file, self.town = folder / "data", folder / "space.yaml", folder / "town.ics"
        self.file.write_text(SPACE)
        people = folder / "people.csv"
        people.write_text(PEOPLE)
        asyncio.run(import_people(Settings(data=self.data, space=self.file), load(self.file), people))

    def types(self, *words: str) -> Result:
        return CliRunner().invoke(calendars, [*words, "--data", str(self.data), "--space", str(self.file)])

    def says(self, *words: str) -> list[str]:
        said = self.types(*words)
        assert said.exit_code == 0, said.exception or said.output
        return said.stdout.splitlines()

    def refuses(self, *words: str) -> str:
        said = self.types(*words)
        assert isinstance(said.exception, InputError), said.output or said.exception
        return str(said.exception)


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> House:
    return House(tmp_path_factory.mktemp("calendars"))


def test_a_file_is_booked_followed_shown_and_removed(house: House) -> None:
    house.town.write_text(file_of("a", "b"))
    added = house.says("add", str(house.town), "--room", "Oak", "--owner", "ben", "--name", "Town")
    assert added[1] == "Booked 2, changed 0, taken back 0."
    assert f"Town: Oak for Ben, from {house.town}, every 15m" in house.says("list")[0]

    house.town.write_text(file_of("a", hours=1.5))
    assert house.says("read", "Town")[1] == "Booked 0, changed 1, taken back 1."
    assert "1 booking ahead" in house.says("show", "town")[0]

    (removed, _) = house.says("remove", "Town")
    assert removed.endswith("is not read any more; 1 booking taken back.")
    assert house.says("list") == ["No calendars."]


def test_nothing_is_kept_of_a_calendar_that_is_none(house: House) -> None:
    page = house.folder / "page.html"
    page.write_text("<html>")

    assert "this is no calendar" in house.refuses("add", str(page), "--room", "oak", "--owner", "ben", "--name", "Page")
    assert house.says("list") == ["No calendars."]


def test_an_address_inside_is_refused_and_the_setting_is_named(house: House) -> None:
    refused = house.refuses("add", "http://10.0.0.9/a.ics?key=hush", "--room", "oak", "--owner", "ben", "--name", "In")

    assert refused.startswith("10.0.0.9 is in a private network")
    assert "calendars_private_hosts" in refused
    assert "hush" not in refused


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (("link", "room"), "room '': say which room"),
        (("link", "events", "pine"), "events 'pine': leave it away"),
        (("link", "room", "pin"), "did you mean pine"),
        (("link", "person", "alicia"), "did you mean"),
        (("unlink", "link-1"), "no link 'link-1'"),
        (("show", "Village"), "no calendar 'Village'"),
    ],
)
def test_what_is_typed_wrong_is_told_with_what_would_be_right(house: House, words: tuple[str, ...], why: str) -> None:
    assert why in house.refuses(*words)


def test_a_link_is_printed_alone_listed_without_its_secret_and_revoked(house: House) -> None:
    made = house.types("link", "person", "alice")
    assert re.fullmatch(r"/calendar/[\w-]{43}\.ics\n", made.stdout)
    assert "Whoever has the link reads that calendar" in made.stderr
    (line,) = house.says("links")
    assert "the calendar of Alice" in line
    assert made.stdout.strip()[10:-4] not in line

    assert "is revoked" in house.says("unlink", line.split("  ")[0])[0]
    assert house.says("links") == ["No links."]
    assert house.says("links", "--all")[0].endswith("revoked")
