"""Rooms, bookings, series and waiting lists, as programs ask for them."""

from dataclasses import replace
from datetime import timedelta

import pytest

from controller.domain.booking.values import WaitingState
from controller.domain.facts import FactKind
from controller.domain.tokens import TokenScope
from controller.services.booking.counter import How
from tests.support.api_site import ApiSite, Told, at

WRITE, READ, ROOMS = TokenScope.BOOKINGS_WRITE, TokenScope.BOOKINGS_READ, TokenScope.ROOMS_READ
PANEL, CHECK_IN = TokenScope.PANEL, TokenScope.CHECK_IN


def wish(start: float = 14, end: float = 15, day: int = 0, **changes: object) -> dict[str, object]:
    return {"room": "study", "start": at(start, day), "end": at(end, day), **changes}


async def book(site: ApiSite, secret: str, *args: float, **changes: object) -> Told:
    answer = await site.tell("POST", "/bookings", secret, wish(*args, **changes))  # type: ignore[arg-type]
    assert answer.status == 201, answer
    return answer


async def as_(site: ApiSite, person: str, *scopes: TokenScope, room: str | None = None) -> str:
    return await site.secret(*(scopes or (WRITE, CHECK_IN)), person=person, room=room)


# --- rooms ------------------------------------------------------------------------------------------------------------


async def test_a_room_tells_what_it_is_and_how_it_is_now() -> None:
    async with ApiSite().served() as site:
        site.feed.put("room", "study", {"status": "in_use", "since": "2026-11-23T20:00:00Z"})
        secret = await site.secret(ROOMS)
        study = await site.tell("GET", "/rooms/study", secret)
        booth = await site.tell("GET", "/rooms/booth", secret)
        lobby = await site.tell("GET", "/rooms/lobby", secret)

    assert study.body["state"]["status"] == "in_use"
    assert (study.body["kind"], study.body["seats"], study.body["bookable"]) == ("meeting", 4, True)
    assert booth.body["id"] == "booth"
    assert lobby.problem == "not_found", "an area that is no room"


async def test_rooms_come_page_by_page() -> None:
    async with ApiSite().served() as site:
        secret = await site.secret(ROOMS)
        first = await site.tell("GET", "/rooms", secret, limit="2")
        second = await site.tell("GET", "/rooms", secret, limit="2", cursor=first.body["next"])

    assert [one["id"] for one in first.body["items"]] == ["booth", "salon"]
    assert ([one["id"] for one in second.body["items"]], second.body["next"]) == (["study"], None)


async def test_a_room_tells_when_it_is_free() -> None:
    async with ApiSite().served() as site:
        await book(site, await as_(site, "alice"), 14, 15)
        secret = await site.secret(ROOMS)
        today = await site.tell("GET", "/rooms/study/free", secret)
        tomorrow = await site.tell("GET", "/rooms/study/free", secret, day="2026-11-24")
        no_day = await site.tell("GET", "/rooms/study/free", secret, day="2026-02-30")

    assert today.body["items"][0] == {"start": "2026-11-23T20:00:00Z", "end": "2026-11-23T22:00:00Z"}
    assert len(tomorrow.body["items"]) == 1
    assert no_day.problem == "invalid"


# --- book -------------------------------------------------------------------------------------------------------------


async def test_a_booking_is_the_tokens_own_persons() -> None:
    async with ApiSite().served() as site:
        secret = await as_(site, "alice")
        made = await book(site, secret, title="Standup", participants=["bob"])
        read = await site.tell("GET", f"/bookings/{made.body['id']}", secret)

    assert (made.body["owner"], made.body["state"], made.body["mine"]) == ("alice", "booked", True)
    assert made.headers["Location"] == f"/api/v1/bookings/{made.body['id']}"
    assert made.headers["ETag" if "ETag" in made.headers else "Etag"] == f'"{made.body["version"]}"'
    assert (read.body, read.body["participants"]) == (made.body, ["bob"])


