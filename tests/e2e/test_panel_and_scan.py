"""A room's panel, scanning and the public page in a real browser, against the real controller."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys

from tests.support.audit import barriers
from tests.support.browser import chromium, complaints, emulate, eventually, resize
from tests.support.panel_house import SMALL, TALK, PanelHouse, panel_house

pytestmark = [pytest.mark.browser, pytest.mark.broker]


@pytest.fixture(scope="module")
def house(tmp_path_factory) -> Iterator[PanelHouse]:
    with panel_house(tmp_path_factory.mktemp("panel-house")) as house:
        yield house


@pytest.fixture(scope="module")
def browser(tmp_path_factory):
    with chromium(tmp_path_factory.mktemp("profile"), width=1280, height=800) as driver:
        driver.execute_cdp_cmd("Network.enable", {})
        yield driver


@pytest.fixture(autouse=True)
def as_usual(browser):
    """Each test finds the browser as a person would: in colour, with a network, at a tablet's size."""
    yield
    connected(browser, True)
    emulate(browser)
    resize(browser, 1280, 800)


def connected(browser, is_so: bool) -> None:
    limits = {"offline": not is_so, "latency": 0, "downloadThroughput": -1, "uploadThroughput": -1}
    browser.execute_cdp_cmd("Network.emulateNetworkConditions", limits)


def text(browser, selector: str) -> str:
    return browser.execute_script("return document.querySelector(arguments[0])?.innerText.trim() ?? ''", selector)


def tone(browser) -> str:
    return browser.execute_script("return document.body.dataset.tone")


def open_panel(browser, house: PanelHouse, room: str, lang: str = "en") -> None:
    browser.get("about:blank")  # or another fragment of the same address would load nothing
    browser.get(f"{house.url}panel/{room}?lang={lang}#token={house.secrets[room]}")
    eventually(lambda: text(browser, "#room") == room.title(), "the panel shows its room")


def tap(browser, label: str) -> None:
    """The button of this label, as soon as it can be tapped; one that is drawn anew meanwhile is looked for again."""
    wanted = f"//button[normalize-space()='{label}']"

    def is_tapped() -> bool:
        button = browser.find_element(By.XPATH, wanted)
        if not (button.is_enabled() and button.is_displayed()):
            return False
        button.click()
        return True

    eventually(is_tapped, f"button {label!r}")


def says_who(browser, name: str) -> None:
    browser.find_element(By.ID, "who-name").send_keys(name, Keys.ENTER)


# --- the panel --------------------------------------------------------------------------------------------------------


def test_whoever_stands_there_books_stays_longer_and_ends(browser, house):
    open_panel(browser, house, "study")
    assert (tone(browser), text(browser, "#word")) == ("free", "Free")

    tap(browser, "30 min")
    says_who(browser, "alice arnaud")
    eventually(lambda: tone(browser) == "busy", "the room is in use")
    [booking] = house.bookings("study")
    length = datetime.fromisoformat(booking["end"]) - datetime.fromisoformat(booking["start"])
    assert (booking["owner"], length, booking["checked_in_at"] is not None) == ("alice", timedelta(minutes=30), True)
    assert text(browser, "#word") == "In use"

    tap(browser, "+ 15 min")
    eventually(lambda: house.bookings("study")[0]["end"] != booking["end"], "the booking is longer")
    tap(browser, "End now")
    assert house.bookings("study"), "one tap ends nothing"
    tap(browser, "Tap again to end")
    eventually(lambda: tone(browser) == "free", "the room is free again")
    assert complaints(browser) == []


def test_the_token_is_in_no_address_and_stays_in_the_browser(browser, house):
    open_panel(browser, house, "study")
    address = browser.current_url
    browser.get(f"{house.url}panel/study")

    assert "token" not in address
    eventually(lambda: text(browser, "#room") == "Study", "it needs the token once")
    assert house.secrets["study"] not in house.controller.log


def test_whoever_has_booked_checks_in_at_the_panel(browser, house):
    start = datetime.now(UTC).replace(second=0, microsecond=0) + timedelta(minutes=5)
    wish = {"room": "salon", "start": start.isoformat(), "end": (start + timedelta(minutes=45)).isoformat()}
    made = house.ask("/bookings", wish)
    open_panel(browser, house, "salon")
    tap(browser, "I am here")

    eventually(lambda: house.ask(f"/bookings/{made['id']}")["checked_in_at"] is not None, "the booking is checked in")


