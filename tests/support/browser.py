"""A real Chromium for the tests that look at the page as a person would."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from selenium import webdriver
from selenium.common.exceptions import StaleElementReferenceException, WebDriverException
from selenium.webdriver.chrome.service import Service

from tests.support.components import program

FLAGS = (
    "--headless=new",
    "--no-sandbox",  # tests run as root in containers
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-quic",
    "--no-first-run",
    # Without these it looks for its maker's servers at every start.
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)

# Runs before the page's own scripts: a violation of the content policy is kept where a test finds it.
_WITNESS = """
window.violations = [];
document.addEventListener("securitypolicyviolation", (event) =>
  window.violations.push(`${event.violatedDirective} ${event.blockedURI} ${event.sourceFile}`));
"""


@contextmanager
def chromium(profile: Path, *, width: int = 1280, height: int = 900) -> Iterator[webdriver.Chrome]:
    """A browser of its own, with an empty profile."""
    options = webdriver.ChromeOptions()
    options.binary_location = program("chromium")
    for flag in (*FLAGS, f"--user-data-dir={profile}", f"--window-size={width},{height}"):
        options.add_argument(flag)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    driver = webdriver.Chrome(options=options, service=Service(program("chromedriver")))
    try:
        driver.execute_cdp_cmd("Page.addScriptToEvaluateOnNewDocument", {"source": _WITNESS})
        resize(driver, width, height)
        yield driver
    finally:
        driver.quit()


def resize(driver: webdriver.Chrome, width: int, height: int, *, mobile: bool = False) -> None:
    driver.execute_cdp_cmd(
        "Emulation.setDeviceMetricsOverride",
        {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": mobile},
    )


def emulate(driver: webdriver.Chrome, **features: str) -> None:
    """A person's own preferences: prefers_color_scheme, prefers_reduced_motion, forced_colors."""
    wanted = [{"name": name.replace("_", "-"), "value": value} for name, value in features.items()]
    driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": wanted})
    # Until the page is drawn with them, half of its colours are of before.
    driver.execute_async_script(
        "const drawn = arguments[0]; requestAnimationFrame(() => requestAnimationFrame(drawn)); setTimeout(drawn, 300)"
    )


def eventually(holds: Callable[[], object], what: str, within: float = 10.0) -> float:
    """Wait until it holds; answers how many seconds that took."""
    began = time.monotonic()
    last: object = None
    while (passed := time.monotonic() - began) < within:
        try:
            last = holds()
            if last:
                return passed
        except (StaleElementReferenceException, WebDriverException) as error:
            last = error
        time.sleep(0.02)
    raise AssertionError(f"{what}: not within {within} s (last: {last!r})")


def complaints(driver: webdriver.Chrome) -> list[str]:
    """What the console and the content policy had to say."""
    logged = [entry["message"] for entry in driver.get_log("browser") if entry["level"] in ("SEVERE", "WARNING")]
    return logged + driver.execute_script("return window.violations")