async def test_what_is_booked_is_told_by_the_log_as_asked_by_a_program() -> None:
    async with ApiSite().served() as site:
        noted = []
        site.desk.note = noted.append
        await book(site, await as_(site, "alice"))

    assert [(fact.kind, fact.detail["how"]) for fact in noted] == [(FactKind.BOOKING_MADE, How.API)]


async def test_a_room_that_is_taken_says_until_when_and_not_by_whom() -> None:
    async with ApiSite().served() as site:
        await book(site, await as_(site, "alice"), 14, 15, title="Secret plans")
        answer = await site.tell("POST", "/bookings", await as_(site, "bob"), wish(14.5, 15.5))

    assert (answer.status, answer.problem, answer.body["room"]) == (409, "overlap", "study")
    assert answer.body["there"] == {"start": "2026-11-23T22:00:00Z", "end": "2026-11-23T23:00:00Z"}
    assert "15:00" in answer.body["right"]
    assert "alice" not in str(answer.body).lower()
    assert "Secret" not in str(answer.body)


async def test_what_stands_there_is_what_is_in_the_way_and_nothing_that_is_over_by_then() -> None:
    async with ApiSite().served() as site:
        alice, bob = await as_(site, "alice"), await as_(site, "bob")
        await book(site, alice, 12, 13)
        gone = await book(site, alice, 13.5, 14)
        await site.tell("POST", f"/bookings/{gone.body['id']}/cancel", alice)
        await book(site, alice, 14, 15)
        await book(site, alice, 15, 16)
        answer = await site.tell("POST", "/bookings", bob, wish(13, 15.5))

    assert answer.problem == "overlap"
    assert answer.body["there"] == {"start": "2026-11-23T22:00:00Z", "end": "2026-11-23T23:00:00Z"}


async def test_only_a_panel_says_that_somebody_it_names_stands_there() -> None:
    async with ApiSite().served() as site:
        scanner = await site.secret(WRITE, CHECK_IN, room="study")
        refused = await site.tell("POST", "/bookings", scanner, wish(12, 12.5, owner="bob", walk_up=True))
        panel = await site.secret(PANEL, room="study")
        made = await site.tell("POST", "/bookings", panel, wish(12, 12.5, owner="bob", walk_up=True))

    assert (refused.problem, refused.body["scope"]) == ("missing_scope", ["bookings:write"])
    assert made.status == 201


@pytest.mark.parametrize(
    ("changes", "problem", "status"),
    [
        ({"start": at(15), "end": at(14)}, "length", 422),
        ({"start": at(8), "end": at(9)}, "past", 422),
        ({"room": "attic"}, "unknown_room", 422),
        ({"room": "lobby"}, "not_bookable", 422),
        ({"owner": "bob"}, "not_yours", 403),
        ({"participants": ["eve"]}, "unknown_person", 422),
        ({"start": at(14, 200), "end": at(15, 200)}, "too_far_ahead", 422),
    ],
    ids=lambda value: str(value) if isinstance(value, str) else "",
)
async def test_what_the_desk_refuses_is_a_problem_of_that_name(changes: dict, problem: str, status: int) -> None:
    async with ApiSite().served() as site:
        answer = await site.tell("POST", "/bookings", await as_(site, "alice"), wish() | changes)

    assert (answer.status, answer.problem) == (status, problem)
    assert answer.body["right"]
    assert answer.body["detail"].endswith(".")


async def test_staff_book_for_others() -> None:
    async with ApiSite().served() as site:
        made = await book(site, await as_(site, "dana"), owner="bob")

    assert (made.body["owner"], made.body["mine"]) == ("bob", False)


async def test_a_token_that_acts_for_nobody_books_for_nobody() -> None:
    async with ApiSite().served() as site:
        secret = await site.secret(WRITE)
        unnamed = await site.tell("POST", "/bookings", secret, wish())
        named = await site.tell("POST", "/bookings", secret, wish(owner="alice"))

    assert unnamed.body["fields"] == [{"field": "owner", "why": "is needed: this token acts for nobody of its own"}]
    assert (named.status, named.problem) == (403, "needs_person")


