"""What was measured, as programs ask: lists beside each other, bounded, and of one room for a token of one room."""

from copy import copy
from datetime import timedelta
from typing import Any

from controller.domain.tokens import TokenScope
from controller.errors import StoreError
from controller.services.history.beyond import LongHistory
from controller.services.history.merging import KeptHere
from controller.services.history.ports import Points
from tests.support.api_site import ApiSite
from tests.support.memory_history import ArchiveAway
from tests.support.services import BOOTH

READ = TokenScope.TELEMETRY_READ
MINUTE_MS = 60_000


def measured(site: ApiSite, minutes: int = 90) -> int:
    """A value a minute up to now, of two rooms; answers when it began."""
    start = round((site.clock.now() - timedelta(minutes=minutes)).timestamp() * 1000)
    moments = [start + n * MINUTE_MS for n in range(minutes)]
    site.history.put("sensor-booth", "co2", [(at, 500.0 + n) for n, at in enumerate(moments)],
                     device_class="carbon_dioxide", unit="ppm", room="booth")  # fmt: skip
    site.history.put("sensor-booth", "present", [(at, n % 2 == 0) for n, at in enumerate(moments)], room="booth")
    site.history.put(
        "sensor-study", "co2", [(at, 400.0) for at in moments], device_class="carbon_dioxide", room="study"
    )
    return start


async def test_what_is_measured_is_listed_page_by_page() -> None:
    async with ApiSite().served() as site:
        measured(site)
        secret = await site.secret(READ)
        first = await site.tell("GET", "/telemetry/series", secret, limit="2")
        second = await site.tell("GET", "/telemetry/series", secret, limit="2", cursor=first.body["next"])

    co2 = {"device": "sensor-booth", "channel": "co2", "kind": "number", "class": "carbon_dioxide", "unit": "ppm"}
    assert first.body["items"][0] == {**co2, "room": "booth"}
    assert [one["device"] for one in first.body["items"] + second.body["items"]] == ["sensor-booth"] * 2 + [
        "sensor-study"
    ]
    assert second.body["next"] is None


async def test_the_newest_values_come_with_their_moment() -> None:
    async with ApiSite().served() as site:
        start = measured(site)
        told = await site.tell("GET", "/telemetry/last", await site.secret(READ), room="booth")

    assert [(one["series"]["channel"], one["value"]) for one in told.body["items"]] == [
        ("co2", 589.0),
        ("present", False),
    ]
    assert start > 0


async def test_points_are_asked_on_until_there_are_no_more_and_each_comes_once() -> None:
    async with ApiSite().served() as site:
        start = measured(site)
        secret = await site.secret(READ)
        asked: dict[str, Any] = {"device": "sensor-booth", "limit": "70"}
        first = await site.tell("GET", "/telemetry/points", secret, **asked, last="2h")
        asked["from"] = first.body["more_from"]
        second = await site.tell("GET", "/telemetry/points", secret, **asked)
        asked["from"] = second.body["more_from"]
        third = await site.tell("GET", "/telemetry/points", secret, **asked)

    pages = [first.body, second.body, third.body]
    moments = [
        at for page in pages for one in page["items"] if one["series"]["channel"] == "co2" for at in one["at_ms"]
    ]
    assert moments == [start + n * MINUTE_MS for n in range(90)]
    assert [sum(len(one["at_ms"]) for one in page["items"]) for page in pages] == [70, 70, 40]
    assert third.body["more_from"] is None
    assert third.body["items"][1]["values"][-2:] == [True, False]


async def test_steps_are_lists_beside_each_other() -> None:
    async with ApiSite().served() as site:
        measured(site)
        told = await site.tell(
            "GET", "/telemetry/steps", await site.secret(READ), room="booth", channel="co2", last="1h",
            step="30m",
        )  # fmt: skip

    (line,) = told.body["items"]
    assert (line["mean"], line["low"], line["high"], line["count"]) == (
        [544.5, 574.5],
        [530.0, 560.0],
        [559.0, 589.0],
        [30, 30],
    )
    assert told.body["step_s"] == 1800.0