def test_a_name_that_cannot_book_is_told_nothing_about_and_the_dialog_waits(browser, house):
    open_panel(browser, house, "attic")
    tap(browser, "15 min")
    says_who(browser, "Nobody Atall")
    eventually(lambda: "Nobody of that name can book here now" in text(browser, "#who-why"), "it says so")
    stays = browser.execute_script("return document.querySelector('#who').open")
    hera = house.ask_panel("attic", "Hera Host")

    assert (stays, house.bookings("attic")) == (True, [])
    assert hera["detail"] == "Nobody of that name can book this room now: look at the spelling, or ask at the desk."


def test_it_is_worked_without_a_finger(browser, house):
    open_panel(browser, house, "attic")
    eventually(lambda: "15 min" in text(browser, "#book"), "there is something to book")
    body = browser.find_element(By.TAG_NAME, "body")
    body.send_keys(Keys.TAB)
    reached = browser.switch_to.active_element.text
    browser.switch_to.active_element.send_keys(Keys.ENTER)
    inside = browser.switch_to.active_element.get_attribute("id")
    browser.switch_to.active_element.send_keys(Keys.ESCAPE)

    assert (reached, inside) == ("15 min", "who-name")
    assert browser.switch_to.active_element.text == "15 min"


def test_whoever_booked_without_a_finger_goes_on_from_the_rooms_word(browser, house):
    open_panel(browser, house, "library")
    eventually(lambda: "15 min" in text(browser, "#book"), "there is something to book")
    browser.find_element(By.XPATH, "//button[normalize-space()='15 min']").send_keys(Keys.ENTER)
    says_who(browser, "alice")
    eventually(lambda: tone(browser) == "busy", "the room is in use")
    eventually(lambda: not browser.execute_script("return document.querySelector('#who').open"), "the dialog closes")
    focused = browser.switch_to.active_element.get_attribute("id")
    browser.switch_to.active_element.send_keys(Keys.TAB)

    assert focused == "now"
    assert browser.switch_to.active_element.text == "+ 15 min"


def test_a_figure_is_written_as_the_language_writes_it(browser, house):
    said = []
    for lang in ("en", "fr"):
        browser.get(f"{house.url}panel/nowhere?lang={lang}")
        address = browser.execute_script("return document.querySelector('script').src")
        script = (
            "import(arguments[0]).then((it) => arguments[1](it.number(20.3)), (error) => arguments[1](String(error)))"
        )
        said.append(browser.execute_async_script(script, address.replace("panel/main.js", "kiosk/screen.js")))

    assert said == ["20.3", "20,3"]


def test_a_panel_that_has_lost_the_house_says_so_and_offers_nothing(browser, house):
    open_panel(browser, house, "attic")
    connected(browser, False)
    browser.execute_script("const real = Date.now; Date.now = () => real() + 11000")
    eventually(lambda: "No connection since" in text(browser, "#lost"), "the banner")

    assert browser.execute_script("return document.body.hasAttribute('data-stale')")
    assert not any(button.is_enabled() for button in browser.find_elements(By.CSS_SELECTOR, "#actions button"))
    assert browser.find_element(By.ID, "face").is_displayed()


def test_in_french_by_its_address(browser, house):
    open_panel(browser, house, "attic", lang="fr")

    assert (text(browser, "#word"), browser.title) == ("Libre", "Attic: Libre")
    assert "Réserver maintenant" in text(browser, "#actions")


def test_a_token_of_another_room_is_asked_for_anew(browser, house):
    browser.get(f"{house.url}panel/cellar#token={house.secrets['attic']}")

    eventually(lambda: "not good any more" in text(browser, "#setup-why"), "it says that the token is wrong")
    assert "natoma token create panel-cellar --scope panel --room cellar" in text(browser, "#setup-command")
    browser.find_element(By.ID, "setup-token").send_keys(house.secrets["cellar"], Keys.ENTER)
    eventually(lambda: text(browser, "#room") == "Cellar", "a good one is taken")


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", [(1280, 800), (800, 480), (390, 844)], ids=["tablet", "small tablet", "phone"])
def test_nobody_is_kept_from_the_panel_by_its_looks(browser, house, scheme, size):
    emulate(browser, prefers_color_scheme=scheme, prefers_reduced_motion="reduce")
    resize(browser, *size)
    open_panel(browser, house, "attic")
    eventually(lambda: "15 min" in text(browser, "#book"), "it is drawn")
    found = {}
    for colour in ("free", "booked", "busy", "air", "unsure", "closed", "unknown"):
        browser.execute_script("document.body.dataset.tone = arguments[0]", colour)
        found[colour] = barriers(browser)
    tap(browser, "15 min")
    found["dialog"] = barriers(browser)
    browser.execute_script("document.querySelector('#who').close()")
    fits = browser.execute_script("return document.documentElement.scrollHeight <= innerHeight + 1")

    assert found == {looks: [] for looks in found}
    assert fits, "a screen on a wall is not scrolled"