async def test_the_token_of_somebody_banned_meanwhile_is_good_for_nothing() -> None:
    async with ApiSite().served() as site:
        secret = await as_(site, "alice")
        await site.registry.set_banned("alice", banned=True)  # type: ignore[arg-type]
        await site.house.rights_changed()
        answer = await site.tell("GET", "/bookings", secret)

    assert (answer.status, answer.problem) == (401, "no_token")
    assert "acts for somebody who is banned" in answer.body["detail"]


# --- what is seen -----------------------------------------------------------------------------------------------------


async def test_others_see_a_time_that_is_taken_and_nothing_more() -> None:
    async with ApiSite().served() as site:
        await book(site, await as_(site, "alice"), title="Secret plans", participants=["dana"])
        seen = {}
        for who, secret in {
            "bob": await as_(site, "bob", READ),
            "dana": await as_(site, "dana", READ),
            "screen": await site.secret(READ, room="study"),
            "nobody": await site.secret(READ),
        }.items():
            answer = await site.tell("GET", "/bookings", secret)
            (seen[who],) = answer.body["items"]

    assert {who: one["title"] for who, one in seen.items()} == {
        "bob": None, "dana": "Secret plans", "screen": None, "nobody": None
    }  # fmt: skip
    for who in ("bob", "screen", "nobody"):
        assert (seen[who]["owner"], seen[who]["participants"], seen[who]["made_at"]) == (None, None, None)
        assert (seen[who]["room"], seen[who]["start"]) == ("study", "2026-11-23T22:00:00Z")


async def test_nobody_but_staff_sees_when_somebody_has_booked() -> None:
    async with ApiSite().served() as site:
        secret = await as_(site, "alice")
        made = await book(site, secret)
        await site.tell("POST", f"/bookings/{made.body['id']}/cancel", secret)
        own = await site.tell("GET", "/bookings", secret, person="alice", start=at(0))
        other = await site.tell("GET", "/bookings", await as_(site, "bob"), person="alice")
        staff = await site.tell("GET", "/bookings", await as_(site, "dana"), person="alice", start=at(0))

    assert [one["state"] for one in own.body["items"]] == ["cancelled"], "one's own history is told"
    assert (other.status, other.problem) == (403, "not_yours")
    assert staff.body["items"][0]["owner"] == "alice"


async def test_bookings_come_by_their_start_page_by_page_and_none_twice() -> None:
    async with ApiSite().served() as site:
        secret = await as_(site, "alice")
        for hour in (18, 14, 16, 20):
            await book(site, secret, hour, hour + 1)
        pages, cursor = [], None
        while cursor is not None or not pages:
            answer = await site.tell("GET", "/bookings", secret, limit="3", **({"cursor": cursor} if cursor else {}))
            pages.append([one["start"][11:13] for one in answer.body["items"]])
            cursor = answer.body["next"]

    assert pages == [["22", "00", "02"], ["04"]]


async def test_a_token_of_one_room_sees_and_changes_it_alone() -> None:
    async with ApiSite().served() as site:
        secret = await as_(site, "alice")
        there = await book(site, secret, room="booth")
        await book(site, secret)
        bound = await as_(site, "alice", WRITE, ROOMS, room="study")
        told = {
            "list": await site.tell("GET", "/bookings", bound),
            "other list": await site.tell("GET", "/bookings", bound, room="booth"),
            "one": await site.tell("GET", f"/bookings/{there.body['id']}", bound),
            "book": await site.tell("POST", "/bookings", bound, wish(16, 17, room="booth")),
            "cancel": await site.tell("POST", f"/bookings/{there.body['id']}/cancel", bound),
            "room": await site.tell("GET", "/rooms/booth", bound),
            "wait": await site.tell("POST", "/waiting", bound, wish(room="booth")),
            "series": await site.tell(
                "POST", "/series", bound, wish(room="booth", repeats={"frequency": "daily", "count": 2})
            ),
        }
        rooms = await site.tell("GET", "/rooms", bound)
        moved = await site.tell("PATCH", f"/bookings/{told['list'].body['items'][0]['id']}", bound, {"room": "booth"})

    assert [one["room"] for one in told.pop("list").body["items"]] == ["study"]
    assert {one.problem for one in told.values()} == {"other_room"}
    assert [one["id"] for one in rooms.body["items"]] == ["study"]
    assert moved.problem == "other_room"


