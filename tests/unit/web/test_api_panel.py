"""What a room's panel may ask: it acts for nobody, people before it say their name, and it learns nothing about them."""

import pytest

from controller.domain.booking.waiting import Input, after
from controller.domain.holdings import PublicEvent
from controller.domain.ids import EventId, PersonId, WaitingId
from controller.domain.membership import Person
from controller.domain.tokens import TokenScope
from tests.support.api_site import ALICE, BOB, ApiSite, at
from tests.support.services import LAB_DOOR, NOON, STREET

WRITE, PANEL, SCAN = TokenScope.BOOKINGS_WRITE, TokenScope.PANEL, TokenScope.TICKETS_SCAN


def walk_up(owner: str, **changes: object) -> dict[str, object]:
    return {"room": "study", "start": at(12), "end": at(12.5), "owner": owner, "walk_up": True, **changes}


@pytest.mark.parametrize("said", ["alice", "Alice", " aLICE "])
async def test_whoever_stands_there_says_their_name_or_id(said: str) -> None:
    async with ApiSite().served() as site:
        panel = await site.secret(PANEL, room="study")
        made = await site.tell("POST", "/bookings", panel, walk_up(said))
        known = await site.stores.bookings.booking(made.body["id"])

    assert made.status == 201
    assert known is not None
    assert (known.owner, known.checked_in_at) == (ALICE.id, NOON)
    assert (made.body["owner"], made.body["mine"]) == (None, False), "the panel is not told whose it is"


@pytest.mark.parametrize("said", ["nobody", "Dana", "banned"], ids=["unknown", "no plan", "banned"])
async def test_a_panel_is_not_told_why_somebody_cannot_book(said: str) -> None:
    async with ApiSite().served() as site:
        if said == "banned":
            await site.registry.set_banned(BOB.id, True)
            await site.house.rights_changed()
        panel = await site.secret(PANEL, room="study")
        refused = await site.tell("POST", "/bookings", panel, walk_up("bob" if said == "banned" else said))

    assert refused.problem == "unknown_person"
    assert refused.body["detail"].startswith("Nobody of that name can book this room now")


@pytest.mark.parametrize(
    ("owner", "staff_hear"),
    [pytest.param("dana", 200, id="no plan"), pytest.param("bob", 403, id="banned")],
)
async def test_a_panel_is_not_told_why_a_booking_lasts_no_longer(owner: str, staff_hear: int) -> None:
    async with ApiSite().served() as site:
        panel, staff = await site.secret(PANEL, room="study"), await site.secret(WRITE, person="dana")
        made = await site.tell("POST", "/bookings", staff, {**walk_up(owner), "walk_up": False})
        await site.registry.set_banned(BOB.id, True)
        await site.house.rights_changed()
        longer = f"/bookings/{made.body['id']}/extend"
        refused = await site.tell("POST", longer, panel, {"minutes": 15})
        by_staff = await site.tell("POST", longer, staff, {"minutes": 15})

    assert refused.problem == "refused"
    assert refused.body["detail"] == "This booking lasts no longer than it does now: ask at the desk."
    assert by_staff.status == staff_hear


async def test_a_panel_says_what_of_the_room_stands_in_the_way() -> None:
    async with ApiSite().served() as site:
        panel, alice = await site.secret(PANEL, room="study"), await site.secret(WRITE, person="alice")
        made = await site.tell("POST", "/bookings", panel, walk_up("bob"))
        await site.tell("POST", "/bookings", alice, {"room": "study", "start": at(13), "end": at(14)})
        refused = await site.tell("POST", f"/bookings/{made.body['id']}/extend", panel, {"minutes": 60})

    assert refused.problem == "overlap"
    assert refused.body["right"] == "free from 14:00"


async def test_a_panel_is_not_told_why_somebody_cannot_take_what_was_offered() -> None:
    async with ApiSite().served() as site:
        alice, bob = await site.secret(WRITE, person="alice"), await site.secret(WRITE, person="bob")
        panel = await site.secret(PANEL, room="study")
        wanted = {"room": "study", "start": at(13), "end": at(14)}
        taken = await site.tell("POST", "/bookings", alice, wanted)
        place = await site.tell("POST", "/waiting", bob, wanted)
        await site.tell("POST", f"/bookings/{taken.body['id']}/cancel", alice)
        id = WaitingId(place.body["id"])
        await site.stores.waiting.change_waiting(id, lambda one: after(one, Input.OFFER, site.clock.now()))
        await site.registry.set_banned(BOB.id, True)
        await site.house.rights_changed()
        refused = await site.tell("POST", f"/waiting/{id}/take", panel, {"person": "Bob"})

    assert refused.problem == "unknown_person"
    assert refused.body["detail"].startswith("Nobody of that name can book this room now")


