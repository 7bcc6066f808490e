"""Whatever is wrong with a space file is told at once, with its line, its value and what would be right."""

from pathlib import Path
from textwrap import dedent

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from controller.errors import InputError
from controller.space import SpaceError, check, check_text, parse
from controller.space.errors import Severity

PARISOMA = (Path(__file__).parents[2] / "simulator" / "spaces" / "parisoma.yaml").read_text()
GOOD = """\
natoma: 1
id: small
name: Small
zone: Europe/Paris
floors:
  ground: {size: [10, 8]}
areas:
  lobby: {outline: [0, 0, 5, 8], zones: [house]}
  hall: {outline: [5, 0, 5, 8]}
doors:
  front: {from: outside, to: lobby}
  middle: {from: lobby, to: hall}
"""


def errors_of(text: str) -> list[str]:
    return [str(found) for found in check_text(text, "s.yaml").problems if found.severity is Severity.ERROR]


def warnings_of(text: str) -> list[str]:
    return [str(found) for found in check_text(text, "s.yaml").problems if found.severity is Severity.WARNING]


def instead(old: str, new: str) -> str:
    assert GOOD.count(old) == 1
    return GOOD.replace(old, new)


def test_the_good_file_has_no_problem():
    assert check_text(GOOD).problems == ()