# --- change -----------------------------------------------------------------------------------------------------------


async def test_a_change_is_made_to_what_was_read_or_not_at_all() -> None:
    async with ApiSite().served() as site:
        secret = await as_(site, "alice")
        made = await book(site, secret)
        where = f"/bookings/{made.body['id']}"
        read = {"If-Match": f'"{made.body["version"]}"'}
        first = await site.tell("PATCH", where, secret, {"title": "One"}, headers=read)
        second = await site.tell("PATCH", where, secret, {"title": "Two"}, headers=read)
        now = await site.tell("GET", where, secret)
        regardless = await site.tell("PATCH", where, secret, {"title": "Three"}, headers={"If-Match": "*"})

    assert (first.status, now.body["title"]) == (200, "One")
    assert (second.status, second.problem, second.body["version"]) == (412, "changed", now.body["version"])
    assert regardless.body["items"][0]["title"] == "Three"


@pytest.mark.parametrize(
    ("said", "status"),
    [
        pytest.param('"{now}"', 200, id="one"),
        pytest.param('"older", "{now}"', 200, id="a list"),
        pytest.param("{now}", 200, id="without quotes"),
        pytest.param('"older","oldest"', 412, id="none of a list"),
        pytest.param('W/"{now}"', 412, id="weak"),
        pytest.param('""', 412, id="no version"),
        pytest.param('"{now}', 422, id="half a quote"),
        pytest.param('*, "{now}"', 422, id="all and one"),
        pytest.param("", 422, id="nothing"),
    ],
)
async def test_the_versions_of_if_match_are_a_list(said: str, status: int) -> None:
    async with ApiSite().served() as site:
        secret = await as_(site, "alice")
        made = await book(site, secret)
        read = {"If-Match": said.format(now=made.body["version"])}
        answer = await site.tell("PATCH", f"/bookings/{made.body['id']}", secret, {"title": "One"}, headers=read)

    assert answer.status == status
    if status == 422:
        assert answer.body["fields"][0]["field"] == "If-Match"


async def test_what_is_read_or_made_anew_heeds_no_version() -> None:
    async with ApiSite().served() as site:
        secret = await as_(site, "alice")
        other = {"If-Match": '"another"'}
        made = await site.tell("POST", "/bookings", secret, wish(), headers=other)
        read = await site.tell("GET", f"/bookings/{made.body['id']}", secret, headers=other)

    assert (made.status, read.status) == (201, 200)


async def test_who_comes_between_is_noticed_in_the_same_transaction() -> None:
    async with ApiSite().served() as site:
        secret = await as_(site, "alice")
        made = await book(site, secret)
        where, read = f"/bookings/{made.body['id']}", {"If-Match": f'"{made.body["version"]}"'}
        stored = site.stores.bookings.together

        async def second(work):
            site.stores.bookings.together = stored  # type: ignore[method-assign]
            id = made.body["id"]
            await site.stores.bookings.change_booking(id, lambda booking: replace(booking, title="Dana's"))
            return await stored(work)

        site.stores.bookings.together = second  # type: ignore[method-assign]
        answer = await site.tell("PATCH", where, secret, {"title": "Alice's"}, headers=read)
        now = await site.tell("GET", where, secret)

    assert (answer.status, answer.problem, now.body["title"]) == (412, "changed", "Dana's")


async def test_a_booking_is_moved_and_its_people_are_changed() -> None:
    async with ApiSite().served() as site:
        secret = await as_(site, "alice")
        made = await book(site, secret, participants=["bob"])
        edit = {"start": at(16), "end": at(17), "room": "booth", "participants": [], "title": " Recording "}
        answer = await site.tell("PATCH", f"/bookings/{made.body['id']}", secret, edit)

    (now,) = answer.body["items"]
    assert (now["room"], now["start"], now["participants"], now["title"]) == (
        "booth", "2026-11-24T00:00:00Z", [], "Recording"
    )  # fmt: skip


