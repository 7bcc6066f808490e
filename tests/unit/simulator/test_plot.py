"""A day as curves: it looks as offices do, and what cannot be drawn is said in words."""

import sys
from datetime import datetime
from pathlib import Path
from statistics import mean

import pytest
from click.testing import CliRunner

from simulator.building import Building
from simulator.cli import main
from simulator.people import SimPerson
from simulator.physics import CO2_OUTSIDE_PPM, Shape
from simulator.plot.lived import Curve, Curves, curves, rooms_to_show

ROOMS = ("open-space", "office-205", "howard", "kitchen")


@pytest.fixture(scope="module")
def tuesday(parisoma: Building, people: list[SimPerson]) -> Curves:
    start = datetime(2026, 11, 17, 4, tzinfo=parisoma.zone)
    return curves(parisoma, people, 1, start, [parisoma.areas[room] for room in ROOMS])


def minute(hour: int, past: int = 0) -> int:
    """Of a day that begins at four."""
    return (hour - 4) * 60 + past


def curve_of(day: Curves, room: str) -> Curve:
    return next(curve for curve in day.rooms if curve.room.id == room)


@pytest.mark.law
class TestAnOfficeDay:
    def test_co2_is_as_outside_at_dawn_and_between_700_and_1100_by_day(self, tuesday: Curves):
        for room in ("open-space", "office-205"):
            co2 = curve_of(tuesday, room).co2_ppm
            assert co2[minute(6)] == pytest.approx(CO2_OUTSIDE_PPM, abs=5)
            assert 700 < max(co2) < 1100

    def test_co2_dips_at_lunch_where_people_work_and_peaks_where_they_eat(self, tuesday: Curves):
        office, kitchen = curve_of(tuesday, "open-space").co2_ppm, curve_of(tuesday, "kitchen").co2_ppm
        at_lunch = min(office[minute(12, 30) : minute(14)])
        assert at_lunch < 0.9 * min(max(office[: minute(12, 30)]), max(office[minute(14) :]))
        assert minute(12) < kitchen.index(max(kitchen)) < minute(14)

    def test_co2_of_a_meeting_room_peaks_and_fades(self, tuesday: Curves):
        howard = curve_of(tuesday, "howard").co2_ppm
        peak = howard.index(max(howard))
        assert max(howard) > 700
        assert howard[peak - 60] < 500
        assert howard[peak + 120] < 560

    def test_an_empty_room_airs_out_with_its_time_constant(self, tuesday: Curves):
        curve = curve_of(tuesday, "office-205")
        room = curve.room
        constant_s = Shape(room.floor_m2, room.seats, kind=room.kind).air_change_s
        alone = max(n for n, people in enumerate(curve.people) if people) + 2
        later = alone + round(constant_s / 60)
        left = (curve.co2_ppm[later] - CO2_OUTSIDE_PPM) / (curve.co2_ppm[alone] - CO2_OUTSIDE_PPM)
        assert left == pytest.approx(0.37, abs=0.02)
        assert 45 * 60 < constant_s < 120 * 60

    def test_the_house_has_its_lunch_dip_and_is_empty_at_night(self, tuesday: Curves):
        inside = tuesday.inside
        assert max(inside[minute(9) : minute(18)]) > 80
        assert min(inside[minute(12, 30) : minute(13, 30)]) < 0.85 * max(inside[minute(11) : minute(12)])
        assert max(inside[: minute(6)] + inside[minute(24) :]) <= 3

    def test_it_is_quiet_at_night_and_as_loud_as_an_office_by_day(self, tuesday: Curves):
        sound = curve_of(tuesday, "open-space").mean_sound_db
        assert all(35 <= level <= 45 for level in (*sound[: minute(6)], *sound[minute(23) :]))
        assert 50 <= mean(sound[minute(10) : minute(17)]) <= 65
        assert max(sound) < 70


def test_one_room_of_each_kind_is_drawn_unless_some_are_named(parisoma: Building, one_door: Building):
    assert [room.kind for room in rooms_to_show(parisoma)] == [
        "open_space", "office", "meeting", "kitchen", "classroom",
    ]  # fmt: skip
    assert [room.id for room in rooms_to_show(one_door)] == ["studio"]


@pytest.mark.law
@pytest.mark.parametrize(("first", "hours"), [("2026-03-28", 23), ("2026-10-24", 25)], ids=["spring", "autumn"])
def test_a_day_of_the_other_clock_has_its_hours(one_door: Building, first: str, hours: int):
    start = datetime.fromisoformat(f"{first}T04:00").replace(tzinfo=one_door.zone)

    assert len(curves(one_door, [], 1, start, one_door.rooms()).at) == hours * 60


def run_plot(*words: str) -> tuple[int, str]:
    said = CliRunner().invoke(main, ["plot", *words])
    return said.exit_code, said.output


def test_without_matplotlib_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    monkeypatch.setitem(sys.modules, "matplotlib", None)

    code, said = run_plot("--out", str(tmp_path / "day.png"))

    assert code == 1
    assert "pip install 'natoma[plot]'" in said


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["--out", "day.pdf"], "a picture ends in .png or .svg"),
        (["--room", "kichen"], "no room 'kichen'; did you mean 'Kitchen'?"),
        (["--date", "17.11."], "is no day of the calendar; write it like 2026-11-16"),
        (["--date", "9999-12-31"], "--date 9999-12-31 is out of reach; take 1970-01-01 to 2100-12-31"),
        (["--room", "kitchen"] * 8, "8 rooms are too many to tell apart; name 7 at most"),
    ],
)
def test_bad_input_is_named_and_nothing_is_drawn(
    parisoma: Building, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, words: list[str], told: str
):
    monkeypatch.setitem(sys.modules, "matplotlib", sys)  # anything that is there
    monkeypatch.chdir(tmp_path)

    code, said = run_plot("--space", str(parisoma.source), "--data", str(tmp_path), *words)

    assert code == 2
    assert told in said
    assert not list(tmp_path.iterdir())


@pytest.mark.law
@pytest.mark.parametrize("name", ["day.png", "day.svg"])
def test_the_same_day_is_the_same_picture(one_door: Building, tmp_path: Path, name: str):
    pytest.importorskip("matplotlib")
    pictures = []
    for folder in ("once", "twice"):
        (tmp_path / folder).mkdir()
        out = tmp_path / folder / name
        words = ["--space", str(one_door.source), "--data", str(tmp_path), "--date", "2026-11-17", "--out", str(out)]
        assert run_plot(*words)[0] == 0
        pictures.append(out.read_bytes())

    assert pictures[0] == pictures[1]
    assert len(pictures[0]) > 10_000


def test_a_picture_nobody_may_write_is_said(one_door: Building, tmp_path: Path):
    pytest.importorskip("matplotlib")

    words = ["--space", str(one_door.source), "--data", str(tmp_path), "--date", "2026-11-17"]
    code, said = run_plot(*words, "--out", str(tmp_path / "nowhere" / "day.png"))

    assert code == 2
    assert "cannot be written" in said
