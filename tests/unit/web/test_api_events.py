"""Public events, tickets, booths and people, as programs ask for them."""

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest

from controller.domain.holdings import Booking, EventEntry
from controller.domain.ids import BookingId, PersonId
from controller.domain.tokens import TokenScope
from controller.services.visitors.ticket_file import SIZE_LIMIT
from devices.messages import State
from tests.support.api_site import ApiSite, Told, at
from tests.support.services import LIGHT, LOBBY

READ, WRITE, SCAN = TokenScope.EVENTS_READ, TokenScope.EVENTS_WRITE, TokenScope.TICKETS_SCAN
BOOTH_READ, BOOTH_WRITE = TokenScope.BOOTH_READ, TokenScope.BOOTH_WRITE

NONCE = "0123456789abcdef"


def evening(**changes: object) -> dict[str, object]:
    plain = {"name": "Talk", "doors": ["street"], "start": at(18), "end": at(22), "capacity": 2}
    return {**plain, "id": "talk-1", **changes}


def all_of_it(**changes: object) -> dict[str, object]:
    return {name: value for name, value in evening(**changes).items() if name != "id"}


async def announced(site: ApiSite, **changes: object) -> str:
    secret = await site.secret(WRITE, SCAN, person="dana")
    answer = await site.tell("POST", "/events", secret, evening(**changes))
    assert answer.status == 201, answer
    return secret


async def ticket(site: ApiSite, secret: str, name: str = "Gus") -> dict[str, str]:
    answer = await site.tell("POST", "/events/talk-1/tickets", secret, {"guests": [{"name": name}]})
    assert answer.status == 201, answer
    return answer.body["items"][0]


async def scan(site: ApiSite, secret: str, token: str, nonce: str = NONCE, **more: object) -> Told:
    return await site.tell("POST", "/events/talk-1/scans", secret, {"token": token, "nonce": nonce, **more})


# --- events -----------------------------------------------------------------------------------------------------------


async def test_an_event_is_announced_and_told() -> None:
    async with ApiSite().served() as site:
        secret = await announced(site, is_public=True)
        one = await site.tell("GET", "/events/talk-1", secret)
        listed = await site.tell("GET", "/events", await site.secret(READ))

    assert (one.body["host"], one.body["room"], one.body["doors"]) == ("dana", "lobby", ["street"])
    assert (one.body["state"], one.body["entry"], one.body["is_public"]) == ("waits_for_its_host", "ticket", True)
    assert listed.body["items"] == [one.body]


async def test_an_id_is_announced_once_and_changed_after() -> None:
    async with ApiSite().served() as site:
        secret = await announced(site)
        again = await site.tell("POST", "/events", secret, evening())
        first = await site.tell("GET", "/events/talk-1", secret)
        read = {"If-Match": first.headers["ETag"] if "ETag" in first.headers else first.headers["Etag"]}
        larger = await site.tell("PUT", "/events/talk-1", secret, all_of_it(capacity=50), headers=read)
        behind = await site.tell("PUT", "/events/talk-1", secret, all_of_it(capacity=9), headers=read)
        unknown = await site.tell("PUT", "/events/talk-2", secret, all_of_it())

    assert (again.status, again.problem) == (409, "id_taken")
    assert (larger.status, larger.body["capacity"]) == (200, 50)
    assert (behind.status, unknown.status) == (412, 404)


