"""F22: a device falls silent and its will never comes: it is shown as silent with its age, and its alarms stay."""

import time

import pytest

from tests.e2e.faults.conftest import SteadyHouse
from tests.support.controller import eventually

pytestmark = [pytest.mark.broker, pytest.mark.xdist_group("steady-house")]

# Two cadences of 0.1 s and what is granted on top.
SILENT_AFTER_S = 10.2


async def test_a_silent_device_is_shown_so_and_what_it_alarmed_stays(steady: SteadyHouse):
    for device in ("sensor-silent", "door-vault"):
        steady.controller.wait_for_device(device, "silent")
    took = time.monotonic() - steady.silent_since

    assert took >= SILENT_AFTER_S
    eventually(lambda: steady.facts_about("sensor-silent", "device_lost"), "its silence in the log")
    assert [fact["detail"] for fact in steady.facts_about("sensor-silent", "device_lost")] == [{"state": "silent"}]
    (alarm,) = steady.alarms("tamper")
    assert (alarm["device"], alarm["state"], alarm["cleared_at"]) == ("door-vault", "raised", None)
    assert steady.controller.live()["doors"]["vault"]["contact"] == "unknown"