async def test_a_move_onto_another_says_what_stands_there() -> None:
    async with ApiSite().served() as site:
        secret = await as_(site, "alice")
        await book(site, secret, 16, 17)
        made = await book(site, secret, 14, 15)
        answer = await site.tell("PATCH", f"/bookings/{made.body['id']}", secret, {"end": at(16.5)})

    assert (answer.problem, answer.body["there"]["start"]) == ("overlap", "2026-11-24T00:00:00Z")


async def test_a_room_that_asks_for_approval_is_requested_and_answered_by_staff() -> None:
    async with ApiSite().served() as site:
        alice, dana = await as_(site, "alice"), await as_(site, "dana")
        first, second = await book(site, alice, room="salon"), await book(site, alice, 16, 17, room="salon")
        forbidden = await site.tell("POST", f"/bookings/{first.body['id']}/approve", alice)
        yes = await site.tell("POST", f"/bookings/{first.body['id']}/approve", dana)
        no = await site.tell("POST", f"/bookings/{second.body['id']}/decline", dana, {"reason": "The floor is waxed"})
        again = await site.tell("POST", f"/bookings/{second.body['id']}/approve", dana)
        unsaid = await site.tell("POST", f"/bookings/{second.body['id']}/decline", dana)

    assert first.body["state"] == "requested"
    assert (forbidden.status, forbidden.problem) == (403, "needs_staff")
    assert (yes.body["state"], no.body["state"]) == ("booked", "declined")
    assert (again.status, again.problem) == (409, "not_waiting")
    assert unsaid.body["fields"] == [{"field": "reason", "why": "is needed"}]


async def test_one_that_is_not_yours_is_not_cancelled() -> None:
    async with ApiSite().served() as site:
        made = await book(site, await as_(site, "alice"))
        answer = await site.tell("POST", f"/bookings/{made.body['id']}/cancel", await as_(site, "bob"))

    assert (answer.status, answer.problem) == (403, "not_yours")


@pytest.mark.parametrize("path", ["cancel", "approve", "check-in", "end"])
async def test_a_booking_nobody_made_is_not_found(path: str) -> None:
    async with ApiSite().served() as site:
        answer = await site.tell("POST", f"/bookings/b-nothing/{path}", await as_(site, "dana"))

    assert (answer.status, answer.problem) == (404, "not_found")


# --- while it runs ----------------------------------------------------------------------------------------------------


async def test_a_booking_is_checked_in_extended_and_ended() -> None:
    async with ApiSite().served() as site:
        secret = await as_(site, "alice")
        where = f"/bookings/{(await book(site, secret, 13, 14)).body['id']}"
        early = await site.tell("POST", f"{where}/end", secret)
        site.clock.advance(3600 - 300)
        checked = await site.tell("POST", f"{where}/check-in", secret)
        site.clock.advance(900)
        longer = await site.tell("POST", f"{where}/extend", secret, {"minutes": 30})
        both = await site.tell("POST", f"{where}/extend", secret, {"minutes": 30, "until": at(16)})
        ended = await site.tell("POST", f"{where}/end", secret)

    assert early.problem == "not_begun"
    assert checked.body["checked_in_at"] == "2026-11-23T20:55:00Z"
    assert longer.body["end"] == "2026-11-23T22:30:00Z"
    assert "needs minutes or until, one of the two" in both.body["detail"]
    assert (ended.body["end"], ended.body["booked_end"]) == ("2026-11-23T21:10:00Z", "2026-11-23T22:30:00Z")


