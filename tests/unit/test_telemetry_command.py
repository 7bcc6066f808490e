"""`natoma telemetry series | last | history | export` as typed, on a data folder that a service is writing to."""

import asyncio
import csv
import io
import json
import sys
from array import array
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import duckdb
import pytest
from click.testing import CliRunner, Result

from controller.adapters.clock import SystemClock
from controller.adapters.telemetry.store import TelemetryStore
from controller.cli.telemetry import telemetry
from controller.cli.telemetry_told import sparkline
from controller.domain.history.values import Kind, Measured, Series, SeriesId, Source
from controller.domain.ids import AreaId, DeviceId
from controller.errors import ControllerError, InputError
from controller.services.history.ports import Steps
from controller.services.ports import TelemetryRow

SPACE = """\
natoma: 1
id: small
name: Small
zone: America/Los_Angeles
floors: {ground: {size: [8, 5]}}
areas: {studio: {name: The studio, room: {kind: meeting, bookable: true}}}
doors:
  front: {from: outside, to: studio}
"""
NOW = datetime(2026, 11, 22, 20, 30, tzinfo=UTC)  # 12:30 at the space
STUDIO = Source(
    DeviceId("sensor-studio"),
    AreaId("studio"),
    {"co2": Measured("carbon_dioxide", "ppm"), "present": Measured("occupancy"), "note": Measured("")},
)
MINUTE_MS = 60_000


def ms(at: datetime) -> int:
    return round(at.timestamp() * 1000)


def rows(start: datetime, count: int) -> list[TelemetryRow]:
    """A reading a minute: CO₂ rises by one, somebody is there each third minute."""
    return [
        TelemetryRow(
            STUDIO.device,
            f"{ms(start)}-{n}",
            ms(start) + n * MINUTE_MS,
            ms(start) + n * MINUTE_MS,
            {"co2": 500.0 + n, "present": n % 3 == 0},
            source=STUDIO,
        )
        for n in range(count)
    ]


class Folder:
    """A data folder; what is written stays in the memory of a store that is open meanwhile."""

    def __init__(self, folder: Path) -> None:
        self.data, self.file = folder / "data", folder / "space.yaml"
        self.data.mkdir()
        self.file.write_text(SPACE)
        self._loop = asyncio.new_event_loop()
        self._store = self._loop.run_until_complete(TelemetryStore.open(self.data / "telemetry.db", deadline_s=30))

    def write(self, written: list[TelemetryRow]) -> None:
        self._loop.run_until_complete(self._store.append(written))

    def compact(self) -> None:
        self._loop.run_until_complete(self._store.compact())

    def close(self) -> None:
        self._loop.run_until_complete(self._store.close())
        self._loop.close()

    def typed(self, *words: str) -> Result:
        return CliRunner().invoke(telemetry, [*words, "--data", str(self.data), "--space", str(self.file)])


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Folder]:
    monkeypatch.setattr(SystemClock, "now", lambda _: NOW)
    made = Folder(tmp_path)
    made.write(rows(NOW - timedelta(minutes=90), 90))
    yield made
    made.close()


def refusal(result: Result) -> str:
    assert isinstance(result.exception, InputError), result.output
    return str(result.exception)


def test_what_is_measured_is_listed_with_its_class_unit_and_room(folder: Folder) -> None:
    lines = folder.typed("series").output.splitlines()

    assert lines[0].split() == ["ROOM", "DEVICE", "CHANNEL", "CLASS", "UNIT", "KIND"]
    assert [line.split() for line in lines[1:]] == [
        ["studio", "sensor-studio", "co2", "carbon_dioxide", "ppm", "number"],
        ["studio", "sensor-studio", "present", "occupancy", "–", "switch"],
    ]


def test_the_newest_value_is_told_with_its_age(folder: Folder) -> None:
    lines = folder.typed("last", "sensor-studio", "co2").output.splitlines()

    assert lines[1].split() == ["studio", "sensor-studio", "co2", "589", "ppm", "60", "s", "2026-11-22", "12:29:00"]


def test_history_has_a_picture_and_a_line_for_each_step(folder: Folder) -> None:
    lines = folder.typed("history", "sensor-studio", "co2", "--from", "12:00", "--step", "10m").output.splitlines()

    assert lines[0] == (
        "sensor-studio / co2 (carbon_dioxide, ppm), room studio · 2026-11-22 12:00 to 2026-11-22 12:30, by 10m"
    )
    assert lines[1].endswith("560 ppm to 589 ppm")
    assert [line.split() for line in lines[3:]] == [
        ["2026-11-22", "12:00:00", "564.5", "560", "569", "10"],
        ["2026-11-22", "12:10:00", "574.5", "570", "579", "10"],
        ["2026-11-22", "12:20:00", "584.5", "580", "589", "10"],
    ]


