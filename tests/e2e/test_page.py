"""The page in a real browser: it lives, it notices when it does not, and it obeys its own content policy."""

import json
from dataclasses import replace

import pytest
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys

from controller.domain.building import Area, Door, Floor, Room, RoomKind, Space
from controller.domain.ids import AreaId, DeviceId, DoorId, FloorId
from tests.support.browser import chromium, complaints, emulate, eventually, resize
from tests.support.site import LOBBY, NOON, Site, SiteInAThread, alarm, door, fact, room, two_rooms

pytestmark = [pytest.mark.browser]

HOSTILE = """<img src=x onerror="window.hacked=1"><script>window.hacked=1</script>"""


@pytest.fixture(scope="module")
def browser(tmp_path_factory):
    with chromium(tmp_path_factory.mktemp("profile")) as driver:
        yield driver


@pytest.fixture
def house(browser):
    site = Site(options={"hint": "natoma-sim tap --door street"})
    site.fill()
    running = SiteInAThread(site)
    running.start()
    emulate(browser)
    resize(browser, 1280, 900)
    browser.get(site.url)
    eventually(lambda: text(browser, "#verdict .sentence") == "All doors are quiet", "the page shows the building")
    yield running
    browser.get("about:blank")
    running.stop()
    running.close()


def text(browser, selector: str) -> str:
    return browser.execute_script("return document.querySelector(arguments[0])?.textContent.trim()", selector)


def attribute(browser, selector: str, name: str):
    return browser.execute_script(
        "return document.querySelector(arguments[0])?.getAttribute(arguments[1])", selector, name
    )


def shown(browser, selector: str) -> bool:
    return browser.find_element(By.CSS_SELECTOR, selector).is_displayed()


STREET = "[data-door=street]"


def test_the_page_opens_with_the_building_on_it_and_nothing_to_complain_of(browser, house):
    assert browser.title == "Small house"
    assert text(browser, "h1") == "Small house"
    assert text(browser, "#people") == "2 / 20"
    assert text(browser, f"{STREET} .word") == "locked"
    assert attribute(browser, "[data-room=booth] .sign", "data-on-air") == "off"
    assert text(browser, "#hint code") == "natoma-sim tap --door street"
    assert "Broker" in text(browser, "#health")
    assert len(text(browser, "#clock")) == 5
    assert complaints(browser) == []


def test_a_door_that_opens_is_open_on_the_plan_within_a_second(browser, house):
    for state, word in [("released", "released"), ("open", "open"), ("held", "held open"), ("locked", "locked")]:
        house.put("door", "street", door(state=state))
        took = eventually(lambda word=word: text(browser, f"{STREET} .word") == word, f"the door is {word}")

        assert took < 1.0
        assert word in attribute(browser, STREET, "aria-label")
        assert word in text(browser, "[data-list=doors] [data-id=street]")


def test_a_forced_door_is_the_verdict_the_title_and_is_said_aloud(browser, house):
    house.put("door", "street", door(state="forced", alarm="forced"))

    eventually(lambda: text(browser, "#verdict .sentence") == "Street door is forced open", "the verdict")
    eventually(lambda: text(browser, "#announcer") == "Street door is forced open", "it is announced")
    assert "Street door is forced open" in browser.title
    assert text(browser, "[role=tab] .count") == "Street door is forced open"