# --- scanning ---------------------------------------------------------------------------------------------------------


def open_scanner(browser, house: PanelHouse, event: str) -> None:
    browser.get("about:blank")
    browser.get(f"{house.url}scan?lang=en#token={house.secrets['scan']}")
    eventually(lambda: "inside" in text(browser, "#heads"), "the scanner knows its events")
    browser.execute_script(
        "const it = document.querySelector('#event'); it.value = arguments[0]; it.dispatchEvent(new Event('change'))",
        event,
    )


def scan(browser, code: str) -> None:
    browser.find_element(By.ID, "code").send_keys(code, Keys.ENTER)


def answered(browser, word: str) -> None:
    eventually(lambda: text(browser, "#answer-word") == word, f"the answer {word!r}")


def test_a_ticket_is_let_in_once_and_again_after_it_left(browser, house):
    resize(browser, 390, 844, mobile=True)
    open_scanner(browser, house, TALK)
    ticket = house.tickets[TALK][0]
    scan(browser, ticket)
    answered(browser, "Welcome")
    inside = text(browser, "#heads")
    scan(browser, ticket.lower())
    answered(browser, "Already inside")
    browser.find_element(By.CSS_SELECTOR, "[value=out]").click()
    scan(browser, ticket)
    answered(browser, "Goodbye")
    browser.find_element(By.CSS_SELECTOR, "[value=in]").click()
    scan(browser, ticket)
    answered(browser, "Welcome")

    assert inside == "1 of 40 inside"
    assert house.heads(TALK) == 1


def test_what_is_wrong_with_a_ticket_is_said_large_and_with_a_reason(browser, house):
    open_scanner(browser, house, SMALL)
    scan(browser, house.tickets[SMALL][0])
    answered(browser, "Welcome")
    for code, word, why in (
        (house.tickets[SMALL][1], "Full", "All places are taken"),
        (house.tickets[TALK][1], "Another event", "This ticket is for “The talk”."),
        ("HELLO", "No ticket of ours", "Nobody here knows this code"),
    ):
        scan(browser, code)
        answered(browser, word)
        assert why in text(browser, "#answer-why")


def test_scans_without_a_connection_are_kept_and_told_later_once(browser, house):
    open_scanner(browser, house, TALK)
    before = house.heads(TALK)
    connected(browser, False)
    for ticket in house.tickets[TALK][2:5]:
        scan(browser, ticket)
        answered(browser, "Not checked")
        eventually(lambda: "to be checked" in text(browser, "#waiting"), "it is kept")
    tap(browser, "Was not let in")  # the last of them
    connected(browser, True)
    eventually(lambda: text(browser, "#waiting") == "", "they are told")

    assert house.heads(TALK) == before + 2
    assert not browser.find_element(By.ID, "lost").is_displayed()


def test_what_was_not_checked_has_its_answer_as_soon_as_the_line_is_back(browser, house):
    open_scanner(browser, house, TALK)
    connected(browser, False)
    scan(browser, house.tickets[TALK][1])
    answered(browser, "Not checked")
    connected(browser, True)
    answered(browser, "Welcome")
    connected(browser, False)
    scan(browser, house.tickets[TALK][1])
    answered(browser, "Not checked")
    connected(browser, True)
    answered(browser, "Already inside")

    assert "Not checked" not in text(browser, "#answer")
    assert not browser.find_element(By.ID, "not-let-in").is_displayed()


# What a phone with a camera has, and this browser has not: it sees one ticket for as long as it looks.
_CAMERA = """
navigator.mediaDevices.getUserMedia = async () => document.createElement("canvas").captureStream();
HTMLVideoElement.prototype.play = async () => {};
window.BarcodeDetector = class {
  static async getSupportedFormats() { return ["qr_code"]; }
  async detect() { return [{ rawValue: "%s" }]; }
};
"""


