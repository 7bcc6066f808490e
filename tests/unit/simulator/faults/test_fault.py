"""Faults as people write them: whom they name, how badly, from when until when, and what is said when that is wrong."""

from dataclasses import replace
from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from simulator.building import Building
from simulator.errors import InputError
from simulator.faults import made, read
from simulator.faults.fault import devices_of

PARIS = ZoneInfo("Europe/Paris")
NINE = datetime(2026, 11, 17, 9, tzinfo=PARIS)
LINES = {"": 4, "fault": 4, "target": 5, "from": 6, "until": 7, "for": 8, "with": 9, "seed": 10, "utnil": 11}


def where(key: str) -> str:
    return f"storm.yaml:{LINES[key]}"


def test_a_target_is_a_device_a_door_an_area_a_kind_or_all(parisoma: Building):
    street = devices_of("street", parisoma)

    assert devices_of("door-street", parisoma) == {"door-street"}
    assert {"door-street"} <= street
    assert devices_of("Street door", parisoma) == devices_of("door:street", parisoma) == street
    assert devices_of("area:booth", parisoma) == {
        name for name, device in parisoma.devices.items() if device.area == "booth"
    }
    assert devices_of("kind:probe", parisoma) == {n for n, device in parisoma.devices.items() if device.kind == "probe"}
    assert devices_of("link", parisoma) == frozenset(parisoma.devices)
    assert devices_of("link:street", parisoma) == street
    assert devices_of("broker", parisoma) == frozenset()


def test_of_a_group_only_those_are_struck_that_can_be(parisoma: Building):
    assert made("jammed-lock", "street", parisoma).devices == {"door-street"}
    co2 = made("sensor-stuck", "kind:sensor", parisoma, settings={"channel": "co2"}).devices
    assert co2 == {n for n, d in parisoma.devices.items() if d.kind == "sensor" and "co2" in d.channels}


@pytest.mark.parametrize(
    ("kind", "target", "settings", "error"),
    [
        ("dropp", "link", {}, "fault 'dropp' is none of ours; did you mean 'drop'?"),
        ("drop", "door-stret", {}, "no device or door or area or kind 'door-stret' with a device; did you mean 'door-street'?"),
        ("drop", "area:boot", {}, "no area 'area:boot' with a device; did you mean 'booth'?"),
        ("drop", "booth", {}, "'booth' is two things, door and area; write door:booth or area:booth"),
        ("drop", "broker", {}, "drop strikes devices; name one"),
        ("kill", "door-street", {}, "kill strikes the broker alone, and there is none in 'door-street'"),
        ("jammed-lock", "kind:sensor", {}, "jammed-lock strikes door unit, and there is none in 'kind:sensor'"),
        ("drop", "link", {"shaer": 1}, "drop has no setting 'shaer'; did you mean 'share'?"),
        ("freeze", "link", {"share": 1}, "freeze has no setting 'share'; it takes none"),
        ("drop", "link", {"share": 0}, "drop: share cannot be 0; it is a number from more than 0 to 1"),
        ("drop", "link", {"share": 1.5}, "drop: share cannot be 1.5"),
        ("drop", "link", {"share": True}, "drop: share cannot be True"),
        ("drop", "link", {"share": "nan"}, "drop: share cannot be 'nan'"),
        ("drop", "link", {"way": "upp"}, "drop: way cannot be 'upp'; did you mean 'up'?"),
        ("sensor-nan", "link", {"channel": "co3"}, "nothing in 'link' measures 'co3'; did you mean 'co2'?"),
        ("sensor-nan", "link", {"channel": 2}, "sensor-nan: channel cannot be 2; it is a word"),
    ],
)  # fmt: skip
def test_what_cannot_be_is_said_with_what_was_meant(
    parisoma: Building, kind: str, target: str, settings: dict[str, object], error: str
):
    with pytest.raises(InputError) as caught:
        made(kind, target, parisoma, settings=settings)

    assert error in str(caught.value)


def test_a_bare_nan_is_refused_where_no_device_speaks_the_contract_s_own_words(parisoma: Building):
    kitchen = replace(parisoma.devices["sensor-kitchen"], dialect="tasmota")
    mixed = replace(parisoma, devices={**parisoma.devices, kitchen.id: kitchen})

    with pytest.raises(InputError, match="as cannot be 'bare' for 'sensor-kitchen': it speaks tasmota"):
        made("sensor-nan", "sensor-kitchen", mixed, settings={"as": "bare"})
    assert made("sensor-nan", "sensor-kitchen", mixed).devices == {"sensor-kitchen"}
    struck = made("sensor-nan", "link", mixed, settings={"as": "bare"}).devices
    assert struck == made("sensor-nan", "link", parisoma).devices - {"sensor-kitchen"}