@pytest.mark.parametrize(
    ("text", "said"),
    [
        pytest.param(
            instead("to: hall}", "to: hal}"),
            "s.yaml:12: door middle, to: 'hal' is not an area of this file — did you mean 'hall'?",
            id="door to an unknown area",
        ),
        pytest.param(
            instead("from: outside", "from: outsid"),
            "s.yaml:11: door front, from: 'outsid' is not an area of this file — did you mean 'outside'?",
            id="door from an unknown area",
        ),
        pytest.param(
            instead("to: hall}", "to: lobby}"),
            "s.yaml:12: door middle, to: 'lobby' is on both sides — a door joins two areas; what lies on its other side?",
            id="door from an area to itself",
        ),
        pytest.param(
            GOOD + "schedules:\n  night: 20:00-08:00\n",
            "s.yaml:14: schedule night: '20:00-08:00' ends before it starts — "
            "write 20:00-08:00+1 if it runs over midnight",
            id="schedule that ends before it starts",
        ),
        pytest.param(
            GOOD + "schedules:\n  late: [mon 08:00-12:00, mon 20:00-00:00]\n",
            "s.yaml:14: schedule late, no. 2: 'mon 20:00-00:00' ends before it starts — "
            "write 20:00-24:00 if it runs to midnight",
            id="schedule that should end at 24:00",
        ),
        pytest.param(
            GOOD + "schedules:\n  none: mon 08:00-08:00\n",
            "s.yaml:14: schedule none: 'mon 08:00-08:00' starts when it ends — write 00:00-24:00 for a whole day",
            id="schedule of no length",
        ),
        pytest.param(
            GOOD + "schedules:\n  day: mon-fri 08:00-20:00+1\n",
            "s.yaml:14: schedule day: 'mon-fri 08:00-20:00+1' lasts longer than a day — "
            "write 08:00-20:00 if it ends on the same day",
            id="schedule longer than a day",
        ),
        pytest.param(
            GOOD + "schedules:\n  day: munday 08:00-20:00\n",
            "s.yaml:14: schedule day: 'munday 08:00-20:00' has 'munday' where a day should be — "
            "did you mean 'sunday' or 'monday'?",
            id="schedule on no day",
        ),
        pytest.param(
            GOOD + "schedules:\n  day: mon 08:00-25:00\n",
            "s.yaml:14: schedule day: 'mon 08:00-25:00' has '25:00', which is no time of day — "
            "hours go from 00:00 to 24:00",
            id="schedule at no time",
        ),
        pytest.param(
            GOOD + "schedules:\n  day: sometimes\n",
            "s.yaml:14: schedule day: 'sometimes' are no opening hours — "
            "write days and hours like 'mon-fri 08:00-20:00'",
            id="schedule that is none",
        ),
        pytest.param(
            GOOD + "devices:\n  lamp: {kind: light, area: hall}\n  lamp: {kind: light, area: lobby}\n",
            "s.yaml:15: device lamp: is written twice, first on line 14 — give every device an id of its own",
            id="two devices with one id",
        ),
        pytest.param(
            instead("to: hall}", "to: hall, unit: door-front}"),
            "s.yaml:12: door middle, unit: 'door-front' belongs to door front already — "
            "two devices need two ids: give each door a unit and readers of its own",
            id="two doors with one unit",
        ),
        pytest.param(
            GOOD + "devices:\n  door-front: {kind: sensor, area: hall}\n",
            "s.yaml:14: device door-front, kind: 'sensor' is not what door front takes this device for — "
            "write kind: door_unit, or give one of the two another id",
            id="a sensor with the id of a door's unit",
        ),
        pytest.param(
            GOOD + "devices:\n  Lamp_1: {kind: light, area: hall}\n",
            "s.yaml:14: device Lamp_1: 'Lamp_1' is no id — use a-z, 0-9 and '-', at most 40 of them",
            id="device id the contract does not allow",
        ),
        pytest.param(
            GOOD + "devices:\n  server: {kind: light, area: hall}\n",
            "s.yaml:14: device server: 'server' is a name the broker keeps for itself — "
            "choose another, such as server-1",
            id="reserved device id",
        ),
        pytest.param(
            GOOD + "devices:\n  recorder: {kind: light, area: hall}\n",
            "s.yaml:14: device recorder: 'recorder' is a name the broker keeps for itself — "
            "choose another, such as recorder-1",
            id="the id of who records",
        ),
        pytest.param(
            instead("to: hall}", "to: hall, readers: [live]}"),
            "s.yaml:12: door middle, readers: 'live' is a name the broker keeps for itself — "
            "choose another, such as live-1",
            id="reserved id of a reader that only its door names",
        ),
        pytest.param(
            instead("  middle: {", "  a-door-with-a-name-of-thirty-six-chars: {"),
            "s.yaml:12: door a-door-with-a-name-of-thirty-six-chars, unit: "
            "'door-a-door-with-a-name-of-thirty-six-chars' is too long for a device (43 of 40) — "
            "write unit: with a shorter id, or shorten the door's by 3",
            id="door whose unit's id becomes too long",
        ),
        pytest.param(
            GOOD + "devices:\n  lamp: {kind: light}\n",
            "s.yaml:14: device lamp, area: is missing — write area: where this light is",
            id="light in no area",
        ),
        pytest.param(
            GOOD + "devices:\n  r: {kind: reader}\n",
            "s.yaml:14: device r, door: is missing — write door: where this reader is",
            id="reader at no door",
        ),
        pytest.param(
            GOOD + "devices:\n  r: {kind: reader, door: front, reader_profile: wiegand62}\n",
            "s.yaml:14: device r, reader_profile: 'wiegand62' is not a reader profile of this file — "
            "did you mean 'wiegand26'?",
            id="unknown reader profile",
        ),
        pytest.param(
            GOOD + "devices:\n  u: {kind: door_unit, door: front}\n",
            "s.yaml:14: device u: is a unit that door front does not name; its unit is door-front — "
            "write unit: u at door front, or delete this device",
            id="unit that its door does not name",
        ),
        pytest.param(
            GOOD + "devices:\n  lamp: {kind: lite, area: hall}\n",
            "s.yaml:14: device lamp, kind: 'lite' is not known here — did you mean 'light'?",
            id="unknown kind",
        ),
        pytest.param(
            instead("Europe/Paris", "Europe/Pariss"),
            "s.yaml:4: zone: 'Europe/Pariss' is no time zone — did you mean 'Europe/Paris'?",
            id="misspelt time zone",
        ),
        pytest.param(
            instead("Europe/Paris", "los angeles"),
            "s.yaml:4: zone: 'los angeles' is no time zone — did you mean 'America/Los_Angeles'?",
            id="a city is no time zone",
        ),
        pytest.param(
            instead("Europe/Paris", "PST"),
            "s.yaml:4: zone: 'PST' is no time zone — write an IANA name such as Europe/Paris or America/Los_Angeles",
            id="an abbreviation is no time zone",
        ),
        pytest.param(
            instead("[5, 0, 5, 8]", "[5, 0, 6, 8]"),
            "s.yaml:9: area hall, outline: [11.0, 0.0] leaves floor ground, which is 10 by 8 m — "
            "keep every corner on the floor, or make the floor larger",
            id="outline outside its floor",
        ),
        pytest.param(
            instead("[5, 0, 5, 8]", "[[5, 0], [10, 8], [10, 0], [5, 8]]"),
            "s.yaml:9: area hall, outline: crosses itself — list the corners in order, once around the room",
            id="outline that crosses itself",
        ),
        pytest.param(
            instead("[5, 0, 5, 8]", "[5, 0, 0, 8]"),
            "s.yaml:9: area hall, outline: [5, 0, 0, 8] has no size — "
            "write [x, y, width, depth] with a width and a depth above 0",
            id="outline without a size",
        ),
        pytest.param(
            instead("hall: {outline: [5, 0, 5, 8]}", "hall: {}"),
            "s.yaml:9: area hall, outline: is missing — "
            "add 'outline: [x, y, width, depth]'; only an area alone on its floor fills it (lobby is here too)",
            id="area without an outline beside another",
        ),
        pytest.param(
            instead("5, 8]}\ndoors", "5, 8], floor: grund}\ndoors"),
            "s.yaml:9: area hall, floor: 'grund' is not a floor of this file — did you mean 'ground'?",
            id="unknown floor",
        ),
        pytest.param(
            instead("5, 8]}\ndoors", "5, 8], within: loby}\ndoors"),
            "s.yaml:9: area hall, within: 'loby' is not an area of this file — did you mean 'lobby'?",
            id="within an unknown area",
        ),
        pytest.param(
            instead("zones: [house]", "within: hall").replace("[5, 0, 5, 8]", "[5, 0, 5, 8], within: lobby"),
            "s.yaml:8: area lobby, within: 'hall' goes round in a circle (lobby > hall > lobby) — "
            "one of them must have a door, or lie within something else",
            id="areas within each other",
        ),
        pytest.param(
            instead("to: hall}", "to: hall, egress: badge}"),
            "s.yaml:12: door middle, egress: 'badge' would need us to let people out — "
            "people must get out without power or software: write handle, bar or button",
            id="exit that would need software",
        ),
        pytest.param(
            instead("to: hall}", "to: hall, egress: button}"),
            "s.yaml:12: door middle, egress: 'button' lets nobody out of a fail-secure door without power — "
            "write fail_mode: safe, or give it a handle or a bar: people must get out without power or software",
            id="exit that would need power",
        ),
        pytest.param(
            instead("from: lobby, to: hall", "from: hall, to: outside"),
            "s.yaml:12: door middle, to: 'outside' would ask for a badge to leave — "
            "leaving is free: write from: outside, to: hall, and people are let out by hand",
            id="badge to leave",
        ),
        pytest.param(
            instead("from: lobby, to: hall", "from: outside, to: outside"),
            "s.yaml:12: door middle, to: 'outside' is on both sides — write to: the area one enters by this door",
            id="door from the street to the street",
        ),
        pytest.param(
            instead("to: hall}", "to: hall, timings: {release: 2.9}}"),
            "s.yaml:12: door middle, timings release: 2.9 is too small — write 3 or more",
            id="release under 3 s",
        ),
        pytest.param(
            instead("to: hall}", "to: hall, timings: {ajar: -1}}"),
            "s.yaml:12: door middle, timings ajar: -1 is too small — write 0 or more",
            id="negative timing",
        ),
        pytest.param(
            instead("to: hall}", "to: hall, timings: {held_alarm: 20}}"),
            "s.yaml:12: door middle, timings held_alarm: 20.0 comes before the warning at 30 s — "
            "write held_alarm: 30 or more, or a shorter held_warning",
            id="alarm before its warning",
        ),
        pytest.param(
            instead("to: hall}", "to: hall, unlock_schedule: opening}"),
            "s.yaml:12: door middle, unlock_schedule: 'opening' is not a schedule of this file — write one of always",
            id="unknown unlock schedule",
        ),
        pytest.param(
            GOOD + "plans:\n  full: {where: [hose]}\n",
            "s.yaml:14: plan full, where no. 1: 'hose' is neither an area nor a zone — did you mean 'house'?",
            id="plan for no area",
        ),
        pytest.param(
            GOOD + "plans:\n  full: {where: []}\n",
            "s.yaml:14: plan full, where: names no area — name one area or zone at least",
            id="plan for nothing",
        ),
        pytest.param(
            GOOD + "plans:\n  full: {where: hall, schedule: allways}\n",
            "s.yaml:14: plan full, schedule: 'allways' is not a schedule of this file — did you mean 'always'?",
            id="plan with an unknown schedule",
        ),
        pytest.param(
            GOOD + "plans:\n  full: {where: hall, days_per_week: 8}\n",
            "s.yaml:14: plan full, days_per_week: 8 is too large — write 7 or less",
            id="plan of eight days a week",
        ),
        pytest.param(
            GOOD + "holidays:\n  2026-02-30: Leap of faith\n",
            "s.yaml:14: holiday 2026-02-30: '2026-02-30' is no date — write it as 2026-12-25",
            id="holiday on no date",
        ),
        pytest.param(
            GOOD + "schedules:\n  always: mon 08:00-09:00\n",
            "s.yaml:14: schedule always: is known without being declared — delete it, or choose another id",
            id="schedule that is built in",
        ),
        pytest.param(
            GOOD + "dors: {}\n",
            "s.yaml:13: dors: is no key of this format — did you mean 'doors' or 'floors'?",
            id="unknown section",
        ),
        pytest.param(
            instead("zones: [house]", "zonse: [house]"),
            "s.yaml:8: area lobby, zonse: is no key of this format — did you mean 'zones'?",
            id="unknown key",
        ),
        pytest.param(
            instead("zone: Europe/Paris", "timezone: Europe/Paris"),
            "s.yaml:4: timezone: is no key of this format — did you mean 'zone'?",
            id="key of another system",
        ),
        pytest.param(
            instead("zones: [house]", "name: Lobby, back"),
            "s.yaml:8: area lobby, back: is no key of this format — if it belongs to the text before it, "
            "put all of that in quotes; the keys here are "
            "name, floor, outline, within, opening, zones, room, label, counted",
            id="comma in a name without quotes",
        ),
        pytest.param(
            instead("  hall:", "  outside: {}\n  hall:"),
            "s.yaml:9: area outside: is there already — delete it: every space has an outside",
            id="the outside declared",
        ),
        pytest.param(
            instead("5, 8]}\ndoors", "5, 8], opening: [5, 4]}\ndoors"),
            "s.yaml:9: area hall, opening: leads nowhere — write within: the area one walks in from, or make it a door",
            id="opening into nothing",
        ),
        pytest.param(
            instead("[5, 0, 5, 8]", "hall"),
            "s.yaml:9: area hall, outline: 'hall' is no outline — "
            "write [x, y, width, depth] or a list of [x, y] points, in metres",
            id="outline that is a word",
        ),
        pytest.param(
            instead("[5, 0, 5, 8]", "[5, 0, 5, wide]"),
            "s.yaml:9: area hall, outline: [5, 0, 5, 'wide'] is no outline — "
            "write [x, y, width, depth] or a list of three or more [x, y] points, in metres",
            id="outline with a word in it",
        ),
        pytest.param(
            instead("5, 8]}\ndoors", "5, 8], room: metting}\ndoors"),
            "s.yaml:9: area hall, room: 'metting' is not known here — did you mean 'meeting'?",
            id="room of an unknown kind, in short",
        ),
        pytest.param(
            instead("5, 8]}\ndoors", "5, 8], room: {seats: many}}\ndoors"),
            "s.yaml:9: area hall, room seats: 'many' is not a whole number — write digits alone",
            id="seats that are no number",
        ),
        pytest.param(
            instead("to: hall}", "to: hall, staff_only: maybe}"),
            "s.yaml:12: door middle, staff_only: 'maybe' is not true or false — write true or false",
            id="flag that is neither",
        ),
        pytest.param(
            instead("to: hall}", "to: hall, at: [5]}"),
            "s.yaml:12: door middle, at no. 2: is missing — write both, such as [4, 2.5]",
            id="point with one number",
        ),
        pytest.param(
            instead("to: hall}", "to: hall, at: [5, 4, 3]}"),
            "s.yaml:12: door middle, at: [5, 4, 3] has the wrong length — write two numbers, such as [4, 2.5]",
            id="point with three numbers",
        ),
        pytest.param(
            instead("[5, 0, 5, 8]", "[6, 0, 4, 8]"),
            "s.yaml:12: door middle, at: is missing, and lobby and hall share no wall — "
            "move their outlines together, or write at: [x, y]",
            id="door between areas that do not touch",
        ),
        pytest.param(
            GOOD + "devices:\n  lamp: {kind: light, area: hal}\n",
            "s.yaml:14: device lamp, area: 'hal' is not an area of this file — did you mean 'hall'?",
            id="device in an unknown area",
        ),
        pytest.param(
            GOOD + "devices:\n  lamp: {kind: light, area: hall, door: front}\n",
            "s.yaml:14: device lamp, door: 'front' is no place for a light — write area: alone",
            id="light at a door",
        ),
        pytest.param(
            instead("to: hall}", "to: hall, readers: [r]}") + "devices:\n  r: {kind: reader, door: front}\n",
            "s.yaml:14: device r, door: 'front' is not the door that names this device (middle) — "
            "write door: middle, or name another device there",
            id="reader at two doors",
        ),
        pytest.param(
            GOOD + "devices:\n  r: {kind: reader, door: front, direction: up}\n",
            "s.yaml:14: device r, direction: 'up' is not written as it should be — write in or out",
            id="reader that looks up",
        ),
        pytest.param(
            GOOD + "schedules:\n  none: {on_holidays: true}\n",
            "s.yaml:14: schedule none: is never open — write open: 'mon-fri 08:00-20:00', or always",
            id="schedule that never opens",
        ),
        pytest.param(
            GOOD + "schedules:\n  day: mon 24:00-08:00+1\n",
            "s.yaml:14: schedule day: 'mon 24:00-08:00+1' starts at 24:00 — write 00:00 on the next day",
            id="schedule that starts when the day is over",
        ),
        pytest.param(
            GOOD + "schedules:\n  day: mon 08:00-07:00+2\n",
            "s.yaml:14: schedule day: 'mon 08:00-07:00+2' lasts longer than a day — "
            "write +1 for hours that run over one midnight, 'always' for no end",
            id="schedule of two days",
        ),
        pytest.param(
            GOOD + "cut_off: 4 am\n",
            "s.yaml:13: cut_off: '4 am' has '4 am' where a time should be — write a time of day like '04:00'",
            id="cut-off that is no time",
        ),
        pytest.param(
            GOOD + "root: natoma/+/paris\n",
            "s.yaml:13: root: 'natoma/+/paris' is not written as it should be — "
            "levels of letters, digits, '_', '.' and '-', with '/' between: natoma/paris",
            id="root that is a filter",
        ),
        pytest.param(
            GOOD + "devices: [lamp]\n",
            "s.yaml:13: devices: ['lamp'] is not a set of keys — write 'id: {...}' lines below it",
            id="section that is a list",
        ),
        pytest.param(
            instead("name: Small", "name: ''"),
            "s.yaml:3: name: '' has the wrong length — write at least 1 character",
            id="name without a letter",
        ),
        pytest.param(
            instead("name: Small", "name:"),
            "s.yaml:3: name: has no value — write one, such as My space, or delete the key",
            id="key without a value",
        ),
        pytest.param(
            instead("natoma: 1", "natoma: 2"),
            "s.yaml:1: natoma: 2 is a version of the format that this program does not know — "
            "write 1, or use a newer natoma",
            id="format of the future",
        ),
        pytest.param(
            instead("id: small\n", ""),
            "s.yaml:1: id: is missing — add 'id: my-space'",
            id="missing key",
        ),
        pytest.param(
            instead("  front:", "\tfront:"),
            "s.yaml:11: is indented with a tab — indent with spaces, two a level",
            id="tab",
        ),
        pytest.param(
            instead("zones: [house]", "zones: [house"),
            "s.yaml:8: is not YAML here (while parsing a flow sequence did not find expected ',' or ']') — "
            "check the indentation, the colons and the brackets around this line",
            id="not YAML",
        ),
        pytest.param(
            instead("zones: [house]", "zones: &z [house]"),
            "s.yaml:8: '&z' is an anchor — delete it: a space file uses no anchors",
            id="anchor",
        ),
        pytest.param(
            instead("Small", "!!python/object/apply:os.getcwd []"),
            "s.yaml:3: 'tag:yaml.org,2002:python/object/apply:os.getcwd' is a tag — write plain text and numbers",
            id="tag",
        ),
        pytest.param(
            GOOD + "---\nnatoma: 1\n",
            "s.yaml:13: starts a second document — keep one space to a file; delete '---'",
            id="second document",
        ),
        pytest.param(
            "just a sentence",
            "s.yaml:1: the file is not a space — start with 'natoma: 1', an id, a name, a zone, floors and areas; "
            "docs/space.md has ten lines to copy",
            id="text that is no space",
        ),
        pytest.param(
            "",
            "s.yaml:1: the file is empty — start with 'natoma: 1', an id, a name, a zone, floors and areas; "
            "docs/space.md has ten lines to copy",
            id="empty file",
        ),
        pytest.param(
            GOOD + "x: " + "[" * 5000 + "]" * 5000,
            "s.yaml:13: is nested too deep — nothing in a space file lies deeper than 12 levels",
            id="brackets without end",
        ),
        pytest.param(
            GOOD + "? [a]\n: b\n",
            "s.yaml:13: has a key that is not plain text — write a word before the colon",
            id="key that is a list",
        ),
    ],
)
def test_one_mistake_is_one_line_that_says_what_would_be_right(text: str, said: str):
    assert errors_of(text) == [said]


