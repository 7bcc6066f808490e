"""Pages for strangers, panels and scanners: what is in them, in which language, and what is not."""

import re
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import aiohttp
import pytest

from controller.domain.holdings import EventEntry
from controller.domain.ids import EventId
from controller.services.visitors.public_list import Listed, Stage
from controller.web import public
from controller.web.app import create_outside_app, serve_others
from controller.web.assets import FOLDER
from controller.web.languages import day_said
from controller.web.visitor_words import WORDS
from controller.web.visitors import TEMPLATES, Visitors
from tests.support.site import NOON, Site, two_rooms

START = NOON.astimezone(ZoneInfo("America/Los_Angeles")) + timedelta(hours=7)
TALK = Listed(
    EventId("talk"), "Tides", START, START + timedelta(hours=2), "Classroom", 40, 12, EventEntry.TICKET, Stage.COMING
)
HOSTILE = """<img src=x onerror="alert(1)"><script>alert(2)</script>"""


@asynccontextmanager
async def shown(*events: Listed, **site):
    asked = Site(options={"visitors": Visitors(lambda: two_rooms(), lambda: events)}, **site)
    async with asked.served(), aiohttp.ClientSession() as session:
        yield asked.url.rstrip("/"), session


async def page(*events: Listed, path: str = "/events", **headers: str) -> str:
    async with shown(*events) as (url, session), session.get(url + path, headers=headers) as answer:
        assert answer.status == 200
        return await answer.text()


async def test_a_coming_event_is_told_with_its_time_place_and_seats():
    text = await page(TALK)

    for words in ("Tides", "Monday 2 March", "19:00", "21:00", "Classroom", "12 seats left", "By ticket"):
        assert words in text


@pytest.mark.parametrize(
    ("event", "said"),
    [
        (replace(TALK, seats_left=0), "Full"),
        (replace(TALK, seats_left=1), "1 seat left"),
        (replace(TALK, entry=EventEntry.OPEN, seats_left=9), "Open to all, 40 seats"),
        (replace(TALK, stage=Stage.RUNNING), "Now"),
        (replace(TALK, end=START + timedelta(hours=8)), "Tuesday 3 March, 03:00"),
    ],
    ids=["full", "one", "open", "running", "past midnight"],
)
async def test_each_event_says_how_it_stands(event, said):
    assert said in await page(event)


async def test_without_events_the_page_says_so():
    assert "No public events are announced at the moment." in await page()


@pytest.mark.parametrize(
    ("path", "header", "word"),
    [
        ("/events", "fr-FR,fr;q=0.9,en;q=0.8", "places libres"),
        ("/events", "de,en;q=0.5,fr;q=0.3", "seats left"),
        ("/events", "de", "seats left"),
        ("/events", "fr;q=x,fr;q=0.1", "places libres"),
        ("/events?lang=fr", "en", "lundi 2 mars"),
        ("/events?lang=en", "fr", "Monday 2 March"),
    ],
)
async def test_it_speaks_the_language_of_its_address_or_of_the_browser(path, header, word):
    assert word in await page(TALK, path=path, **{"Accept-Language": header})


def test_the_first_of_a_month_in_french():
    assert day_said(START.replace(month=12, day=1), "fr") == "mardi 1er décembre"


def test_both_languages_say_the_same_things():
    assert WORDS["en"].keys() == WORDS["fr"].keys()


def test_every_word_of_these_pages_is_in_the_tables_and_none_is_left_over():
    templates = "".join(path.read_text() for path in TEMPLATES.glob("*.html"))
    used = set(re.findall(r"\bt\.(\w+)", templates)) | set(
        re.findall(r'words\["(\w+)"\]', Path(public.__file__).read_text())
    )

    assert used == set(WORDS["en"])


async def test_the_page_needs_no_script_and_has_none():
    assert "<script" not in await page(TALK)


async def test_a_hostile_name_never_becomes_markup():
    text = await page(replace(TALK, name=HOSTILE, place=HOSTILE))

    assert "<script>" not in text
    assert "<img src=x" not in text


async def test_the_same_for_programs():
    async with shown(TALK) as (url, session), session.get(f"{url}/events.json") as answer:
        body = await answer.json()

    assert body["zone"] == "America/Los_Angeles"
    assert body["events"] == [
        {
            "id": "talk",
            "name": "Tides",
            "start": "2026-03-02T19:00:00-08:00",
            "end": "2026-03-02T21:00:00-08:00",
            "place": "Classroom",
            "entry": "ticket",
            "seats": 40,
            "seats_left": 12,
            "running": False,
        }
    ]