def test_open_alarms_stand_above_everything_until_they_are_dealt_with(browser, house):
    assert not shown(browser, "#alarms")

    house.put("alarm", "k7m2qx", alarm(count=3))
    eventually(lambda: shown(browser, "#alarms"), "the band of alarms")
    assert text(browser, "#alarms [data-id=k7m2qx] .text") == "Street door was forced open"
    assert "3 times" in text(browser, "#alarms .why")
    house.put("alarm", "k7m2qx", alarm(state="acknowledged", by="Dana", note="on my way"))
    eventually(lambda: "Dana sees to it: on my way" in text(browser, "#alarms .why"), "who sees to it")
    house.put("alarm", "k7m2qx", alarm(state="cleared", cleared_at=NOON.isoformat()))
    eventually(lambda: "nobody has acknowledged it" in text(browser, "#alarms .why"), "that nobody has looked")
    browser.find_element(By.CSS_SELECTOR, "#alarms button").click()
    eventually(lambda: text(browser, "#card h3") == "Street door", "the door it is about")

    house.forget("alarm", "k7m2qx")
    eventually(lambda: not shown(browser, "#alarms"), "the band is gone")
    assert complaints(browser) == []


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"state": "lock_fault", "alarm": "lock_fault"}, "The lock of Street door is stuck"),
        ({"state": "ajar", "alarm": "ajar"}, "Street door is closed and not locked"),
        ({"alarm": "exit_button_stuck"}, "The exit button of Street door is stuck"),
    ],
    ids=["lock fault", "ajar", "exit button"],
)
def test_what_is_wrong_with_a_door_is_the_verdict(browser, house, changes, sentence):
    house.put("door", "street", door(**changes))

    eventually(lambda: text(browser, "#verdict .sentence") == sentence, "the verdict")


def test_a_door_whose_unit_is_lost_is_not_shown_as_locked(browser, house):
    house.put("door", "street", door(device="lost"))

    eventually(lambda: text(browser, f"{STREET} .word") == "offline", "the door is offline")
    assert attribute(browser, STREET, "data-tone") == "unknown"


@pytest.mark.parametrize(
    ("light", "sign"),
    [("on", "ON AIR"), ("requested", "ON AIR…"), ("unknown", "ON AIR ?"), (None, "ON AIR ?")],
    ids=str,
)
def test_the_booth_is_on_air_only_when_its_light_says_so(browser, house, light, sign):
    house.put("room", "booth", room("booth", kind="booth", on_air=light))

    eventually(lambda: text(browser, ".sign text") == sign, f"the sign reads {sign}")
    assert (attribute(browser, ".sign", "data-on-air") == "on") is (light == "on")


def test_a_stuffy_room_says_so_in_a_word_and_a_silent_one_has_no_numbers(browser, house):
    house.put("room", "lobby", room(air="stuffy", co2=1240))
    eventually(lambda: "stuffy" in text(browser, ".room[data-room=lobby]"), "the room is stuffy")

    house.put("room", "lobby", room(sensor="silent", temperature=None, co2=None))
    eventually(lambda: "Sensor silent" in text(browser, ".room[data-room=lobby]"), "the sensor is silent")
    assert "stuffy" not in text(browser, ".room[data-room=lobby]")


def test_the_list_says_what_is_the_matter_with_a_room_and_since_when(browser, house):
    row = "[data-list=rooms] [data-id=lobby]"
    since = "2026-05-04T12:00:00+00:00"
    house.put("room", "lobby", room(air="stuffy", air_since=since, since=since, in_use_unchecked=True))
    eventually(lambda: "not well ventilated" in text(browser, row), "the air of the lobby")
    assert "in use, not checked in" in text(browser, row)
    assert attribute(browser, f"{row} [data-flag=stuffy]", "title").startswith("since ")
    assert attribute(browser, f"{row} td[data-at]", "data-at") == since

    quiet = {"for": "Podcast booth", "until": "2026-05-04T13:00:00+00:00"}
    house.put("room", "lobby", room(status="booked", sensor="silent", silent_since=since, quiet_please=quiet))
    eventually(lambda: "sensor silent" in text(browser, row), "a booked room whose sensor is silent")
    assert "Booked" in text(browser, row)
    assert "quiet, please" in text(browser, row)


NEVER_SEEN = {"sensor": "never_seen", "has_sensor": True, "status": "free", "measured_at": None}