def test_a_bomb_of_aliases_is_refused_where_it_begins():
    bomb = "a: &a [x, x]\n" + "".join(f"{'bcdefghij'[n]}: &{'bcdefghij'[n]} [*{'abcdefghij'[n]}]\n" for n in range(9))

    assert errors_of(bomb) == ["s.yaml:1: '&a' is an anchor — delete it: a space file uses no anchors"]


def test_every_problem_is_told_at_once_in_the_order_of_the_file():
    text = GOOD.replace("id: small", "id: So Small").replace("to: lobby", "to: loby").replace("to: hall", "to: hal")

    assert [found.split(": ")[0] for found in errors_of(text)] == ["s.yaml:2", "s.yaml:11", "s.yaml:12"]


def test_nothing_is_said_of_what_follows_from_a_mistake_told_already():
    text = GOOD.replace("[5, 0, 5, 8]", "[5, 0]") + "devices:\n  lamp: {kind: light, area: hall}\n"

    assert len(errors_of(text)) == 1, "the door to the hall and the lamp in it are right"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        pytest.param(
            instead("to: hall}", "to: hall, at: [3, 3]}"),
            "s.yaml:12: warning: door middle, at: [3.0, 3.0] is 2.0 m from the wall between lobby and hall — "
            "write at: [5, 3], the nearest point of it",
            id="door in no wall",
        ),
        pytest.param(
            GOOD.replace("  middle: {from: lobby, to: hall}\n", ""),
            "s.yaml:9: warning: area hall: cannot be reached from outside — "
            "give it a door, or put it within an area that has one",
            id="area without a door",
        ),
        pytest.param(
            instead("[5, 0, 5, 8]", "[4, 0, 6, 8]").replace("to: hall}", "to: hall, at: [5, 0]}"),
            "s.yaml:9: warning: area hall, outline: overlaps area lobby by 8.0 m² — "
            "let them share a wall, or put one within the other",
            id="two areas in one place",
        ),
        pytest.param(
            GOOD + "plans:\n  full: {where: hall}\n",
            "s.yaml:14: warning: plan full, where: covers hall but not the doors on the way — add the areas in between",
            id="plan that leads nowhere",
        ),
        pytest.param(
            GOOD + "devices:\n  lamp: {kind: light, area: hall, at: [1, 1]}\n",
            "s.yaml:14: warning: device lamp, at: [1.0, 1.0] is not in area hall — move it inside, or name its area",
            id="device outside its area",
        ),
        pytest.param(
            GOOD + "devices:\n  r: {kind: reader, door: front, at: [1, 9]}\n",
            "s.yaml:14: warning: device r, at: [1.0, 9.0] is not on floor ground — keep it on the floor",
            id="reader outside the building",
        ),
        pytest.param(
            instead(
                "{size: [10, 8]}", "{size: [10, 8], drawings: [{kind: plant, outline: [9, 1, 1, 1], repeat: [2, 1]}]}"
            ),
            "s.yaml:6: warning: floor ground, drawings: [11.0, 1.0] is where a plant leaves the floor — "
            "move it, or repeat it less often",
            id="plant outside the building",
        ),
        pytest.param(
            instead("[5, 0, 5, 8]", "[5, 0, 5, 8], within: lobby, opening: [8, 4]"),
            "s.yaml:9: warning: area hall, opening: [8.0, 4.0] is in no wall of hall — put it where the two areas meet",
            id="opening in no wall",
        ),
    ],
)
def test_what_only_looks_odd_is_a_warning_and_the_space_is_usable(text: str, said: str):
    assert said in warnings_of(text)
    assert errors_of(text) == []
    parse(text)