@pytest.mark.parametrize("path", ["/events", "/events.json"])
async def test_events_may_be_kept_for_half_a_minute(path):
    async with shown(TALK) as (url, session), session.get(url + path) as answer:
        assert answer.headers["Cache-Control"] == "public, max-age=30"


@pytest.mark.parametrize("path", ["/panel/study", "/panel/no-such-room", "/scan"])
async def test_the_frame_of_a_panel_or_a_scanner_holds_nothing_of_the_house(path):
    text = await page(TALK, path=path)

    for secret in ("Small house", "Lobby", "Podcast booth", "Street door", "Tides", "study"):
        assert secret not in text


@pytest.mark.parametrize("path", ["/events", "/panel/study", "/scan"])
async def test_nothing_in_these_pages_is_inline_or_from_elsewhere(path):
    text = await page(TALK, path=path)

    assert re.findall(r"<script(?![^>]* src=)|<style|\sstyle=|\son[a-z]+=", text) == []
    assert re.findall(r"""(?:src|href)=["'](?:https?:)?//""", text) == []


async def test_only_the_scanner_may_use_a_camera():
    async with shown() as (url, session):
        said = {}
        for path in ("/", "/events", "/panel/study", "/scan"):
            async with session.get(url + path) as answer:
                said[path] = answer.headers["Permissions-Policy"].split(",")[0]

    assert said == {"/": "camera=()", "/events": "camera=()", "/panel/study": "camera=()", "/scan": "camera=(self)"}


@pytest.mark.parametrize(
    ("path", "mode", "status"),
    [
        ("/events", "navigate", 200),
        ("/panel/study", "navigate", 200),
        ("/scan", "navigate", 200),
        ("/events.json", "cors", 403),
        ("/events", "no-cors", 403),
        ("/api/live", "navigate", 403),
        ("/metrics", "navigate", 403),
        ("/eventsandmore", "navigate", 403),
    ],
)
async def test_another_site_may_lead_to_these_pages_and_read_nothing(path, mode, status):
    headers = {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": mode}
    async with shown() as (url, session), session.get(url + path, headers=headers) as answer:
        assert answer.status == status


# --- what others may reach --------------------------------------------------------------------------------------------


async def test_others_reach_what_is_safe_for_anybody_and_nothing_else():
    visitors = Visitors(lambda: two_rooms(), lambda: [TALK])
    app = create_outside_app(visitors=visitors, programs=None)
    found = {}
    async with serve_others(app, "127.0.0.1", 0) as url, aiohttp.ClientSession() as session:
        for path in (
            "",
            "events",
            "events.json",
            "panel/study",
            "scan",
            "api/live",
            "api/stream",
            "metrics",
            "healthz",
        ):
            async with session.get(url + path, allow_redirects=False, headers={"Host": "natoma.example"}) as answer:
                found[path] = answer.status
                assert answer.headers["X-Frame-Options"] == "DENY"

    assert found == {
        "": 302,
        **dict.fromkeys(("events", "events.json", "panel/study", "scan"), 200),
        **dict.fromkeys(("api/live", "api/stream", "metrics", "healthz"), 404),
    }


# --- the scripts ------------------------------------------------------------------------------------------------------

SCRIPTS = [path for folder in ("kiosk", "panel", "scan") for path in sorted((FOLDER / folder).glob("*.js"))]


@pytest.mark.parametrize("path", SCRIPTS, ids=lambda path: f"{path.parent.name}/{path.name}")
def test_no_script_of_a_kiosk_has_a_way_to_write_markup(path):
    text = path.read_text()

    for forbidden in ("innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval(", "new Function"):
        assert forbidden not in text


@pytest.mark.parametrize("name", ["panel", "scan"])
async def test_everything_a_kiosk_imports_is_there_and_fetched_early(name):
    text = await page(path={"panel": "/panel/study", "scan": "/scan"}[name])
    wanted, known = [FOLDER / name / "main.js"], set()
    while wanted:
        path = wanted.pop().resolve()
        if path not in known:
            known.add(path)
            wanted += [path.parent / found for found in re.findall(r'from "(\.[^"]+)"', path.read_text())]

    assert all(path.is_file() for path in known)
    assert {path.relative_to(FOLDER).as_posix() for path in known} == set(
        re.findall(r'/static/\w+/([\w/]+\.js)"', text)
    )
