"""The history pages: what stands on them, what may be asked, and that nothing a device says becomes markup."""

import html
import re
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

import aiohttp

from controller.domain.building import Device, DeviceKind
from controller.domain.history.values import Selection
from controller.domain.ids import DeviceId
from controller.errors import StoreError
from controller.services.history.beyond import LongHistory
from controller.services.history.desk import HistoryDesk
from controller.services.history.merging import KeptHere
from controller.services.history.ports import Steps
from tests.support.memory_history import ArchiveAway, MemoryHistory
from tests.support.site import BOOTH, NOON, Site, two_rooms

HOSTILE = """"><script>alert(1)</script><img src=x onerror='alert(2)'>{{7*7}}"""
MINUTE_MS = 60_000
NOON_MS = round(NOON.timestamp() * 1000)


def a_site(history: MemoryHistory) -> Site:
    space = two_rooms()
    sensor = Device(DeviceId("sensor"), DeviceKind.SENSOR, area=BOOTH, every_s=60.0)
    space = replace(space, devices={**space.devices, sensor.id: sensor})
    return Site(space=space, options={"history": HistoryDesk(history, lambda: space, lambda: NOON)})


def co2(history: MemoryHistory, minutes: range) -> None:
    """500 ppm a minute after the hour it began, and one more each minute."""
    points = [(NOON_MS + minute * MINUTE_MS, 600.0 + minute) for minute in minutes]
    history.put("sensor", "co2", points, device_class="carbon_dioxide", unit="ppm", room="booth")


async def read(site: Site, path: str) -> tuple[int, str, Any]:
    async with site.served(), aiohttp.ClientSession() as client, client.get(f"{site.url}{path}") as answer:
        return answer.status, await answer.text(), answer.headers


async def test_every_room_is_shown_with_what_is_measured_in_it() -> None:
    history = MemoryHistory()
    co2(history, range(-10, 0))
    history.put("sensor", "present", [(NOON_MS - 3 * 3_600_000, True)], device_class="occupancy")
    history.put("elsewhere", "power", [(NOON_MS - 1000, 3.5)], unit="W")

    status, text, _ = await read(a_site(history), "history")

    assert status == 200
    booth, no_room = text.split('<section class="card"')[1:]
    assert 'id="room-booth"' in booth
    assert "Podcast booth</h2>" in booth
    assert re.findall(r'<a href="(/history/[^"]+)">([^<]+)</a></th><td class="num">([^<]+)</td>', booth) == [
        ("/history/sensor/co2", "CO₂", "599 ppm"),
        ("/history/sensor/present", "Occupancy", "on"),
    ]
    assert re.findall(r">([^<]+)</time>", booth) == ["1 min ago", "3 h ago"]
    assert "In no room" in no_room
    assert "3.5 W" in no_room


async def test_a_channel_has_a_chart_with_words_and_a_table() -> None:
    history = MemoryHistory()
    co2(history, range(-30, 0))

    status, text, headers = await read(a_site(history), "history/sensor/co2?span=hour")

    assert status == 200
    assert "<h1>CO₂ <span>Podcast booth</span></h1>" in text
    assert "Mean 584.5 ppm, lowest 570 ppm, highest 599 ppm, of 30 readings." in text
    assert re.search(r"<title id=\"title-1\">CO₂, Mon 2 Mar 2026 11:00 to Mon 2 Mar 2026 12:00</title>", text)
    assert re.findall(r"V[\d.]+\"></path><text[^>]*>(\d\d:\d\d)</text>", text) == [
        "11:00", "11:10", "11:20", "11:30", "11:40", "11:50", "12:00",
    ]  # fmt: skip
    assert text.count('<tr><th scope="row">') == 30
    assert re.search(r'<a href="/history/sensor/co2\?span=hour" aria-current="page">Hour</a>', text)
    assert "default-src 'none'" in headers["Content-Security-Policy"]
    assert re.findall(r"<style|<script|\sstyle=|\son[a-z]+=", text) == []


