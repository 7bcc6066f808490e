"""Who speaks which dialect: by the space file or by flag, and in words where that cannot be."""

from pathlib import Path

import pytest
from click.testing import CliRunner

from simulator.building import Building
from simulator.building_file import load
from simulator.cli import main
from simulator.dialects.choosing import chosen, unannounced
from simulator.dialects.names import KINDS, why_not
from simulator.errors import InputError

SPACES = Path(__file__).parents[4] / "simulator" / "spaces"
SPACE = """
id: small
zone: Europe/Paris
areas:
  street: {name: Street}
  lobby: {name: Lobby, room: other}
doors:
  front: {from: outside, to: lobby}
devices:
  door-front: {kind: door_unit, door: front, dialect: shelly}
  sensor-lobby:
    kind: sensor
    area: lobby
    dialect: DIALECT
"""


def space(tmp_path: Path, dialect: str) -> Path:
    file = tmp_path / "space.yaml"
    file.write_text(SPACE.replace("DIALECT", dialect))
    return file


def test_the_space_file_says_what_a_device_speaks_also_of_a_door(tmp_path: Path):
    building = load(space(tmp_path, "homie"))

    assert {device.id: device.dialect for device in building.devices.values()} == {
        "door-front": "shelly",
        "sensor-lobby": "homie",
    }


def test_an_unknown_dialect_in_it_is_told_with_its_line_and_what_was_meant(tmp_path: Path):
    file = space(tmp_path, "tasmotta")

    with pytest.raises(InputError) as refused:
        load(file)

    assert str(refused.value) == (
        f"{file}:14: device 'sensor-lobby': there is no dialect 'tasmotta'; did you mean 'tasmota'?"
    )


@pytest.mark.parametrize(
    ("choice", "words"),
    [
        ("sensor-lobby", "--dialect 'sensor-lobby' is not DEVICE=NAME; write it like sensor-kitchen=tasmota"),
        ("sensor-lobby=", "--dialect 'sensor-lobby=' is not DEVICE=NAME; write it like sensor-kitchen=tasmota"),
        ("sensor-loby=homie", "there is no device 'sensor-loby'; did you mean 'sensor-lobby'?"),
        ("sensor-lobby=zigbee", "there is no dialect 'zigbee'; did you mean 'zigbee2mqtt'?"),
        ("reader-street=shelly", "no reader speaks shelly; a reader can speak natoma, esp-rfid"),
        ("door-street=ttn", "no door unit speaks ttn; a door unit can speak"),
        ("wifi-lobby=tasmota", "no probe speaks tasmota; a probe can speak natoma, esphome, homie"),
    ],
)
def test_a_choice_that_cannot_be_is_refused_in_words(parisoma: Building, choice: str, words: str):
    with pytest.raises(InputError) as refused:
        chosen(parisoma, [choice])

    assert words in str(refused.value)


def test_a_device_speaks_one_dialect(parisoma: Building):
    with pytest.raises(InputError, match="was given a dialect already"):
        chosen(parisoma, ["sensor-lobby=homie", "sensor-lobby=ttn"])


def test_a_sensor_whose_dialect_has_no_word_for_what_it_measures_is_refused():
    assert why_not("shelly", "sensor", ("noise", "co2")) == (
        "shelly has no word for noise, co2; it has for humidity, light, presence, temperature, window"
    )
    assert why_not("shelly", "sensor", ("noise", "humidity")) is None
    assert why_not("natoma", "sensor", ()) is None


def test_what_the_space_file_does_not_name_is_told_with_what_to_write(parisoma: Building, tmp_path: Path):
    assert unannounced(parisoma, chosen(parisoma, [])) is None
    assert unannounced(parisoma, chosen(parisoma, ["sensor-lobby=natoma"])) is None
    told = unannounced(parisoma, chosen(parisoma, ["sensor-lobby=tasmota"])) or ""
    assert told.startswith("sensor-lobby (tasmota): the space file does not name this dialect")
    assert "write `dialect: tasmota` at the device" in told
    named = load(space(tmp_path, "tasmota"))
    assert unannounced(named, chosen(named, ["sensor-lobby=tasmota"])) is None


def test_every_dialect_has_a_kind_that_speaks_it():
    assert all(KINDS.values())


@pytest.mark.parametrize(
    ("choice", "words"),
    [
        ("sensor-kitchn=homie", "did you mean 'sensor-kitchen'?"),
        ("sensor-kitchen=homy", "did you mean 'homie'?"),
        ("reader-street=ttn", "no reader speaks ttn"),
    ],
)
def test_the_command_refuses_with_2_before_anything_starts(tmp_path: Path, choice: str, words: str):
    asked = ["run", "--space", str(SPACES / "parisoma.yaml"), "--mqtt", "mqtt://127.0.0.1:1", "--data", str(tmp_path)]

    refused = CliRunner().invoke(main, [*asked, "--dialect", choice])

    assert refused.exit_code == 2
    assert words in refused.stderr
    assert list(tmp_path.iterdir()) == []