async def test_the_panel_of_a_room_acts_for_whoever_stands_before_it() -> None:
    async with ApiSite().served() as site:
        panel = await site.secret(PANEL, room="study")
        rooms = await site.tell("GET", "/rooms/study", panel)
        made = await site.tell("POST", "/bookings", panel, wish(12, 12.5, owner="bob", walk_up=True))
        where = f"/bookings/{made.body['id']}"
        site.clock.advance(600)
        longer = await site.tell("POST", f"{where}/extend", panel, {"minutes": 15})
        ended = await site.tell("POST", f"{where}/end", panel)
        later = await site.tell("POST", "/bookings", panel, wish(14, 14.5, owner="bob"))
        tomorrow = await site.tell("POST", "/bookings", panel, wish(14, 14.5, day=1, owner="bob", walk_up=True))
        cancel = await site.tell("POST", f"{where}/cancel", panel)

    assert (rooms.status, made.status) == (200, 201)
    assert (longer.body["end"], ended.status) == ("2026-11-23T20:45:00Z", 200)
    assert later.problem == "missing_scope"
    assert tomorrow.problem == "too_long"
    assert cancel.problem == "missing_scope"


async def test_a_guest_gets_a_token_once_and_takes_part() -> None:
    async with ApiSite().served() as site:
        secret = await as_(site, "alice")
        made = await book(site, secret)
        where = f"/bookings/{made.body['id']}"
        guest = await site.tell("POST", f"{where}/guests", secret, {"name": "Gus Holm"})
        other = await site.tell("POST", f"{where}/guests", await as_(site, "bob"), {"name": "Eva"})
        now = await site.tell("GET", where, secret)

    assert guest.status == 201
    assert guest.body["token"]
    assert now.body["participants"] == [guest.body["person"]]
    assert other.problem == "not_yours"


# --- series -----------------------------------------------------------------------------------------------------------


async def test_a_series_books_each_free_date_and_lists_the_others() -> None:
    async with ApiSite().served() as site:
        secret = await as_(site, "alice")
        await book(site, await as_(site, "bob"), 14, 15, 7)
        repeats = {"frequency": "weekly", "weekdays": ["monday"], "count": 3}
        made = await site.tell("POST", "/series", secret, wish(14, 15, repeats=repeats, title="Review"))
        read = await site.tell("GET", f"/series/{made.body['id']}", secret)
        by_bob = await site.tell("GET", f"/series/{made.body['id']}", await as_(site, "bob"))

    assert made.status == 201
    assert made.headers["Location"] == f"/api/v1/series/{made.body['id']}"
    assert [one["start"] for one in made.body["items"]] == ["2026-11-23T22:00:00Z", "2026-12-07T22:00:00Z"]
    assert [(one["day"], one["reason"]) for one in made.body["skipped"]] == [("2026-11-30", "conflict")]
    assert made.body["repeats"] == {
        "frequency": "weekly", "first": "2026-11-23", "interval": 1, "weekdays": ["monday"], "nth": None,
        "until": None, "count": 3,
    }  # fmt: skip
    assert [one["id"] for one in read.body["items"]] == [one["id"] for one in made.body["items"]]
    assert (by_bob.body["owner"], by_bob.body["title"], by_bob.body["items"][0]["owner"]) == (None, None, None)


async def test_one_the_following_or_all_of_a_series_are_changed() -> None:
    async with ApiSite().served() as site:
        secret = await as_(site, "alice")
        repeats = {"frequency": "daily", "until": "2026-11-27"}
        made = await site.tell("POST", "/series", secret, wish(14, 15, repeats=repeats))
        third = made.body["items"][2]["id"]
        renamed = await site.tell("PATCH", f"/bookings/{third}", secret, {"title": "Demo"}, part="following")
        gone = await site.tell("POST", f"/bookings/{third}/cancel", secret, part="all")

    assert len(made.body["items"]) == 5
    assert [one["title"] for one in renamed.body["items"]] == ["Demo"] * 3
    assert {one["state"] for one in gone.body["items"]} == {"cancelled"}