def test_a_ticket_held_before_the_camera_is_one_ticket(browser, house):
    ticket = house.tickets[TALK][5]
    script = browser.execute_cdp_cmd("Page.addScriptToEvaluateOnNewDocument", {"source": _CAMERA % ticket})
    try:
        open_scanner(browser, house, TALK)
        tap(browser, "Use the camera")
        answered(browser, "Welcome")
        eventually(lambda: browser.find_element(By.ID, "eye").is_displayed(), "what it sees is shown")
        tap(browser, "Stop the camera")
    finally:
        browser.execute_cdp_cmd("Page.removeScriptToEvaluateOnNewDocument", {"identifier": script["identifier"]})

    assert len(browser.find_elements(By.CSS_SELECTOR, "#recent li")) == 1


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_nobody_is_kept_from_scanning_by_its_looks(browser, house, scheme):
    emulate(browser, prefers_color_scheme=scheme)
    resize(browser, 390, 844, mobile=True)
    open_scanner(browser, house, TALK)
    scan(browser, "HELLO")
    answered(browser, "No ticket of ours")
    found = {}
    for colour in ("good", "stop", "ask", "wait"):
        browser.execute_script("document.querySelector('#answer').dataset.tone = arguments[0]", colour)
        found[colour] = barriers(browser)

    assert found == {looks: [] for looks in found}


# --- the public page --------------------------------------------------------------------------------------------------


def test_coming_events_are_told_without_scripts(browser, house):
    browser.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": True})
    try:
        browser.get(f"{house.url}events")
        said = browser.find_element(By.TAG_NAME, "main").text
    finally:
        browser.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": False})

    assert "The talk" in said
    assert "34 seats left" in said
    assert "Full" in said
    assert "Hera" not in said


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_nobody_is_kept_from_the_events_by_their_looks(browser, house, scheme):
    emulate(browser, prefers_color_scheme=scheme)
    for width in (1280, 360):
        resize(browser, width, 800)
        browser.get(f"{house.url}events?lang=fr")
        assert barriers(browser) == []


def test_others_find_the_events_first_and_nothing_of_who_comes_and_goes(browser, house):
    browser.get(house.url)
    browser.get(f"{house.url}api/live")

    assert "There is no such" in text(browser, "body") or "404" in text(browser, "body")
    browser.get(house.url)
    assert browser.current_url == f"{house.url}events"


# --- what the scripts decide by themselves ----------------------------------------------------------------------------


def asked(browser, house: PanelHouse, module: str, expression: str, **given):
    """What a module of the page's own answers; `it` is the module, `given` by name."""
    browser.get(f"{house.url}panel/nowhere")
    address = browser.execute_script("return document.querySelector('script').src").replace("panel/main.js", module)
    script = f"""
        const [address, given, done] = arguments;
        const {{ {", ".join(given)} }} = given;
        import(address).then((it) => done({expression}), (error) => done(String(error)));
    """
    return browser.execute_async_script(script, address, given)


@pytest.mark.parametrize("page", ["panel", "scan"])
def test_both_languages_have_every_word_with_the_same_gaps(browser, house, page):
    tables = asked(browser, house, f"{page}/words.js", "it.TABLES")
    gaps = {
        lang: {key: sorted(re.findall(r"\{\w+\}", said)) for key, said in table.items()}
        for lang, table in tables.items()
    }

    assert gaps["en"] == gaps["fr"]
    assert all(said.strip() for table in tables.values() for said in table.values())


NOW = datetime(2026, 11, 23, 12, 0, 30, tzinfo=UTC)
STATE = {"status": "free", "until": None, "checked_in": None, "quiet_please": None, "on_air": None, "unavailable": None}


def moment(minutes: float) -> str:
    return (NOW.replace(second=0) + timedelta(minutes=minutes)).isoformat()


def booking(start: float, end: float, id: str = "b1") -> dict[str, object]:
    return {"id": id, "start": moment(start), "end": moment(end), "state": "booked"}


def seen(browser, house, state=None, *, bookings=(), free=(), offers=(), **room):
    said = {"name": "Study", "kind": "meeting", "bookable": True, "needs_approval": False, "buffer_minutes": 0, **room}
    whole = {
        "room": {**said, "state": {**STATE, **(state or {})}},
        "bookings": list(bookings),
        "free": [{"start": moment(start), "end": moment(end)} for start, end in free],
        "offers": list(offers),
        "now": NOW.timestamp() * 1000,
    }
    return asked(browser, house, "panel/face.js", "it.face(whole)", whole=whole)