def test_numbers_may_come_as_text_from_a_command_line(parisoma: Building):
    assert made("drop", "link", parisoma, settings={"share": "0.25"}).number("share") == 0.25


def test_a_fault_ends_after_it_begins(parisoma: Building):
    with pytest.raises(InputError, match="cannot last from second 5 to 5; it ends after it begins"):
        made("drop", "link", parisoma, begins_s=5, ends_s=5)


def test_an_entry_of_a_file_is_a_fault(parisoma: Building):
    entry = {"fault": "drop", "target": "door:street", "from": "09:30", "for": "5m", "with": {"share": 0.3}, "seed": 7}

    fault = read(entry, parisoma, where, NINE)

    assert (fault.kind, fault.begins_s, fault.ends_s, fault.seed) == ("drop", 1800, 2100, 7)
    assert fault.settings == {"share": 0.3, "way": "both", "message": "any"}
    assert fault.in_words() == "drop door:street (share=0.3, way=both, message=any)"


def test_an_entry_without_times_lasts_from_the_start_and_for_good(parisoma: Building):
    fault = read({"fault": "freeze", "target": "broker"}, parisoma, where)

    assert (fault.devices, fault.begins_s, fault.ends_s) == (frozenset(), 0, None)


def test_times_of_day_are_instants_on_the_night_clocks_go_back(parisoma: Building):
    midnight = datetime(2026, 10, 25, 0, 30, tzinfo=PARIS)

    fault = read({"fault": "freeze", "target": "link", "from": "90s", "until": "04:30"}, parisoma, where, midnight)

    assert (fault.begins_s, fault.ends_s) == (90, 5 * 3600)


@pytest.mark.parametrize(
    ("entry", "error"),
    [
        ("drop", "storm.yaml:4: a fault is {fault: …, target: …}; this is 'drop'"),
        ({"utnil": "1s"}, "storm.yaml:11: a fault has no 'utnil'; did you mean 'until'?"),
        ({"target": "link"}, "storm.yaml:4: a fault says which kind: `fault: …`"),
        ({"fault": "drop", "target": 7}, "storm.yaml:5: a fault says whom it strikes: `target: …`"),
        ({"fault": "flip", "target": "link"}, "storm.yaml:4: fault 'flip' is none of ours; did you mean 'flap'?"),
        ({"fault": "drop", "target": "strete"}, "storm.yaml:5: there is no device or door or area or kind 'strete'"),
        ({"fault": "drop", "target": "broker"}, "storm.yaml:5: drop strikes devices"),
        ({"fault": "drop", "target": "link", "with": [1]}, "storm.yaml:9: `with` is {setting: value}; this is [1]"),
        ({"fault": "drop", "target": "link", "with": {"by": 1}}, "storm.yaml:9: drop has no setting 'by'"),
        ({"fault": "drop", "target": "link", "from": "25:61"}, "storm.yaml:6: '25:61' is no time; write '14:55'"),
        ({"fault": "drop", "target": "link", "from": 895}, "storm.yaml:6: 895 is no time; write '14:55' or '14:55:30', in quotes"),
        ({"fault": "drop", "target": "link", "from": "08:30"}, "storm.yaml:6: '08:30' is over before it begins at 09:00:00"),
        ({"fault": "drop", "target": "link", "from": "5m", "until": "5m"}, "storm.yaml:7: until '5m' is not after from '5m'"),
        ({"fault": "drop", "target": "link", "for": "5m", "until": "5m"}, "storm.yaml:8: a fault ends `until` or lasts `for`"),
        ({"fault": "drop", "target": "link", "for": 90}, "storm.yaml:8: for 90 is no length of time; write 90s, 5m or 2h"),
        ({"fault": "drop", "target": "link", "for": "0s"}, "storm.yaml:8: for '0s' is no length of time"),
        ({"fault": "drop", "target": "link", "seed": "x"}, "storm.yaml:10: seed 'x' is no whole number"),
    ],
)  # fmt: skip
def test_a_wrong_entry_is_told_with_file_and_line(parisoma: Building, entry: object, error: str):
    with pytest.raises(InputError) as caught:
        read(entry, parisoma, where, NINE)

    assert str(caught.value).startswith(error)


def test_a_time_of_day_needs_a_day(parisoma: Building):
    with pytest.raises(InputError, match=r"storm\.yaml:6: '09:30' is a time of day, and no day is known"):
        read({"fault": "drop", "target": "link", "from": "09:30"}, parisoma, where)