def test_what_the_service_wrote_a_moment_ago_is_read_beside_it(folder: Folder) -> None:
    folder.write(rows(NOW, 1))

    said = json.loads(folder.typed("last", "sensor-studio", "co2", "--json").output)

    assert (said["at"], said["value"], said["room"]) == ("2026-11-22T20:30:00.000Z", 500.0, "studio")


def test_points_that_were_put_into_their_month_are_read_as_well(folder: Folder) -> None:
    folder.write(rows(NOW - timedelta(days=40), 3))
    folder.compact()
    folder.write(rows(NOW - timedelta(days=41), 1))

    said = json.loads(folder.typed("history", "sensor-studio", "co2", "--last", "50d", "--raw", "--json").output)

    assert said["series"][0]["values"][:5] == [500.0, 500.0, 501.0, 502.0, 500.0]
    assert len(said["series"][0]["values"]) == 94


def test_switches_are_true_and_false_for_programs(folder: Folder) -> None:
    said = json.loads(folder.typed("history", "sensor-studio", "present", "--last", "4m", "--raw", "--json").output)

    assert said["series"][0]["values"] == [False, True, False, False]


def test_a_csv_has_times_in_utc_and_numbers_in_full(folder: Folder) -> None:
    read = list(csv.DictReader(io.StringIO(folder.typed("export", "sensor-studio", "co2", "--last", "2m").output)))

    assert read == [
        {
            "time": f"2026-11-22T20:{minute}:00.000Z",
            "device": "sensor-studio",
            "channel": "co2",
            "room": "studio",
            "class": "carbon_dioxide",
            "unit": "ppm",
            "value": value,
        }
        for minute, value in (("28", "588.0"), ("29", "589.0"))
    ]


def test_a_text_that_is_a_formula_does_not_run_in_a_spreadsheet(folder: Folder) -> None:
    at = ms(NOW) - 500
    folder.write([TelemetryRow(STUDIO.device, "n", at, at, {"note": '=HYPERLINK("x")'}, source=STUDIO)])

    (row,) = csv.DictReader(io.StringIO(folder.typed("export", "sensor-studio", "note").output))

    assert row["value"] == '\'=HYPERLINK("x")'


LOUD = "\x1b[31mred\x07"


def loud(folder: Folder) -> None:
    """A device whose class, unit and text are nothing for a terminal."""
    source = Source(STUDIO.device, STUDIO.room, {"note": Measured(LOUD, LOUD), "level": Measured(LOUD, LOUD)})
    at = ms(NOW) - 500
    folder.write([TelemetryRow(STUDIO.device, "loud", at, at, {"note": f"=1\n{LOUD}", "level": 3.0}, source=source)])


@pytest.mark.parametrize(
    "words",
    [
        ["series"],
        ["series", "--csv"],
        ["last"],
        ["last", "--csv"],
        ["history", "sensor-studio", "level"],
        ["history", "--csv"],
        ["history", "--raw"],
        ["history", "--raw", "--csv"],
        ["export"],
        ["export", "--step", "1h"],
    ],
    ids=" ".join,
)
def test_nothing_that_a_device_wrote_acts_on_a_terminal(folder: Folder, words: list[str]) -> None:
    loud(folder)

    output = folder.typed(*words).output

    assert "�[31mred�" in output
    assert not {"\x1b", "\x07"} & set(output)


def test_a_refusal_names_what_a_device_wrote_without_what_acts_on_a_terminal(folder: Folder) -> None:
    loud(folder)

    assert refusal(folder.typed("last", "--class", "[31mred")).endswith("did you mean �[31mred�?")


def test_a_cleaned_cell_is_still_no_formula_and_parquet_has_every_letter(folder: Folder, tmp_path: Path) -> None:
    loud(folder)
    out = tmp_path / "loud.parquet"

    (row,) = csv.DictReader(io.StringIO(folder.typed("export", "sensor-studio", "note").output))
    folder.typed("export", "sensor-studio", "note", "--out", str(out))

    assert row["value"] == "'=1��[31mred�"
    assert duckdb.sql(f"SELECT text, class FROM '{out}'").fetchall() == [(f"=1\n{LOUD}", LOUD)]