def test_an_unusable_file_raises_with_errors_alone():
    with pytest.raises(SpaceError) as caught:
        parse(instead("to: hall}", "to: hal}"), "s.yaml")

    assert str(caught.value) == "s.yaml:12: door middle, to: 'hal' is not an area of this file — did you mean 'hall'?"
    assert isinstance(caught.value, InputError)
    assert [problem.path for problem in caught.value.problems] == [("doors", "middle", "to")]


def test_a_file_that_is_not_there_is_named(tmp_path: Path):
    with pytest.raises(InputError, match=r"nowhere\.yaml: there is no such file"):
        check(tmp_path / "nowhere.yaml")


def test_a_directory_is_no_file(tmp_path: Path):
    with pytest.raises(InputError, match="cannot be read"):
        check(tmp_path)


def test_a_file_in_another_encoding_is_told_with_the_line_of_the_first_strange_byte(tmp_path: Path):
    file = tmp_path / "s.yaml"
    file.write_bytes(GOOD.replace("Small", "Café").encode("latin-1"))

    assert [str(found) for found in check(file).problems] == [f"{file}:3: is not UTF-8 (byte 0xe9) — save it as UTF-8"]


def test_a_control_character_is_told_with_its_line():
    assert [found.split(" (")[0] for found in errors_of(instead("Small", "Sm\x07all"))] == [
        "s.yaml:3: holds a character that YAML does not allow — delete it and save as UTF-8"
    ]