def test_a_free_room_offers_what_fits_before_the_next_booking(browser, house):
    alone = seen(browser, house, free=[(0, 600)])
    narrow = seen(browser, house, bookings=[booking(45, 90)], free=[(0, 45)])
    closing = seen(browser, house, bookings=[booking(20, 90)], free=[(0, 20)])
    minutes = [[one["minutes"] for one in face["actions"]["book"]] for face in (alone, narrow, closing)]

    assert minutes == [[15, 30, 60], [15, 30, None], [15, None]]
    assert [one["end"] - one["start"] for one in narrow["actions"]["book"]] == [900_000, 1_800_000, 2_700_000]


def test_a_room_by_approval_is_not_booked_at_its_panel(browser, house):
    assert seen(browser, house, free=[(0, 600)], needs_approval=True)["actions"]["book"] == []


def test_a_booking_is_longer_only_as_far_as_the_next_and_the_clearing_up_before_it(browser, house):
    busy = {"status": "in_use", "checked_in": True}
    face = seen(browser, house, busy, bookings=[booking(-30, 30), booking(60, 90, "b2")], buffer_minutes=15)

    assert [one["minutes"] for one in face["actions"]["extend"]] == [15]
    assert (face["tone"], face["word"], face["lines"][0][0]) == ("busy", "in_use", "until")


def test_nobody_who_has_come_is_asked_for(browser, house):
    waits = seen(browser, house, {"status": "booked", "checked_in": False}, bookings=[booking(-5, 30)])
    early = seen(browser, house, bookings=[booking(9, 30)])
    too_early = seen(browser, house, bookings=[booking(12, 30)])

    assert (waits["actions"]["checkIn"], waits["lines"][1][0]) == ("b1", "nobody_yet")
    assert (early["actions"]["checkIn"], too_early["actions"]["checkIn"]) == ("b1", None)


def test_the_booth_is_on_air_only_by_its_lights_own_word(browser, house):
    def booth(on_air: str, wanted: bool):
        state = {"status": "in_use", "checked_in": True, "on_air": on_air, "on_air_wanted": wanted}
        face = seen(browser, house, state, bookings=[booking(-5, 30)], kind="booth")
        return face["tone"], face["actions"]["onAir"]["stop"], face["lines"][-1][0]

    assert booth("on", True) == ("air", True, "until")
    assert booth("requested", True) == ("busy", True, "air_waits")
    assert booth("ending", False) == ("busy", False, "air_ends")
    assert booth("unknown", True) == ("unsure", True, "air_unsure")
    assert booth("unknown", False) == ("busy", False, "air_unknown")
    assert booth("off", False) == ("busy", False, "until")


def test_an_event_is_shown_though_it_is_nobodys_booking(browser, house):
    span = {"start": moment(-10), "end": moment(20)}
    later = {"start": moment(30), "end": moment(50)}
    during = seen(
        browser, house, {"status": "in_use", "until": moment(20), "now": span, "next": later}, free=[(0, 600)]
    )
    before = seen(browser, house, {"until": moment(30), "next": later}, free=[(0, 600)])
    alone = seen(browser, house, {"status": "in_use"}, free=[(0, 600)])
    busy = seen(browser, house, {"status": "in_use", "checked_in": True, "next": later}, bookings=[booking(-30, 10)])

    assert [line[0] for line in during["lines"]] == ["until"]
    assert (during["actions"]["book"], during["next"]["start"]) == ([], before["next"]["start"])
    assert [one["minutes"] for one in before["actions"]["book"]] == [15, 30]
    assert [line[0] for line in alone["lines"]] == ["unbooked"]
    assert [one["minutes"] for one in busy["actions"]["extend"]] == [15]


def test_a_closed_room_and_one_without_news_offer_nothing(browser, house):
    fire = seen(browser, house, {"status": "unavailable", "unavailable": "fire"}, free=[(0, 60)])
    nothing = asked(browser, house, "panel/face.js", "it.face({ room: null, bookings: [], now: 0 })")

    assert (fire["tone"], fire["lines"], fire["actions"]) == ("closed", [["fire"]], {})
    assert (nothing["tone"], nothing["actions"]) == ("unknown", {})


def test_an_offer_is_shown_as_long_as_it_is_good(browser, house):
    offer = {"id": "w1", "state": "offered", "offered_until": moment(8), "start": moment(-5), "end": moment(60)}
    good = seen(browser, house, free=[(0, 60)], offers=[offer])
    lapsed = seen(browser, house, free=[(0, 60)], offers=[{**offer, "offered_until": moment(0)}])

    assert (good["actions"]["offer"]["id"], lapsed["actions"]["offer"]) == ("w1", None)