def test_a_parquet_file_holds_every_point_and_nothing_else_is_left(folder: Folder, tmp_path: Path) -> None:
    out = tmp_path / "out" / "day.parquet"
    out.parent.mkdir()
    at = ms(NOW) - 500
    folder.write([TelemetryRow(STUDIO.device, "n", at, at, {"note": "=1"}, source=STUDIO)])

    result = folder.typed("export", "--out", str(out))

    assert result.exit_code == 0, result.output
    found = duckdb.execute(
        "SELECT channel, kind, count(*), min(epoch_ms(time)), max(value), max(text) FROM read_parquet(?) GROUP BY ALL"
        " ORDER BY 1",
        [str(out)],
    ).fetchall()
    assert found == [
        ("co2", "number", 90, ms(NOW) - 90 * MINUTE_MS, 589.0, None),
        ("note", "text", 1, at, None, "=1"),
        ("present", "switch", 90, ms(NOW) - 90 * MINUTE_MS, 1.0, None),
    ]
    assert [path.name for path in out.parent.iterdir()] == ["day.parquet"]


def test_steps_can_be_a_parquet_file_too(folder: Folder, tmp_path: Path) -> None:
    out = tmp_path / "hours.parquet"

    folder.typed("export", "sensor-studio", "co2", "--last", "2h", "--step", "1h", "--out", str(out))

    found = duckdb.execute("SELECT epoch_ms(start), mean, low, high, count FROM read_parquet(?)", [str(out)]).fetchall()
    assert found == [
        (ms(NOW - timedelta(minutes=90)), 529.5, 500.0, 559.0, 60),
        (ms(NOW - timedelta(minutes=30)), 574.5, 560.0, 589.0, 30),
    ]


def test_parquet_on_standard_output_is_the_file_itself(folder: Folder, tmp_path: Path) -> None:
    result = folder.typed("export", "sensor-studio", "--format", "parquet")

    (tmp_path / "piped.parquet").write_bytes(result.stdout_bytes)
    (count,) = duckdb.execute("SELECT count(*) FROM read_parquet(?)", [str(tmp_path / "piped.parquet")]).fetchall()
    assert count == (180,)


@pytest.mark.parametrize("name", ["day.csv", "day.parquet"])
def test_a_folder_that_is_not_there_is_named(folder: Folder, tmp_path: Path, name: str) -> None:
    result = folder.typed("export", "--out", str(tmp_path / "nowhere" / name))

    assert isinstance(result.exception, ControllerError)
    assert "cannot be written" in str(result.exception)


def test_every_list_is_there_for_programs_and_as_a_sheet(folder: Folder) -> None:
    def read(*words: str) -> list[dict[str, str]]:
        return list(csv.DictReader(io.StringIO(folder.typed(*words, "--csv").output)))

    assert [json.loads(line)["channel"] for line in folder.typed("series", "--json").output.splitlines()] == [
        "co2",
        "present",
    ]
    assert [row["kind"] for row in read("series")] == ["number", "switch"]
    assert [row["value"] for row in read("last")] == ["589.0", "false"]
    assert [row["value"] for row in read("history", "sensor-studio", "present", "--last", "3m", "--raw")] == [
        "true",
        "false",
        "false",
    ]
    (step,) = read("history", "sensor-studio", "co2", "--from", "12:00", "--step", "1h")
    assert (step["start"], step["mean"], step["count"]) == ("2026-11-22T20:00:00.000Z", "574.5", "30")
    said = json.loads(
        folder.typed("history", "sensor-studio", "co2", "--from", "12:00", "--step", "1h", "--json").output
    )
    assert (said["step_s"], said["series"][0]["high"]) == (3600.0, [589.0])


def test_every_point_can_be_read_at_a_terminal(folder: Folder) -> None:
    folder.write([TelemetryRow(STUDIO.device, "n", ms(NOW) - 500, ms(NOW), {"note": "a\x1b[2J"}, source=STUDIO)])

    lines = folder.typed("history", "sensor-studio", "--last", "1m", "--raw").output.splitlines()

    assert [line.split() for line in lines if line.startswith("2026")] == [
        ["2026-11-22", "12:29:00", "589", "ppm"],
        ["2026-11-22", "12:29:59", "a�[2J"],
        ["2026-11-22", "12:29:00", "off"],
    ]


def test_of_more_points_than_are_shown_it_says_from_where_to_ask_on(folder: Folder) -> None:
    folder.write(rows(NOW - timedelta(days=3), 3_000))

    result = folder.typed("history", "sensor-studio", "--last", "4d", "--raw", "--csv")

    assert len(result.stdout.splitlines()) == 5_001
    assert "There is more: ask on with --from 2026-11-21T06:10:00.000-08:00" in result.stderr