def test_a_room_never_heard_of_is_not_known_and_one_without_a_sensor_says_that(browser, house):
    house.put("room", "lobby", room(**NEVER_SEEN))
    eventually(lambda: "Not known" in text(browser, ".room[data-room=lobby]"), "the lobby is not known")
    assert "Free" not in text(browser, ".room[data-room=lobby]")
    assert "Not known" in text(browser, "[data-list=rooms] [data-id=lobby]")

    house.put("room", "lobby", room(**NEVER_SEEN | {"has_sensor": False}))
    eventually(lambda: "No sensor" in text(browser, ".room[data-room=lobby]"), "the lobby has no sensor")
    assert "Free" not in text(browser, ".room[data-room=lobby]")


def test_a_floor_is_empty_only_when_every_room_on_it_is_heard(browser, house):
    booth = {"kind": "booth", "status": "free", "on_air": "off"}
    count = "[role=tab] .count"

    house.put("room", "lobby", room(status="free"))
    eventually(lambda: text(browser, count) == "empty", "live sensors say so")
    house.put("room", "lobby", room(status="free", sensor="silent"))
    eventually(lambda: text(browser, count) == "0 in use · 1 not known", "one has fallen silent")
    house.put("room", "booth", room("booth", **booth | NEVER_SEEN))
    eventually(lambda: text(browser, count) == "not known", "nothing is heard")
    assert text(browser, "#verdict .more") == "2 doors · rooms not known"
    house.put("room", "lobby", room())
    eventually(lambda: text(browser, count) == "1 in use · 1 not known", "one is heard again")


def three_floors() -> Space:
    """The small house under a floor with two doors, and under one with none."""
    space = two_rooms()
    square = ((0, 0), (10, 0), (10, 8), (0, 8))
    library, attic = AreaId("library"), AreaId("attic")
    first, second = FloorId("first"), FloorId("second")
    more = {
        DoorId(id): Door(DoorId(id), id, LOBBY, library, at, first, DeviceId(f"door-{id}"))
        for id, at in (("east", (10, 4)), ("west", (0, 4)))
    }
    return replace(
        space,
        floors=space.floors | {first: Floor(first, "First floor", 10, 8), second: Floor(second, "Second floor", 10, 8)},
        areas=space.areas
        | {
            library: Area(library, "Library", first, square, room=Room(RoomKind.OPEN_SPACE, seats=6)),
            attic: Area(attic, "Attic", second, square, room=Room(RoomKind.OPEN_SPACE, seats=6)),
        },
        doors=space.doors | more,
    )


def test_each_floor_counts_its_own_silent_doors_and_calls_no_unheard_floor_empty(browser, house):
    port = int(house.site.url.rsplit(":", 1)[1].strip("/"))
    house.stop()
    house.site = Site(space=three_floors())
    house.site.fill()
    for id in ("street", "east", "west"):
        house.site.feed.put("door", id, door(id, state="unknown", device="never_seen"))
    for id, floor in (("library", "first"), ("attic", "second")):
        house.site.feed.put("room", id, room(id, floor=floor, **NEVER_SEEN))
    house.start(port)
    browser.get(house.site.url)

    eventually(lambda: text(browser, "#verdict .sentence") == "3 doors do not answer", "the whole house")
    assert {tab: text(browser, f"#tab-{tab} .count") for tab in ("ground", "first", "second")} == {
        "ground": "Street door does not answer",
        "first": "2 doors do not answer",
        "second": "not known",
    }


@pytest.mark.parametrize(("width", "height"), [(1440, 900), (1000, 800), (390, 844)])
def test_the_document_is_no_taller_than_what_it_shows_however_much_has_happened(browser, house, width, height):
    resize(browser, width, height, mobile=width < 720)
    for position in range(200):
        house.tell(fact(position, text=f"fact {position}"))
    eventually(lambda: text(browser, "#facts li:first-child .text") == "fact 199", "all of it is there")
    browser.refresh()  # drawn from the snapshot, no line is still sliding in
    eventually(lambda: text(browser, "#facts li:first-child .text") == "fact 199", "all of it is there again")
    if width < 720:
        browser.find_element(By.CSS_SELECTOR, ".views [data-view=stream]").click()

    tall, body = browser.execute_script(
        "return [document.documentElement.scrollHeight, document.body.getBoundingClientRect().bottom + scrollY]"
    )
    assert tall <= max(body, height) + 1
    browser.execute_script("scrollTo(0, 1e6)")
    assert browser.execute_script("return scrollY") <= max(body - height, 0) + 1, "no scroll leads to a blank screen"


