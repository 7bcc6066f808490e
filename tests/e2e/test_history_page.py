"""The history pages in a real browser: from the live page by keyboard alone, without scripts, on a phone."""

from dataclasses import replace

import pytest
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys

from controller.domain.building import Device, DeviceKind
from controller.domain.ids import DeviceId
from controller.services.history.desk import HistoryDesk
from tests.support.browser import chromium, complaints, eventually, resize
from tests.support.memory_history import MemoryHistory
from tests.support.site import BOOTH, NOON, Site, SiteInAThread, two_rooms

pytestmark = [pytest.mark.browser]

NOON_MS = round(NOON.timestamp() * 1000)


@pytest.fixture
def house():
    history = MemoryHistory()
    minutes = [n for n in range(1, 1440) if not 400 < n < 700]
    points = [(NOON_MS - n * 60_000, 500.0 + n % 90) for n in minutes]
    history.put("sensor", "co2", points, device_class="carbon_dioxide", unit="ppm", room="booth")
    huge = [1.7e308, 1.7e308, 1.7e308, -1.675e308]
    history.put("sensor", "huge", [(NOON_MS - n * 60_000, value) for n, value in enumerate(huge, 1)], room="booth")
    sensor = Device(DeviceId("sensor"), DeviceKind.SENSOR, area=BOOTH, every_s=60.0)
    space = replace(two_rooms(), devices={sensor.id: sensor})
    site = Site(space=space, options={"history": HistoryDesk(history, lambda: space, lambda: NOON)})
    site.fill()
    running = SiteInAThread(site)
    running.start()
    yield site
    running.stop()
    running.close()


def text(browser, selector: str) -> str:
    return browser.find_element(By.CSS_SELECTOR, selector).text


def focused(browser) -> str:
    return browser.execute_script("return document.activeElement.textContent.trim()")


def tab_to(browser, words: str) -> None:
    """Go on with the tabulator until there; a page that cannot be reached so is none for who has no mouse."""
    for _ in range(30):
        browser.switch_to.active_element.send_keys(Keys.TAB)
        if focused(browser) == words:
            return
    raise AssertionError(f"the tabulator never comes to {words!r}")


def test_a_rooms_history_is_reached_and_read_by_keyboard_and_on_a_phone(house, tmp_path):
    with chromium(tmp_path / "profile") as browser:
        browser.get(house.url)
        row = (By.CSS_SELECTOR, "#room-rows [data-id=booth] button")
        eventually(lambda: browser.find_elements(*row), "the booth is in the list")
        browser.find_element(*row).send_keys(Keys.ENTER)
        tab_to(browser, "What was measured here")
        browser.switch_to.active_element.send_keys(Keys.ENTER)
        eventually(lambda: browser.current_url.endswith("/history#room-booth"), "its history is open")

        tab_to(browser, "CO₂")
        browser.switch_to.active_element.send_keys(Keys.ENTER)
        eventually(lambda: text(browser, "h1") == "CO₂ Podcast booth", "the channel is open")
        chart = browser.find_element(By.CSS_SELECTOR, ".plot svg")
        line = browser.find_element(By.CSS_SELECTOR, ".plot .line").get_attribute("d")

        assert "590 ppm" not in text(browser, ".newest")
        assert chart.accessible_name == "CO₂, Sun 1 Mar 2026 12:00 to Mon 2 Mar 2026 12:00 " + text(browser, ".summary")
        assert chart.rect["width"] > 700
        assert line.count("M") == 2, "five hours without a reading are a gap"

        tab_to(browser, "The same as a table")
        browser.switch_to.active_element.send_keys(Keys.ENTER)
        rows = browser.find_elements(By.CSS_SELECTOR, ".plot tbody tr")
        assert rows[0].is_displayed()
        assert complaints(browser) == []

        resize(browser, 390, 844, mobile=True)
        browser.find_element(By.LINK_TEXT, "Week").click()
        eventually(lambda: "span=week" in browser.current_url, "the week is open")
        assert browser.execute_script("return document.documentElement.scrollWidth") == 390, "nothing sticks out"
        assert browser.find_element(By.CSS_SELECTOR, ".spans a").rect["height"] >= 44, "as large as a thumb"
        assert complaints(browser) == []

        resize(browser, 320, 700, mobile=True)
        browser.get(f"{house.url}history/sensor/huge?span=hour")
        browser.find_element(By.CSS_SELECTOR, ".plot details summary").click()
        wide = "const it = document.querySelector(arguments[0]); return [it.scrollWidth, it.clientWidth]"
        within, room = browser.execute_script(wide, ".plot .scroll")
        assert within <= room, "the table of the widest numbers is read without moving it"
        assert browser.execute_script("return document.documentElement.scrollWidth") == 320
        browser.get(f"{house.url}history")
        assert browser.execute_script("return document.documentElement.scrollWidth") == 320