async def test_values_whose_sum_is_no_number_have_a_mean() -> None:
    history = MemoryHistory()
    huge = [1.7e308, 1.7e308, 1.7e308, 1.6e308]
    history.put("sensor", "v", [(NOON_MS - (n + 1) * MINUTE_MS, value) for n, value in enumerate(huge)], room="booth")

    _, text, _ = await read(a_site(history), "history/sensor/v?span=hour")

    assert "Mean 1.68e308, lowest 1.6e308, highest 1.7e308, of 4 readings." in text
    assert re.findall(r"<text x=\"44.0\"[^>]*>([^<]+)</text>", text) == ["1.6e308", "1.65e308", "1.7e308"]
    assert "inf" not in re.sub(r"<[^>]*>", "", text).split()


async def test_where_nothing_came_the_line_breaks_off() -> None:
    history = MemoryHistory()
    co2(history, range(-50, -40))
    co2(history, range(-20, 0))
    co2(history, range(-30, -29))

    _, text, _ = await read(a_site(history), "history/sensor/co2?span=hour")

    (line,) = re.findall(r'<path class="line" d="([^"]*)"', text)
    (band,) = re.findall(r'<path class="band" d="([^"]*)"', text)
    assert (line.count("M"), band.count("M"), band.count("Z")) == (2, 2, 2)
    assert text.count('<circle class="dot"') == 1, "one alone is a dot"


async def test_one_missed_reading_is_no_gap() -> None:
    history = MemoryHistory()
    co2(history, range(-20, -10))
    co2(history, range(-9, 0))

    _, text, _ = await read(a_site(history), "history/sensor/co2?span=hour")

    assert re.findall(r'<path class="line" d="([^"]*)"', text)[0].count("M") == 1


async def test_a_channel_whose_unit_changed_has_a_chart_of_each() -> None:
    history = MemoryHistory()
    history.put("sensor", "t", [(NOON_MS - 600_000, 21.5)], device_class="temperature", unit="°C", room="booth")
    history.put("sensor", "t", [(NOON_MS - 60_000, 295.0)], device_class="temperature", unit="K", room="booth")

    _, text, _ = await read(a_site(history), "history/sensor/t?span=hour")

    assert re.findall(r'<h2 id="plot-\d">([^<]+)</h2>', text) == ["Temperature, °C", "Temperature, K"]


async def test_a_switch_is_drawn_between_off_and_on() -> None:
    history = MemoryHistory()
    history.put("sensor", "present", [(NOON_MS - n * MINUTE_MS, n % 4 == 0) for n in range(1, 41)], room="booth")

    _, text, _ = await read(a_site(history), "history/sensor/present?span=hour")

    assert re.findall(r"<text x=\"44.0\"[^>]*>([^<]+)</text>", text) == ["off", "on"]
    assert "On 25% of 40 readings." in text


async def test_texts_are_a_list_the_newest_first() -> None:
    history = MemoryHistory()
    history.put("sensor", "mode", [(NOON_MS - n * MINUTE_MS, f"mode {n}") for n in range(300, 0, -1)], room="booth")

    _, text, _ = await read(a_site(history), "history/sensor/mode?span=day")

    assert re.findall(r"</th><td>(mode \d+)</td>", text) == [f"mode {n}" for n in range(1, 201)]


async def test_what_a_device_says_never_becomes_markup() -> None:
    history = MemoryHistory()
    history.put("sensor", HOSTILE, [(NOON_MS - 1, HOSTILE)], device_class=HOSTILE, unit=HOSTILE, room=HOSTILE)
    history.put("sensor", "n", [(NOON_MS - 1, 1.0)], device_class=HOSTILE, unit=HOSTILE, room=HOSTILE)
    site = a_site(history)
    space = two_rooms(name=HOSTILE)
    site = Site(space=space, options={"history": HistoryDesk(history, lambda: space, lambda: NOON)})

    _, rooms, _ = await read(site, "history")
    (link,) = [one for one in re.findall(r'href="(/history/[^"]+)"', rooms) if "script" in one]
    _, number, _ = await read(site, "history/sensor/n")
    status, words, _ = await read(site, link.removeprefix("/"))

    assert status == 200
    for text in (rooms, number, words):
        assert "<script" not in text
        assert "<img" not in text
        assert ">49<" not in text
    assert "&lt;script&gt;" in words