def test_facts_come_newest_first_with_their_reason_and_can_be_filtered(browser, house):
    house.tell(fact(1))
    house.tell(fact(2, text="A badge was refused", kind="entry_denied", tone="bad", why="nobody holds this badge"))
    eventually(lambda: text(browser, "#facts li:first-child .text") == "A badge was refused", "the newest is on top")

    assert text(browser, "#facts li:first-child .why") == "nobody holds this badge"
    browser.find_element(By.CSS_SELECTOR, "[data-filter=refused]").click()
    assert browser.execute_script("return document.querySelectorAll('#facts li').length") == 1
    browser.find_element(By.CSS_SELECTOR, "[data-filter=alarm]").click()
    assert shown(browser, "#facts-empty")


def test_the_stream_of_facts_can_be_held_still(browser, house):
    house.tell(fact(1, text="first"))
    eventually(lambda: text(browser, "#facts li:first-child .text") == "first", "the first is there")
    browser.find_element(By.ID, "pause").click()
    house.tell(fact(2, text="second"))

    eventually(lambda: text(browser, "#pause") == "Resume · 1 new", "it counts what waits")
    assert text(browser, "#facts li:first-child .text") == "first"
    browser.find_element(By.ID, "pause").click()
    assert text(browser, "#facts li:first-child .text") == "second"


def test_hostile_names_are_shown_as_text_and_nothing_more(browser, house):
    house.put("door", "street", door(name=HOSTILE, state="forced"))
    house.put("room", "lobby", room(name=HOSTILE, air="stuffy"))
    house.put("health", HOSTILE, {"name": HOSTILE, "ok": False, "text": HOSTILE, "since": "", "figures": {}})
    house.tell(fact(1, text=HOSTILE, why=HOSTILE))

    eventually(lambda: text(browser, "#facts li:first-child .text") == HOSTILE, "the fact is text")
    browser.find_element(By.CSS_SELECTOR, "[data-list=doors] [data-id=street] button").click()
    assert text(browser, "#card h3") == HOSTILE
    assert browser.execute_script("return window.hacked") is None
    assert browser.execute_script("return document.images.length") == 1  # our own mark
    assert complaints(browser) == []


def test_the_card_of_a_door_opens_and_closes_by_keyboard_alone(browser, house):
    browser.execute_script("document.querySelector('.floor-panel [tabindex=\"0\"]').focus()")
    for _ in range(4):
        if browser.switch_to.active_element.get_attribute("data-door") == "street":
            break
        ActionChains(browser).send_keys(Keys.ARROW_DOWN).perform()
    ActionChains(browser).send_keys(Keys.ENTER).perform()

    assert shown(browser, "#card")
    assert text(browser, "#card h3") == "Street door"
    assert "outside → Lobby" in text(browser, "#card dl")
    assert "it has not taken the newest" in text(browser, "#card dl")
    assert "ago" in text(browser, "#card dl") or "just now" in text(browser, "#card dl")
    ActionChains(browser).send_keys(Keys.ESCAPE).perform()
    assert not shown(browser, "#card")
    assert browser.switch_to.active_element.get_attribute("data-door") == "street", "focus is back where it was"


def test_pointing_at_a_room_shows_its_card_and_leaving_hides_it(browser, house):
    ActionChains(browser).move_to_element(
        browser.find_element(By.CSS_SELECTOR, ".room[data-room=lobby] .name")
    ).perform()
    eventually(lambda: text(browser, "#card h3") == "Lobby" and shown(browser, "#card"), "the card of the lobby")

    ActionChains(browser).move_to_element(browser.find_element(By.TAG_NAME, "h1")).perform()
    eventually(lambda: not shown(browser, "#card"), "the card is gone")