@pytest.mark.parametrize(
    ("repeats", "problem", "said"),
    [
        ({"frequency": "weekly"}, "invalid", "needs until or count"),
        ({"frequency": "weekly", "count": 2, "until": "2026-12-01"}, "invalid", "needs until or count"),
        ({"frequency": "yearly", "count": 2}, "invalid", "'daily', 'weekly' or 'monthly'"),
        ({"frequency": "weekly", "weekdays": ["mon"], "count": 2}, "invalid", "repeats.weekdays.0"),
        ({"frequency": "monthly", "nth": 0, "count": 2}, "invalid", "nth is 1 to 4"),
        ({"frequency": "daily", "count": 900}, "rule", "400"),
    ],
)
async def test_a_rule_that_makes_no_sense_is_named(repeats: dict, problem: str, said: str) -> None:
    async with ApiSite().served() as site:
        answer = await site.tell("POST", "/series", await as_(site, "alice"), wish(14, 15, repeats=repeats))

    assert (answer.status, answer.problem) == (422, problem)
    assert said in answer.body["detail"]


async def test_a_series_begins_on_a_minute() -> None:
    async with ApiSite().served() as site:
        body = wish(repeats={"frequency": "daily", "count": 2}) | {"start": "2026-11-24T14:00:30-08:00"}
        answer = await site.tell("POST", "/series", await as_(site, "alice"), body)

    assert answer.body["fields"][0]["field"] == "start"


# --- waiting ----------------------------------------------------------------------------------------------------------


async def test_who_waits_sees_their_own_place_and_staff_see_all() -> None:
    async with ApiSite().served() as site:
        await book(site, await as_(site, "alice"))
        bob = await as_(site, "bob")
        place = await site.tell("POST", "/waiting", bob, wish(title="Us"))
        told = {who: await site.tell("GET", "/waiting", await as_(site, who)) for who in ("alice", "bob", "dana")}
        early = await site.tell("POST", f"/waiting/{place.body['id']}/take", bob)
        other = await site.tell("POST", f"/waiting/{place.body['id']}/withdraw", await as_(site, "alice"))
        gone = await site.tell("POST", f"/waiting/{place.body['id']}/withdraw", bob)
        nothing = await site.tell("POST", "/waiting/w-nothing/withdraw", bob)

    assert (place.status, place.body["state"], place.body["mine"]) == (201, "waiting", True)
    assert {who: [one["id"] for one in answer.body["items"]] for who, answer in told.items()} == {
        "alice": [], "bob": [place.body["id"]], "dana": [place.body["id"]]
    }  # fmt: skip
    assert (early.status, early.problem) == (409, "not_waiting")
    assert other.problem == "not_yours"
    assert (gone.body["state"], nothing.problem) == ("withdrawn", "not_found")


async def test_what_is_offered_is_taken_once() -> None:
    async with ApiSite().served() as site:
        alice, bob = await as_(site, "alice"), await as_(site, "bob")
        there = await book(site, alice)
        place = (await site.tell("POST", "/waiting", bob, wish())).body["id"]
        await site.tell("POST", f"/bookings/{there.body['id']}/cancel", alice)
        until = site.clock.now() + timedelta(minutes=10)
        await site.stores.waiting.change_waiting(
            place, lambda one: replace(one, state=WaitingState.OFFERED, offered_until=until)
        )
        offered = await site.tell("GET", "/waiting", bob)
        took = await site.tell("POST", f"/waiting/{place}/take", bob)
        again = await site.tell("POST", f"/waiting/{place}/take", bob)

    assert offered.body["items"][0]["offered_until"] == "2026-11-23T20:10:00Z"
    assert (took.status, took.body["owner"], took.body["start"]) == (201, "bob", "2026-11-23T22:00:00Z")
    assert took.headers["Location"] == f"/api/v1/bookings/{took.body['id']}"
    assert again.problem == "not_waiting"


# --- itself -----------------------------------------------------------------------------------------------------------


async def test_a_token_tells_what_it_is_good_for() -> None:
    async with ApiSite().served() as site:
        answer = await site.tell("GET", "/token", await as_(site, "dana", WRITE, room="study"))

    assert answer.body == {
        "name": "program 1", "scopes": ["bookings:write"], "room": "study", "person": "dana", "is_staff": True,
        "expires_at": "2027-02-21T20:00:00Z", "space": "House", "zone": "America/Los_Angeles",
    }  # fmt: skip