@pytest.mark.parametrize(
    ("changes", "field", "said"),
    [
        ({"end": at(17)}, "end", "is not after"),
        ({"start": at(1), "end": at(2)}, "end", "is over"),
        ({"doors": ["attic"]}, "doors", "has no door 'attic'"),
        ({"doors": ["lab"]}, "doors", "is not a door to the street"),
        ({"host": "eve"}, "host", "nobody here is 'eve'"),
        ({"id": "Talk"}, "id", "expected small letters"),
        ({"capacity": 0}, "capacity", "0: expected 1 or more"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
async def test_what_is_not_right_about_an_event_is_named_by_its_field(changes: dict, field: str, said: str) -> None:
    async with ApiSite().served() as site:
        answer = await site.tell("POST", "/events", await site.secret(WRITE, person="dana"), evening(**changes))

    assert (answer.status, answer.problem) == (422, "invalid")
    assert [one["field"] for one in answer.body["fields"]] == [field]
    assert said in answer.body["fields"][0]["why"]
    assert "--" not in answer.body["detail"]


async def test_an_event_over_a_booking_is_announced_only_where_the_request_says_so() -> None:
    async with ApiSite().served() as site:
        secret = await site.secret(WRITE, person="dana")
        start, end = site.clock.now() + timedelta(hours=1), site.clock.now() + timedelta(hours=20)
        booked = Booking(BookingId("b-1"), LOBBY, start, end, PersonId("alice"))
        people = site.house.index.people
        site.house.index.load(replace(people, bookings={booked.id: booked}))
        refused = await site.tell("POST", "/events", secret, evening())
        done = await site.tell("POST", "/events", secret, evening(over_bookings=True))

    assert (refused.status, [one["field"] for one in refused.body["fields"]]) == (422, ["over_bookings"])
    assert "b-1" in refused.body["detail"]
    assert done.status == 201


async def test_an_event_that_was_ended_is_listed_with_the_past() -> None:
    async with ApiSite().served() as site:
        secret = await announced(site, entry=EventEntry.OPEN)
        ended = await site.tell("POST", "/events/talk-1/end", secret)
        again = await site.tell("POST", "/events/talk-1/end", secret)
        now = await site.tell("GET", "/events", secret)
        past = await site.tell("GET", "/events", secret, past="true")

    assert (ended.body["state"], again.problem) == ("over", "refused")
    assert (now.body["items"], [one["id"] for one in past.body["items"]]) == ([], ["talk-1"])


# --- tickets ----------------------------------------------------------------------------------------------------------


async def test_tickets_are_told_once_and_listed_without_their_tokens() -> None:
    async with ApiSite().served() as site:
        secret = await announced(site)
        guests = [{"name": "Gus", "email": "gus@example.org", "count": 2}, {"name": "Alice", "person": "alice"}]
        made = await site.tell("POST", "/events/talk-1/tickets", secret, {"guests": guests})
        listed = await site.tell("GET", "/events/talk-1/tickets", secret)
        reader = await site.tell("GET", "/events/talk-1/tickets", await site.secret(READ))

    assert len({one["token"] for one in made.body["items"]}) == 3
    assert "3 tickets now for 2 places" in made.body["said"][1]
    assert sorted(one["person"] or "" for one in listed.body["items"]) == ["", "", "alice"]
    assert not any(one["token"] in str(listed.body) for one in made.body["items"])
    assert reader.problem == "missing_scope", "names of visitors are for whoever keeps the event"


async def test_tickets_come_from_a_csv_or_none_does() -> None:
    async with ApiSite().served() as site:
        secret, where = await announced(site), "/events/talk-1/tickets/import"
        csv = {"Content-Type": "text/csv"}
        wrong = await site.tell("POST", where, secret, data=b"name,email\nGus,gus\nEva,\nEva,\n", headers=csv)
        latin = await site.tell("POST", where, secret, data="name\nJürgen".encode("latin-1"), headers=csv)
        empty = await site.tell("POST", where, secret, data=b"", headers=csv)
        json = await site.tell("POST", where, secret, {"guests": []})
        none = await site.tell("GET", "/events/talk-1/tickets", secret)
        right = await site.tell("POST", where, secret, data="name,email\nJürgen,j@example.org\n".encode(), headers=csv)

    assert wrong.problem == "refused"
    assert "the body:2: email:" in wrong.body["detail"].lower()
    assert "the body:4: name:" in wrong.body["detail"].lower()
    assert (latin.problem, empty.problem, json.status, none.body["items"]) == ("invalid", "refused", 415, [])
    assert [one["name"] for one in right.body["items"]] == ["Jürgen"]


async def test_a_csv_of_ten_megabytes_and_one_is_refused_with_the_limit() -> None:
    async with ApiSite().served() as site:
        secret = await announced(site)
        answer = await site.tell(
            "POST",
            "/events/talk-1/tickets/import",
            secret,
            data=b"a" * (10 * 1024 * 1024 + 1),
            headers={"Content-Type": "text/csv"},
        )

    assert (answer.status, answer.problem, answer.body["limit"]) == (413, "too_large", SIZE_LIMIT)
    assert "4 MiB" in answer.body["detail"]


async def test_a_ticket_is_taken_back() -> None:
    async with ApiSite().served() as site:
        secret = await announced(site)
        one = await ticket(site, secret)
        void = await site.tell("POST", f"/tickets/{one['id']}/void", secret)
        again = await site.tell("POST", f"/tickets/{one['id']}/void", secret)
        nothing = await site.tell("POST", "/tickets/t-nothing/void", secret)

    assert (void.body["is_void"], again.problem, nothing.problem) == (True, "refused", "not_found")


async def test_a_ticket_is_scanned_once_in_and_once_out() -> None:
    async with ApiSite().served() as site:
        secret = await announced(site)
        one = await ticket(site, secret)
        await site.house.public_events.start_event("talk-1", site.clock.now())  # type: ignore[arg-type]
        await site.house.rights_changed()
        site.clock.advance(6.5 * 3600)
        told = [
            await scan(site, secret, one["token"]),
            await scan(site, secret, one["token"]),
            await scan(site, secret, one["token"], "b" * 16),
            await scan(site, secret, "NOBODYS", "c" * 16),
            await scan(site, secret, one["token"], "d" * 16, direction="out"),
        ]
        count = await site.tell("GET", "/events/talk-1/headcount", secret)
        reused = await scan(site, secret, "NOBODYS")

    answers = [(one.body["answer"], one.body["good"]) for one in told]
    assert answers == [
        ("welcome", True), ("welcome", True), ("already_inside", False), ("unknown", False), ("left", True)
    ]  # fmt: skip
    assert [one.body["heads"] for one in told][:2] == [1, 1]
    assert (count.body["heads"], count.body["capacity"]) == (0, 2)
    assert reused.problem == "refused"
    assert not any(one["token"] in str(answer.body) for answer in told)


# --- booths -----------------------------------------------------------------------------------------------------------


async def test_the_booth_goes_on_air_for_whoever_has_booked_it() -> None:
    async with ApiSite().served() as site:
        site.house.bring_up()
        alice = await site.secret(TokenScope.BOOKINGS_WRITE, BOOTH_WRITE, person="alice")
        bob = await site.secret(BOOTH_WRITE, person="bob")
        not_booked = await site.tell("POST", "/booths/booth/start", alice)
        await site.tell("POST", "/bookings", alice, {"room": "booth", "start": at(12), "end": at(13)})
        await site.house.rights_changed()
        not_his = await site.tell("POST", "/booths/booth/start", bob)
        asked = await site.tell("POST", "/booths/booth/start", alice)
        seen = await site.tell("GET", "/booths/booth", bob)
        stopped = await site.tell("POST", "/booths/booth/stop", alice)
        not_on = await site.tell("POST", "/booths/booth/stop", alice)

    assert [(one.status, one.problem) for one in (not_booked, not_his)] == [(409, "not_booked"), (403, "not_yours")]
    assert (asked.body["session"]["by"], asked.body["session"]["until"]) == ("alice", "2026-11-23T21:00:00Z")
    assert asked.body["on_air"] != "on", "only the light says so"
    assert (seen.body["session"]["by"], seen.body["session"]["booking"]) == (None, None)
    assert (stopped.body["session"], not_on.problem) == (None, "not_on_air")


async def test_a_recording_is_told_to_those_who_made_it_as_json_and_as_chapters() -> None:
    async with ApiSite().served() as site:
        site.house.bring_up()
        alice = await site.secret(TokenScope.BOOKINGS_WRITE, BOOTH_WRITE, person="alice")
        await site.tell("POST", "/bookings", alice, {"room": "booth", "start": at(12), "end": at(13)})
        await site.house.rights_changed()
        writing = asyncio.get_running_loop().create_task(site.house.journal.run())
        try:
            asked = await site.tell("POST", "/booths/booth/start", alice)
            (wish,) = [one for one in site.house.outbound.to(LIGHT) if hasattr(one, "rev")][-1:]
            site.clock.advance(2)
            site.house.say(LIGHT, State(ts=site.clock.now(), v={"onair": True, "onair.rev": wish.rev}))
            site.clock.advance(60)
            await site.tell("POST", "/booths/booth/stop", alice)
            await asyncio.sleep(0.05)  # the disk
        finally:
            writing.cancel()
        where = f"/booths/booth/sessions/{asked.body['session']['id']}"
        listed = await site.tell("GET", "/booths/booth/sessions", alice)
        one = await site.tell("GET", where, alice)
        chapters = await site.tell("GET", f"{where}/chapters", alice)
        staff = await site.tell("GET", where, await site.secret(BOOTH_READ, person="dana"))
        bob = await site.secret(BOOTH_READ, person="bob")
        others = [await site.tell("GET", path, bob) for path in (where, "/booths/booth/sessions")]
        too_far = await site.tell("GET", "/booths/booth/sessions", alice, since=at(0, -200))

    assert listed.body["items"] == [one.body] == [staff.body]
    assert [(mark["kind"], mark["offset_s"]) for mark in one.body["marks"]] == [("began", 0.0), ("ended", 60.0)]
    assert chapters.body.splitlines()[0] == "00:00:00 On air"
    assert chapters.headers["Content-Type"].startswith("text/plain")
    assert (others[0].problem, others[1].body["items"]) == ("not_found", [])
    assert too_far.body["fields"][0]["field"] == "since"


async def test_a_room_without_a_light_is_no_booth() -> None:
    async with ApiSite().served() as site:
        secret = await site.secret(BOOTH_READ)
        booths = await site.tell("GET", "/booths", secret)
        study = await site.tell("GET", "/booths/study", secret)
        nothing = await site.tell("GET", "/booths/booth/sessions/nothing", secret)

    assert [one["room"] for one in booths.body["items"]] == ["booth"]
    assert (study.problem, nothing.problem) == ("not_found", "not_found")


# --- people -----------------------------------------------------------------------------------------------------------


async def test_only_staff_see_names_and_nobody_sees_more() -> None:
    async with ApiSite().served() as site:
        staff = await site.tell("GET", "/people", await site.secret(TokenScope.PEOPLE_READ, person="dana"), name="AL")
        member = await site.tell("GET", "/people", await site.secret(TokenScope.PEOPLE_READ, person="alice"))

    assert staff.body["items"] == [{"id": "alice", "name": "Alice", "kind": "member"}]
    assert (member.status, member.problem) == (403, "needs_staff")
