"""The page's frame: what the server writes into it, and what it weighs."""

import gzip
import re
from dataclasses import replace
from pathlib import Path

import aiohttp
import pytest

from controller.space import load
from controller.web.assets import FOLDER, Assets
from controller.web.pages import Pages
from tests.support.site import LOBBY, STREET, Site, fact, two_rooms

HOSTILE = """"><script>alert(1)</script><img src=x onerror='alert(2)'>{{7*7}}</title>"""
SPACE_FILE = Path(__file__).parents[3] / "simulator" / "spaces" / "parisoma.yaml"
FIRST_LOAD = 150_000  # bytes, packed: usable within a second on a tablet in the house


def page(space, hint=None) -> str:
    return Pages(lambda: space, Assets(), hint).render()


def test_names_from_outside_never_become_markup():
    space = two_rooms(name=HOSTILE)
    space = replace(
        space,
        doors={**space.doors, STREET: replace(space.doors[STREET], name=HOSTILE)},
        areas={**space.areas, LOBBY: replace(space.areas[LOBBY], name=HOSTILE)},
    )
    text = page(space, hint=HOSTILE)

    assert "<script>" not in text
    assert "<img src=x" not in text
    assert "49" not in text.split("<main>")[0], "nor are they read as a template"
    assert "&lt;script&gt;alert(1)" in text


def test_nothing_in_the_page_is_inline_script_or_style():
    text = page(two_rooms(), hint="natoma-sim tap")

    assert re.findall(r"<script(?![^>]* src=)", text) == []
    assert re.findall(r"<style|\sstyle=|\son[a-z]+=", text) == []
    assert re.findall(r"""(?:src|href)=["'](?:https?:)?//""", text) == []


def test_the_scripts_have_no_way_to_write_markup():
    for path in FOLDER.glob("*.js"):
        text = path.read_text()
        for forbidden in ("innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval(", "new Function"):
            assert forbidden not in text, f"{path.name} uses {forbidden}"


def test_every_module_that_is_imported_exists_and_is_fetched_early():
    text = page(two_rooms())
    modules = {path.name for path in FOLDER.glob("*.js")}
    imported = {name for path in FOLDER.glob("*.js") for name in re.findall(r'from "\./([^"]+)"', path.read_text())}

    assert imported <= modules
    assert all(f"/{name}" in text for name in modules)


def test_every_door_and_room_of_the_space_is_on_the_plan_with_its_name():
    space = load(SPACE_FILE)
    text = page(space)

    for door in space.doors.values():
        assert f'data-door="{door.id}" data-name="{door.name}"' in text
    for area in space.areas.values():
        if area.room is not None:
            assert f'data-room="{area.id}"' in text


def test_the_first_load_of_the_sample_building_stays_light():
    packed = len(gzip.compress(page(load(SPACE_FILE)).encode())) + Assets().weight()

    assert packed < FIRST_LOAD


def test_a_new_version_of_the_space_is_drawn_anew():
    spaces = [two_rooms(version="v1")]
    pages = Pages(lambda: spaces[-1], Assets())
    before = pages.render()
    spaces.append(replace(two_rooms(version="v2"), doors={}))

    assert 'data-door="street"' in before
    assert 'data-door="street"' not in pages.render()


def test_a_space_without_floors_says_what_to_do():
    empty = replace(two_rooms(), floors={}, areas={}, doors={})

    assert "no floor plan yet" in page(empty)


def test_the_hint_is_shown_only_when_there_is_one():
    assert "natoma-sim tap" in page(two_rooms(), hint="natoma-sim tap --door street")
    assert 'id="hint"' not in page(two_rooms())


async def test_files_are_served_packed_and_kept_for_ever_under_their_hash():
    async with Site().served() as site, aiohttp.ClientSession(auto_decompress=False) as session:
        url = site.url.rstrip("/") + Assets().url("natoma.css")
        async with session.get(url, headers={"Accept-Encoding": "gzip"}) as packed:
            assert packed.headers["Content-Encoding"] == "gzip"
            assert packed.headers["Cache-Control"] == "public, max-age=31536000, immutable"
            assert gzip.decompress(await packed.read()) == (FOLDER / "natoma.css").read_bytes()
        async with session.get(url, headers={"Accept-Encoding": "identity"}) as plain:
            assert await plain.read() == (FOLDER / "natoma.css").read_bytes()
            assert plain.headers["Content-Type"] == "text/css; charset=utf-8"


@pytest.mark.parametrize("name", ["..%2fapp.py", "%2e%2e/app.py", "../guard.py", "main.js/../../words.py", "main.ts"])
async def test_nothing_outside_the_folder_can_be_named(name):
    async with (
        Site().served() as site,
        aiohttp.ClientSession() as session,
        session.get(f"{site.url}static/0/{name}") as answer,
    ):
        assert answer.status == 404


def test_an_asset_that_is_not_there_is_noticed_when_the_page_is_made():
    with pytest.raises(KeyError, match=r"no asset named 'gone\.js'"):
        Assets().url("gone.js")


async def test_a_hostile_fact_reaches_the_browser_as_data_only():
    site = Site()
    site.feed.tell(fact(1, text=HOSTILE))
    async with site.served(), aiohttp.ClientSession() as session:
        async with session.get(site.url) as answer:
            assert "alert(1)" not in await answer.text()
        async with session.get(site.url + "api/live") as answer:
            assert answer.content_type == "application/json"
            assert (await answer.json())["facts"][0]["text"] == HOSTILE