async def test_what_is_not_there_or_cannot_be_asked_is_said_in_words() -> None:
    history = MemoryHistory()
    co2(history, range(-10, 0))
    site = a_site(history)

    for path, status, said in (
        ("history/sensr/co2", 404, "did you mean sensor?"),
        ("history/sensor/c02", 404, "did you mean co2?"),
        ("history/sensor/co2?span=decade", 400, "is not one of hour, day, week, month, year"),
        ("history/sensor/co2?to=soon", 400, "to: 'soon' is no moment"),
    ):
        found, text, _ = await read(site, path)
        assert (found, said in html.unescape(text)) == (status, True), path
        assert '<a href="/history">' in text, "and there is a way back"


class Away(MemoryHistory):
    async def by_step(self, selection: Selection, edges_ms: Sequence[int]) -> list[Steps]:
        raise StoreError("disk I/O error")


async def test_a_store_that_cannot_be_read_is_said_and_is_no_bug() -> None:
    history = Away()
    co2(history, range(-10, 0))

    status, text, headers = await read(a_site(history), "history/sensor/co2")

    assert (status, headers["Content-Type"], headers["Retry-After"]) == (503, "text/html; charset=utf-8", "30")
    assert "What was measured cannot be read now. Try again in a minute." in text
    assert "disk I/O error" not in text
    assert '<a href="/history">' in text


async def test_where_the_older_readings_are_away_the_page_leads_to_what_is_kept_here() -> None:
    here = MemoryHistory()
    co2(here, range(-10, 0))
    kept_from = NOON - timedelta(days=9)
    history = LongHistory(here, ArchiveAway(), lambda: KeptHere(kept_from, kept_from))
    space = two_rooms()
    site = Site(space=space, options={"history": HistoryDesk(history, lambda: space, lambda: NOON)})

    status, text, _ = await read(site, "history/sensor/co2?span=year")
    here_status, _, _ = await read(site, "history/sensor/co2?span=week")

    assert (status, here_status) == (503, 200)
    assert "The database with the older readings does not answer now." in text
    assert "What was measured since Sat 21 Feb 2026 12:00 is kept here" in text
    assert re.findall(r'<a href="/history/sensor/co2\?span=(\w+)">', text) == ["hour", "day", "week"]
    assert '<a href="/history">' in text
    assert "influx.local" not in text


async def test_a_stroke_too_many_leads_to_the_list() -> None:
    history = MemoryHistory()
    co2(history, range(-10, 0))

    status, text, _ = await read(a_site(history), "history/")

    assert status == 200
    assert "/history/sensor/co2" in text


async def test_one_can_go_back_in_time_and_forward_again() -> None:
    history = MemoryHistory()
    co2(history, range(-180, 0))
    site = a_site(history)

    _, now, _ = await read(site, "history/sensor/co2?span=hour")
    (earlier,) = re.findall(r'<a href="([^"]+)" rel="prev">', now)
    assert re.findall(r'rel="next"', now) == []
    _, before, _ = await read(site, earlier.removeprefix("/").replace("&amp;", "&"))

    assert "Mean 509.5 ppm" in before
    assert re.findall(r'<a href="([^"]+)" rel="next">', before) == ["/history/sensor/co2?span=hour"]


async def test_a_channel_that_was_never_heard_is_an_empty_page() -> None:
    site = a_site(MemoryHistory())

    status, text, _ = await read(site, "history/sensor/co2?span=year")

    assert status == 200
    assert "Nothing was measured in this time." in text


async def test_a_house_without_readings_says_so() -> None:
    _, text, _ = await read(a_site(MemoryHistory()), "history")

    assert "Nothing has been measured yet." in text


async def test_each_span_is_drawn() -> None:
    history = MemoryHistory()
    points = [(NOON_MS - round(timedelta(hours=n).total_seconds() * 1000), float(n % 24)) for n in range(1, 24 * 365)]
    history.put("sensor", "t", points, unit="°C", room="booth")
    site = a_site(history)

    for span, label in (("day", "15:00"), ("week", "Sun 1"), ("month", "21 Feb"), ("year", "2026")):
        _, text, _ = await read(site, f"history/sensor/t?span={span}")
        assert f">{label}</text>" in text, span
        assert '<path class="line" d="M' in text or '<circle class="dot"' in text, span