async def test_a_token_of_one_room_is_told_of_no_other() -> None:
    async with ApiSite().served() as site:
        measured(site)
        secret = await site.secret(READ, room=BOOTH)
        series = await site.tell("GET", "/telemetry/series", secret)
        other = await site.tell("GET", "/telemetry/last", secret, room="study")
        device = await site.tell("GET", "/telemetry/points", secret, device="sensor-study")

    assert {one["room"] for one in series.body["items"]} == {"booth"}
    assert (other.status, other.problem) == (403, "other_room")
    assert (device.status, device.problem) == (422, "invalid")
    assert "study" not in device.body["detail"].replace("'sensor-study'", "")


async def test_what_cannot_be_answered_names_the_parameter_and_what_would_be_right() -> None:
    async with ApiSite().served() as site:
        measured(site)
        secret = await site.secret(READ)
        for asked, field, said in (
            ({"device": "sensor-boot"}, "device", "did you mean sensor-booth?"),
            ({"last": "10y", "step": "1s"}, "step", "20,000 are the most"),
            ({"last": "-1h"}, "last", "write it like 90s"),
            ({"from": "2099-01-01"}, "from", "still to come"),
            ({"from": "2026-01-02", "to": "2026-01-01T00:00:00Z"}, "to", "it begins only at"),
        ):
            told = await site.tell("GET", "/telemetry/steps", secret, **asked)  # type: ignore[arg-type]
            assert (told.status, told.body["fields"][0]["field"]) == (422, field), told
            assert said in told.body["detail"]


async def test_more_steps_than_an_answer_holds_are_refused() -> None:
    async with ApiSite().served() as site:
        for number in range(6):
            site.history.put(f"sensor-{number}", "co2", [(1_000, 400.0)])
        told = await site.tell("GET", "/telemetry/steps", await site.secret(READ), last="5d", step="25s")

    assert told.status == 422
    assert "are the most at once — name one device or channel" in told.body["detail"]


async def test_a_token_for_other_things_reads_nothing() -> None:
    async with ApiSite().served() as site:
        told = await site.tell("GET", "/telemetry/last", await site.secret(TokenScope.ROOMS_READ))

    assert (told.status, told.problem) == (403, "missing_scope")


async def test_a_store_that_cannot_be_read_is_not_said_to_be_written() -> None:
    async with ApiSite().served() as site:
        measured(site)

        async def broken(*_: object) -> list[Points]:
            raise StoreError("telemetry.db: disk I/O error")

        site.history.raw = broken  # type: ignore[method-assign]
        told = await site.tell("GET", "/telemetry/points", await site.secret(READ), device="sensor-booth")

    assert (told.status, told.body["detail"]) == (503, "It cannot be read now; try again.")


async def test_where_the_older_readings_are_away_a_program_is_told_what_it_may_ask_instead() -> None:
    async with ApiSite().served() as site:
        measured(site)
        kept_from = site.clock.now() - timedelta(days=7)
        long = LongHistory(copy(site.history), ArchiveAway(), lambda: KeptHere(kept_from, kept_from))
        for name in ("raw", "by_step", "counts_by_hour"):
            setattr(site.history, name, getattr(long, name))
        secret = await site.secret(READ)
        asked = {"device": "sensor-booth", "channel": "co2"}
        told = [
            await site.tell("GET", f"/telemetry/{what}", secret, **asked, last="30d") for what in ("points", "steps")
        ]
        within = await site.tell("GET", "/telemetry/points", secret, **asked, last="6d")

    for answer in told:
        assert (answer.status, answer.problem, answer.headers["Retry-After"]) == (503, "unavailable", "30")
        assert answer.body["detail"] == (
            "The database with the older readings does not answer now. What was measured since "
            "2026-11-16T12:00:00-08:00 is kept here (keep_telemetry): a span that begins then or later is answered."
        )
        assert "influx.local" not in str(answer.body)
    assert within.status == 200


async def test_a_parameter_nobody_knows_is_answered_with_names_that_may_be_written() -> None:
    async with ApiSite().served() as site:
        secret = await site.secret(READ)
        said = [
            (await site.tell("GET", "/telemetry/points", secret, **{name: "1"})).body["detail"]
            for name in ("since", "until", "device_class", "form", "devise", "xyz")
        ]

    assert said == [
        "since: is not known here — did you mean from?",
        "until: is not known here — did you mean to?",
        "device_class: is not known here — did you mean class?",
        "form: is not known here — did you mean from?",
        "devise: is not known here — did you mean device?",
        "xyz: is not known here — there is device, channel, room, class, from, to, last, limit",
    ]