def test_where_nothing_was_measured_that_is_said(folder: Folder) -> None:
    for words in (["history", "--from", "2020-01-01", "--to", "2020-01-02"], ["history", "--last", "1s", "--raw"]):
        assert folder.typed(*words).output == "Nothing was measured in that time.\n"


def test_without_duckdb_parquet_says_what_to_install(
    folder: Folder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "duckdb", None)

    result = folder.typed("export", "--out", str(tmp_path / "day.parquet"))

    assert "pip install 'natoma[parquet]'" in refusal(result)


def test_a_file_that_is_there_is_not_written_over(folder: Folder, tmp_path: Path) -> None:
    out = tmp_path / "day.csv"
    out.write_text("mine")

    assert "is there already" in refusal(folder.typed("export", "--out", str(out)))
    assert out.read_text() == "mine"


def test_a_csv_file_gets_its_name_when_it_is_whole(folder: Folder, tmp_path: Path) -> None:
    out = tmp_path / "day.csv"

    assert folder.typed("export", "--out", str(out)).exit_code == 0

    assert len(out.read_text().splitlines()) == 181
    assert [path.name for path in tmp_path.glob("*.part")] == []


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["last", "sensor-studoi"], "DEVICE: Small has no device 'sensor-studoi' — did you mean sensor-studio?"),
        (["last", "sensor-studio", "co"], "CHANNEL: sensor-studio has no channel 'co' — did you mean co2?"),
        (["last", "--room", "sudio"], "--room: Small has no room 'sudio' — did you mean studio?"),
        (["last", "--class", "carbon"], "--class: nothing here measures 'carbon' — did you mean carbon_dioxide?"),
        (
            ["history", "--last", "10y", "--step", "1s"],
            "--step: steps of 1s from 2016-11-24 12:30 to 2026-11-22 12:30 are 315,360,000, and 20,000 are the most",
        ),
        (["history", "--step", "0s"], "--step: '0s' is no time at all — the least is 1s"),
        (
            ["history", "--step", "often"],
            "--step: 'often' is no length of time — write it like 90s, 15m, 24h, 7d or 1y",
        ),
        (["history", "--from", "2027-01-01"], "--from: 2027-01-01 00:00 is still to come"),
        (
            ["history", "--from", "12:00", "--to", "11:00"],
            "--to: the span ends at 2026-11-22 11:00, and it begins only",
        ),
        (["history", "--from", "11:00", "--last", "1h"], "--last: says how long before the end, and from says since"),
        (["history", "--raw", "--step", "1h"], "--step: has no meaning with --raw"),
        (["history", "--json", "--csv"], "--csv: a sheet and --json are two forms of one answer"),
        (["series", "--json", "--csv"], "--csv: a sheet and --json are two forms of one answer"),
        (["last", "--csv", "--json"], "--csv: a sheet and --json are two forms of one answer"),
        (["last", "--room", "nowhere"], "--room: Small has no room 'nowhere' — there is studio"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_what_cannot_be_asked_is_refused_as_it_was_typed(folder: Folder, words: list[str], said: str) -> None:
    assert refusal(folder.typed(*words)).startswith(said)


def test_a_folder_without_readings_says_so(tmp_path: Path) -> None:
    (tmp_path / "space.yaml").write_text(SPACE)

    result = CliRunner().invoke(telemetry, ["last", "--data", str(tmp_path), "--space", str(tmp_path / "space.yaml")])

    assert "nothing was measured here yet" in refusal(result)


def test_a_picture_leaves_out_where_nothing_came() -> None:
    series = Series(SeriesId(1), DeviceId("d"), "c", Kind.NUMBER)
    values = array("d", [0.0, 7.0, 3.0])
    steps = Steps(series, array("q", [0, 10, 30]), values, values, values, array("q", [1, 1, 1]))

    assert sparkline(steps, 0, 40, columns=4) == "▁█ ▄"


def test_the_small_picture_has_bars_for_the_farthest_numbers() -> None:
    series = Series(SeriesId(1), DeviceId("d"), "c", Kind.NUMBER)
    values = array("d", [-1.7e308, 1.7e308, 1.7e308, 0.0])
    steps = Steps(series, array("q", [0, 10, 11, 20]), values, values, values, array("q", [3, 3, 3, 1]))

    assert sparkline(steps, 0, 30, columns=3) == "▁█▅"