async def test_a_name_that_two_people_have_is_booked_for_neither() -> None:
    async with ApiSite().served() as site:
        await site.registry.put_person(Person(PersonId("robert"), "Bob"))
        await site.house.rights_changed()
        panel = await site.secret(PANEL, room="study")
        either = await site.tell("POST", "/bookings", panel, walk_up("Bob"))

    assert either.problem == "invalid"
    assert either.body["detail"] == "owner: is the name of several people here: type the member id instead"


async def test_another_program_that_names_somebody_names_an_id() -> None:
    async with ApiSite().served() as site:
        staff = await site.secret(WRITE, person="dana")
        refused = await site.tell("POST", "/bookings", staff, walk_up("Alice"))

    assert refused.problem == "unknown_person"


async def test_a_panel_sees_what_is_offered_in_its_room_and_only_who_waits_takes_it() -> None:
    async with ApiSite().served() as site:
        alice, bob = await site.secret(WRITE, person="alice"), await site.secret(WRITE, person="bob")
        panel, other = await site.secret(PANEL, room="study"), await site.secret(PANEL, room="salon")
        taken = await site.tell("POST", "/bookings", alice, {"room": "study", "start": at(13), "end": at(14)})
        await site.tell("POST", "/waiting", bob, {"room": "study", "start": at(13), "end": at(14)})
        nothing = await site.tell("GET", "/waiting", panel)
        await site.tell("POST", f"/bookings/{taken.body['id']}/cancel", alice)
        [place] = await site.stores.waiting.waiting_list(site.clock.now(), None)
        # The keeper's work, once a second.
        await site.stores.waiting.change_waiting(place.id, lambda one: after(one, Input.OFFER, site.clock.now()))
        offers = await site.tell("GET", "/waiting", panel)
        elsewhere = await site.tell("GET", "/waiting", other)
        path = f"/waiting/{place.id}/take"
        wrong = await site.tell("POST", path, panel, {"person": "alice"})
        nobody = await site.tell("POST", path, panel, {})
        won = await site.tell("POST", path, panel, {"person": "Bob"})

    assert (nothing.body["items"], elsewhere.body["items"]) == ([], [])
    assert [(one["state"], one["person"], one["mine"]) for one in offers.body["items"]] == [("offered", None, False)]
    assert (wrong.problem, nobody.problem) == ("not_yours", "not_yours")
    assert wrong.body["detail"].startswith(f"{place.id} is somebody else's place"), "an id is written as it is"
    assert won.status == 201


async def test_only_whoever_booked_the_booth_goes_on_air_at_its_panel() -> None:
    async with ApiSite().served() as site:
        panel = await site.secret(PANEL, room="booth")
        too_soon = await site.tell("POST", "/booths/booth/start", panel, {"person": "Alice"})
        await site.tell("POST", "/bookings", panel, walk_up("alice", room="booth"))
        await site.house.rights_changed()
        others = [await site.tell("POST", "/booths/booth/start", panel, body) for body in ({"person": "Bob"}, {})]
        asked = await site.tell("POST", "/booths/booth/start", panel, {"person": "Alice"})
        stays = await site.tell("POST", "/booths/booth/stop", panel, {"person": "Bob"})
        off = await site.tell("POST", "/booths/booth/stop", panel, {"person": "ALICE"})

    assert too_soon.problem == "not_booked"
    assert {one.problem for one in others} == {"not_yours"}
    assert (asked.status, stays.problem, off.status) == (200, "not_yours", 200)
    assert (asked.body["wanted"], off.body["wanted"]) == (True, False)
    assert asked.body["session"]["by"] is None, "the panel is not told who speaks"


async def test_whoever_scans_may_see_for_which_event_and_nothing_else() -> None:
    async with ApiSite().served() as site:
        event = PublicEvent(
            EventId("talk"), "A talk", PersonId("dana"), LAB_DOOR.inner, (STREET.id,), NOON, NOON.replace(hour=23), 2
        )
        await site.house.public_events.put_event(event)
        await site.house.rights_changed()
        phone = await site.secret(SCAN)
        events = await site.tell("GET", "/events", phone)
        tickets = await site.tell("GET", "/events/talk/tickets", phone)

    assert [one["name"] for one in events.body["items"]] == ["A talk"]
    assert tickets.problem == "missing_scope"