def test_a_lost_stream_shows_a_banner_greys_what_is_old_and_coming_back_clears_both(browser, house):
    port = int(house.site.url.rsplit(":", 1)[1].strip("/"))
    house.stop()
    eventually(lambda: shown(browser, "#banner"), "the banner is there")
    assert "is lost" in text(browser, "#banner")
    eventually(lambda: attribute(browser, "body", "data-stale") is not None, "old values are greyed", within=15)
    assert text(browser, "#verdict .sentence") == "No news from the building", "nor is it called quiet any longer"
    house.site.feed.put("door", "street", door(state="open"))

    house.start(port)

    eventually(lambda: not shown(browser, "#banner"), "the banner is gone", within=15)
    eventually(lambda: attribute(browser, "body", "data-stale") is None, "nothing is greyed")
    eventually(lambda: text(browser, f"{STREET} .word") == "open", "what changed meanwhile is shown")
    assert text(browser, "#verdict .sentence") == "All doors are quiet"
    browser.get_log("browser")  # the refused connections were meant


def test_a_stream_that_only_looks_alive_is_grey_after_ten_seconds(browser, house):
    port = int(house.site.url.rsplit(":", 1)[1].strip("/"))
    house.stop()
    house.site = Site(options={"heartbeat_s": 600.0})
    house.site.fill()
    house.start(port)
    browser.get(house.site.url)
    eventually(lambda: text(browser, "#verdict .sentence") == "All doors are quiet", "the page shows the building")
    browser.execute_script("""
        window.seenStale = false;
        new MutationObserver(() => (window.seenStale ||= document.body.hasAttribute("data-stale")))
            .observe(document.body, { attributes: true });
        for (const clock of [performance, Date]) {
            const real = clock.now.bind(clock);
            clock.now = () => real() + 10_000;
        }
    """)

    eventually(lambda: browser.execute_script("return window.seenStale"), "old values are greyed")


def test_a_service_that_starts_anew_is_followed_from_its_own_beginning(browser, house):
    port = int(house.site.url.rsplit(":", 1)[1].strip("/"))
    house.stop()
    house.site = Site()
    house.site.fill()
    house.site.feed.put("door", "street", door(state="held"))

    house.start(port)

    eventually(lambda: text(browser, f"{STREET} .word") == "held open", "the new life of the service", within=15)
    browser.get_log("browser")


def test_a_new_version_of_the_space_brings_its_own_plan_once(browser, house):
    browser.execute_script("window.before = true")
    house.put("space", "", {"name": "Small house", "zone": "America/Los_Angeles", "people_in": 3, "version": "v2"})

    eventually(lambda: browser.execute_script("return window.before") is None, "the page is fetched anew")
    eventually(lambda: text(browser, "#people") == "3", "and lives")
    browser.execute_script("window.before = true")
    house.put("space", "", {"name": "Small house", "zone": "America/Los_Angeles", "people_in": 4, "version": "v2"})
    eventually(lambda: text(browser, "#people") == "4", "the count moves")
    assert browser.execute_script("return window.before") is True, "a server that stays behind is not asked for ever"


def test_on_a_phone_the_list_comes_first_and_nothing_is_wider_than_the_screen(browser, house):
    resize(browser, 390, 844, mobile=True)
    eventually(lambda: shown(browser, "#lists") and not shown(browser, "#building"), "the list alone")

    assert browser.execute_script("return document.documentElement.scrollWidth") <= 390
    browser.find_element(By.CSS_SELECTOR, ".views [data-view=plan]").click()
    assert shown(browser, "#building")
    browser.find_element(By.CSS_SELECTOR, ".views [data-view=stream]").click()
    assert shown(browser, "#stream")
    assert not shown(browser, "#building")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_text_has_enough_contrast(browser, house, scheme):
    emulate(browser, prefers_color_scheme=scheme, prefers_reduced_motion="reduce")
    house.put("door", "street", door(state="held", alarm="held"))
    house.put("door", "booth", door("booth", state="forced", alarm="forced"))
    house.put("room", "lobby", room(air="stuffy"))
    house.tell(fact(1, tone="bad", kind="entry_denied"))
    house.tell(fact(2, tone="alarm", kind="door_forced"))
    house.put("health", "event log", {"name": "event log", "ok": False, "text": "full", "since": "", "figures": {}})
    eventually(lambda: text(browser, "#verdict .sentence") == "Booth door is forced open", "the page is busy")

    assert json.loads(browser.execute_script(_CONTRAST)) == []
    browser.execute_script("document.documentElement.style.setProperty('--muted', '#8a8a8a50')")
    assert json.loads(browser.execute_script(_CONTRAST)) != [], "the measure itself can fail"