def test_a_file_too_large_to_be_written_by_a_person_is_not_read(tmp_path: Path):
    file = tmp_path / "s.yaml"
    file.write_bytes(b"#" * (2 * 1024 * 1024 + 1))

    assert [str(found) for found in check(file).problems] == [
        f"{file}:1: is larger than 2 MiB — a space file is text, a few hundred lines"
    ]


def test_a_byte_order_mark_does_no_harm(tmp_path: Path):
    file = tmp_path / "s.yaml"
    file.write_bytes(b"\xef\xbb\xbf" + GOOD.encode())

    assert check(file).problems == ()


def test_two_floors_need_a_word_on_which_one_an_area_is():
    text = instead("  ground: {size: [10, 8]}\n", "  ground: {size: [10, 8]}\n  first: {size: [10, 8]}\n")

    assert errors_of(text) == [
        "s.yaml:9: area lobby, floor: is missing — write floor: ground or first",
        "s.yaml:10: area hall, floor: is missing — write floor: ground or first",
    ]


def test_a_door_joins_areas_of_one_floor():
    text = dedent("""\
        natoma: 1
        id: small
        name: Small
        zone: Europe/Paris
        floors: {ground: {size: [10, 8]}, first: {size: [10, 8]}}
        areas:
          lobby: {floor: ground}
          attic: {floor: first}
        doors:
          front: {from: outside, to: lobby}
          up: {from: lobby, to: attic}
        """)

    said = (
        "s.yaml:11: door up: would join two floors, ground and first — a door joins areas of one floor; "
        "a staircase is one area on each floor, each `within` the one below"
    )
    assert errors_of(text) == [said]


# What a person may leave in a file by accident, in place of any line or value of it.
JUNK = st.text(max_size=20) | st.sampled_from(
    (
        *("", "~", "0", "-1", "1e9", ".nan", "true", "outside", "lobby"),
        *("[]", "{}", "[1, 2]", "[[0, 0], [1, 1]]", "{a: {b: c}}", "x: y", "- z"),
        *("'", '"', "&a", "*a", "!!str", "? ", "|", ">", "%YAML 9", "---", "...", "\t", "\x00", "é\u2028"),
    )
)


@given(line=st.integers(0, 400), junk=JUNK, whole=st.booleans())
@settings(max_examples=300, deadline=None)
def test_no_file_however_broken_makes_the_checker_itself_fail(line: int, junk: str, whole: bool):
    lines = PARISOMA.splitlines()
    at = line % len(lines)
    key, colon, _ = lines[at].partition(": ")
    lines[at] = junk if whole or not colon else f"{key}: {junk}"

    checked = check_text("\n".join(lines), "s.yaml")

    assert checked.space is not None or any(found.severity is Severity.ERROR for found in checked.problems)
    assert all(1 <= found.line <= len(lines) + 3 and found.fix for found in checked.problems)
