"""The page has a word for everything the services may say."""

import re
from pathlib import Path

import pytest

from controller.domain.alarm import AlarmState
from controller.domain.rooms.air import Air
from controller.domain.rooms.booth import OnAir
from controller.domain.rooms.comfort import Comfort
from controller.domain.rooms.occupancy import Quality
from controller.domain.rooms.quiet import Quiet
from controller.domain.rooms.state import RoomStatus
from controller.services.doors.door_tile import ALARM_WORDS, SHOWN_AS
from controller.web.assets import FOLDER
from controller.web.words import ENGLISH

WORDS = (FOLDER / "words.js").read_text()
TEMPLATES = "".join(path.read_text() for path in (Path(FOLDER).parent / "templates").glob("*.html"))


def keys(table: str) -> set[str]:
    """The names in one table of words.js."""
    found = re.search(rf"export const {table} = \{{(.*?)\}};", WORDS, re.DOTALL)
    assert found is not None, f"words.js has no table {table}"
    return set(re.findall(r'(\w+|"[^"]+"): ', found[1]))


@pytest.mark.parametrize(
    ("table", "spoken"),
    [
        ("doors", set(SHOWN_AS.values())),
        ("rooms", {str(status) for status in RoomStatus}),
        ("flags", {str(word) for word in (*Air, *Comfort, *Quiet)} - {"good", "quiet", "unknown"}),
        ("onAir", {str(light) for light in OnAir}),
        ("onAirLong", {str(light) for light in OnAir}),
        ("values", {str(quality) for quality in Quality} - {"estimated"}),
        ("values", set(ALARM_WORDS.values())),
        ("alarms", {str(state) for state in AlarmState} - {"closed"}),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_every_word_of_the_services_is_known_to_the_page(table, spoken):
    assert spoken <= keys(table)


def test_every_word_of_the_templates_is_in_the_table_and_none_is_left_over():
    used = set(re.findall(r"\bt\.(\w+)", TEMPLATES))

    assert used == set(ENGLISH)