def test_every_control_is_named_and_large_enough_to_hit(browser, house):
    house.tell(fact(1))
    eventually(lambda: text(browser, "#facts li:first-child .text"), "a fact is there")
    found = browser.execute_script(
        """return [...document.querySelectorAll("button, [role=button], [role=tab], a[href]")]
        .filter((e) => e.checkVisibility() && !e.classList.contains("skip"))
        .map((e) => [(e.getAttribute("aria-label") || e.textContent).trim(), e.getBoundingClientRect()])
        .filter(([name, box]) => !name || box.height < 23.5 || box.width < 23.5)
        .map(([name, box]) => `${name || "unnamed"} ${box.width}x${box.height}`)"""
    )

    assert found == []


# Every visible text against the first opaque background behind it, by the formula of WCAG 2.2 (4.5, or 3 when large).
_CONTRAST = """
const canvas = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
const rgba = (color) => {
  canvas.clearRect(0, 0, 1, 1); canvas.fillStyle = color; canvas.fillRect(0, 0, 1, 1);
  return [...canvas.getImageData(0, 0, 1, 1).data];
};
const light = (c) => { c /= 255; return c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4; };
const luminance = ([r, g, b]) => 0.2126 * light(r) + 0.7152 * light(g) + 0.0722 * light(b);
const over = (top, below) => top.slice(0, 3).map((c, i) => (c * top[3] + below[i] * (255 - top[3])) / 255);
const behind = (element) => {
  const layers = [];
  if (element.ownerSVGElement) {
    const box = element.getBoundingClientRect();
    const area = [...element.ownerSVGElement.querySelectorAll(".floor, .sign rect")].reverse()
      .find((shape) => { const b = shape.getBoundingClientRect();
        const x = box.x + box.width / 2, y = box.y + box.height / 2;
        return b.left <= x && x <= b.right && b.top <= y && y <= b.bottom; });
    const sign = element.closest(".sign");
    const shape = sign ? sign.querySelector("rect") : area;
    if (shape) layers.push(rgba(getComputedStyle(shape).fill));
    element = element.ownerSVGElement;
  }
  for (let at = element; at; at = at.parentElement) layers.push(rgba(getComputedStyle(at).backgroundColor));
  return layers.reverse().reduce((below, layer) => over(layer, below), [255, 255, 255]);
};
const weak = [];
for (const element of document.querySelectorAll("body *")) {
  const own = [...element.childNodes].some((node) => node.nodeType === 3 && node.data.trim());
  if (!own || !element.checkVisibility({ opacityProperty: true }) || element.closest(".sr-only, .skip, noscript")) continue;
  const style = getComputedStyle(element);
  const back = behind(element);
  const front = over(rgba(element.ownerSVGElement ? style.fill : style.color), back);
  const [high, low] = [luminance(front), luminance(back)].sort((a, b) => b - a);
  const ratio = (high + 0.05) / (low + 0.05);
  const size = parseFloat(style.fontSize);
  const large = size >= 24 || (size >= 18.66 && style.fontWeight >= 700);
  if (ratio < (large ? 3 : 4.5)) weak.push(`${element.textContent.trim().slice(0, 30)} ${ratio.toFixed(2)}`);
}
return JSON.stringify([...new Set(weak)]);
"""
