"""What every request to the programs' API goes through, before anybody is asked about rooms."""

import asyncio
import gzip
import json
import logging
from datetime import timedelta

import pytest
from multidict import CIMultiDict

from controller.domain.booking.rules import RefuseReason
from controller.domain.tokens import TokenScope
from controller.errors import StoreError
from controller.services.tokens.attempts import FREE_TRIES
from controller.services.tokens.secret import new_secret
from controller.web.api.problems import Problem, of_reason
from controller.web.api.routes import JSON_LIMIT
from controller.web.guard import SECURITY_HEADERS
from tests.support.api_site import ApiSite, Told, at

WRITE, READ, ROOMS = TokenScope.BOOKINGS_WRITE, TokenScope.BOOKINGS_READ, TokenScope.ROOMS_READ


def wish(**changes: object) -> dict[str, object]:
    return {"room": "study", "start": at(14), "end": at(15), **changes}


# --- who asks ---------------------------------------------------------------------------------------------------------


async def test_without_a_token_nothing_is_answered_and_the_answer_says_what_is_needed() -> None:
    async with ApiSite().served() as site:
        answer = await site.tell("GET", "/rooms")

    assert (answer.status, answer.problem) == (401, "no_token")
    assert answer.headers["WWW-Authenticate"] == 'Bearer realm="natoma"'
    assert "Authorization: Bearer natoma_" in answer.body["detail"]


@pytest.mark.parametrize("how", ["address", "cookie", "basic", "twice", "two headers"])
async def test_a_token_counts_in_the_authorization_header_alone(how: str) -> None:
    async with ApiSite().served() as site:
        secret = await site.secret(ROOMS)
        match how:
            case "address":
                answer = await site.tell("GET", "/rooms", access_token=secret)
            case "cookie":
                answer = await site.tell("GET", "/rooms", headers={"Cookie": f"token={secret}"})
            case "basic":
                answer = await site.tell("GET", "/rooms", headers={"Authorization": f"Basic {secret}"})
            case "two headers":
                both = CIMultiDict([("Authorization", f"Bearer {one}") for one in (secret, secret)])
                answer = await site.tell("GET", "/rooms", headers=both)
            case _:
                answer = await site.tell(
                    "GET", "/rooms", headers={"Authorization": f"Bearer {secret}, Bearer {secret}"}
                )

    assert (answer.status, answer.problem) == (401, "no_token")
    assert secret not in str(answer.body)


@pytest.mark.parametrize("end", ["expired", "revoked"])
async def test_a_token_that_is_over_is_refused_and_says_so(end: str) -> None:
    async with ApiSite().served() as site:
        secret = await site.secret(ROOMS, life=timedelta(hours=1))
        if end == "expired":
            site.clock.advance(3600)
        else:
            (kept,) = await site.tokens.tokens()
            await site.tokens.revoke_token(kept.token.id, site.clock.now())
            await site.keyring.refresh()
        answer = await site.tell("GET", "/rooms", secret)

    assert answer.problem == "no_token"
    assert answer.body["detail"].startswith(f"The token 'program 1' is {end}.")
    assert 'error="invalid_token"' in answer.headers["WWW-Authenticate"]


async def test_a_missing_scope_is_named() -> None:
    async with ApiSite().served() as site:
        answer = await site.tell("GET", "/bookings", await site.secret(ROOMS))

    assert (answer.status, answer.problem, answer.body["scope"]) == (403, "missing_scope", ["bookings:read"])
    assert "bookings:read; 'program 1' has rooms:read" in answer.body["detail"]
    assert 'error="insufficient_scope", scope="bookings:read"' in answer.headers["WWW-Authenticate"]


async def test_guessing_is_slowed_down_and_the_holder_of_a_token_is_not() -> None:
    async with ApiSite().served() as site:
        good = await site.secret(ROOMS)
        tries = [await site.tell("GET", "/rooms", new_secret()) for _ in range(FREE_TRIES + 1)]
        answer = await site.tell("GET", "/rooms", good)

    assert [one.status for one in tries] == [401] * FREE_TRIES + [429]
    assert tries[-1].problem == "too_many_tries"
    assert tries[-1].headers["Retry-After"] == "2"
    assert answer.status == 200


async def test_no_secret_is_ever_logged(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    async with ApiSite().served() as site:
        good, bad = await site.secret(ROOMS), new_secret()
        for secret in (good, bad):
            await site.tell("GET", "/rooms", secret)
            await site.tell("POST", "/rooms", secret, {"token": secret})

    assert good not in caplog.text
    assert bad not in caplog.text


# --- what is asked ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b"{", "is not JSON"),
        (b"", None),
        (b'{"room": "study", "room": "salon"}', "has the same member twice ('room')"),
        (b'{"room": NaN}', "NaN"),
        (b"\xff\xfe{}", "is not UTF-8"),
        (b"\xef\xbb\xbf{}", "byte order mark"),
        (b"[" * 60_000, "is nested deeper than 16"),
        (b'{"room": "\\ud800", "start": "x", "end": "y"}', "is not JSON"),
        (b'{"room": 1' + b"0" * 400 + b"}", "integer beyond 64 bits"),
    ],
    ids=["cut", "empty", "twice", "nan", "utf-16", "bom", "deep", "half a letter", "huge"],
)
async def test_what_is_no_json_is_told_apart_from_what_is_not_right(body: bytes, said: str | None) -> None:
    async with ApiSite().served() as site:
        answer = await site.tell("POST", "/bookings", await site.secret(WRITE, person="alice"), data=body)

    if said is None:
        assert (answer.status, answer.problem) == (422, "invalid")
    else:
        assert (answer.status, answer.problem) == (400, "bad_json")
        assert said in answer.body["detail"]


async def test_each_field_that_is_not_right_is_named_with_what_would_be() -> None:
    async with ApiSite().served() as site:
        secret = await site.secret(WRITE, person="alice")
        body = {"room": "", "start": "2026-11-23T09:00", "ends": at(9), "is_live": "yes", "title": "a\nb"}
        answer = await site.tell("POST", "/bookings", secret, body)

    fields = {one["field"]: one["why"] for one in answer.body["fields"]}
    assert answer.problem == "invalid"
    assert fields["start"].startswith("'2026-11-23T09:00': expected a moment with its offset")
    assert fields["end"] == "is needed"
    assert fields["ends"] == "is not known here — did you mean end?"
    assert fields["is_live"] == "'yes': expected true or false"
    assert fields["title"] == r"'a\nb': expected text on one line, without control signs"
    assert fields["room"] == "'': expected some text"
    assert set(fields) == {"room", "start", "end", "ends", "is_live", "title"}
    assert "and 3 more" in answer.body["detail"]


@pytest.mark.parametrize(
    ("path", "body", "field", "why"),
    [
        ("/bookings", [], "", "expected an object, as {} is one"),
        ("/bookings", {"participants": "bob"}, "participants", "'bob': expected a list"),
        ("/bookings", {"participants": ["bob"] * 101}, "participants", "expected 100 at most"),
        ("/bookings", {"room": 7}, "room", "7: expected text"),
        ("/bookings", {"title": "a" * 121}, "title", f"'{'a' * 39}…: expected 120 letters at most"),
        ("/series", {"repeats": {"frequency": "hourly", "count": 2}}, "repeats.frequency",
         "'hourly': expected 'daily', 'weekly' or 'monthly'"),
        ("/series", {"repeats": {"frequency": "weekly", "count": "2"}}, "repeats.count", "'2': expected a whole number"),
        ("/series", {"repeats": {"frequency": "weekly", "count": 0}}, "repeats.count", "0: expected 1 or more"),
        ("/series", {"repeats": {"frequency": "weekly", "count": 1001}}, "repeats.count", "1001: expected 1000 at most"),
        ("/series", {"repeats": {"frequency": "weekly", "count": 2, "weekdays": ["mon"]}}, "repeats.weekdays.0",
         "'mon': expected one of monday, tuesday, wednesday, thursday, friday, saturday, sunday"),
        ("/series", {"repeats": {"frequency": "weekly"}}, "repeats",
         "needs until or count, one of the two: a series always ends"),
        ("/events", {"id": "A Talk"}, "id",
         "'A Talk': expected small letters, digits and hyphens, 40 at most, the first no hyphen"),
        ("/events", {"doors": []}, "doors", "expected 1 or more, and there are 0"),
    ],
)  # fmt: skip
async def test_what_would_be_right_is_said_in_words_for_people(path: str, body: object, field: str, why: str) -> None:
    async with ApiSite().served() as site:
        answer = await site.tell("POST", path, await site.secret(WRITE, TokenScope.EVENTS_WRITE, person="dana"), body)

    assert {one["field"]: one["why"] for one in answer.body["fields"]}[field] == why


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("limit=0", "limit"),
        ("limit=201", "limit"),
        ("limit=ten", "limit"),
        ("rom=study", "rom"),
        ("room=study&room=salon", "room"),
        ("start=yesterday", "start"),
        ("start=1700000000", "start"),
        ("cursor=AAAA", "cursor"),
        ("cursor=%00", "cursor"),
        ("start=2026-11-23T09:00:00Z&end=2026-11-23T09:00:00Z", "end"),
        ("start=2026-11-23T09:00:00Z&end=2027-11-23T09:00:00Z", "end"),
    ],
)
async def test_a_parameter_that_is_not_right_is_named(query: str, field: str) -> None:
    async with ApiSite().served() as site:
        answer = await site.tell("GET", f"/bookings?{query}", await site.secret(READ))

    assert (answer.status, answer.problem) == (422, "invalid")
    assert [one["field"] for one in answer.body["fields"]] == [field]


async def test_the_plus_of_an_offset_may_have_become_a_space() -> None:
    async with ApiSite().served() as site:
        answer = await site.tell(
            "GET", "/bookings?start=2026-11-23T09:00:00+01:00&end=2026-11-23T09:30:00+01:00", await site.secret(READ)
        )

    assert answer.status == 200


@pytest.mark.parametrize(
    "headers",
    [
        {"Content-Type": "text/plain"},
        {"Content-Type": "application/x-www-form-urlencoded"},
        {"Content-Type": "application/json-patch+json"},
    ],
    ids=["text", "form", "patch"],
)
async def test_a_body_of_another_type_is_not_read(headers: dict[str, str]) -> None:
    async with ApiSite().served() as site:
        secret = await site.secret(WRITE, person="alice")
        answer = await site.tell("POST", "/bookings", secret, data=json.dumps(wish()).encode(), headers=headers)

    assert (answer.status, answer.problem) == (415, "wrong_type")
    assert answer.headers["Accept"] == "application/json"


async def test_a_packed_body_that_would_unfold_is_not_unpacked() -> None:
    async with ApiSite().served() as site:
        secret = await site.secret(WRITE, person="alice")
        bomb = gzip.compress(b" " * 50_000_000)
        answer = await site.tell("POST", "/bookings", secret, data=bomb, headers={"Content-Encoding": "gzip"})

    assert (answer.status, answer.problem) == (415, "wrong_type")


@pytest.mark.parametrize("is_told", [True, False], ids=["said so", "in chunks"])
async def test_a_body_that_is_too_large_is_refused_with_the_limit(is_told: bool) -> None:
    async def chunks():
        for _ in range(70):
            yield b" " * 1024

    async with ApiSite().served() as site:
        secret = await site.secret(WRITE, person="alice")
        data = b" " * (JSON_LIMIT + 1) if is_told else chunks()
        answer = await site.tell("POST", "/bookings", secret, data=data)  # type: ignore[arg-type]

    assert (answer.status, answer.problem, answer.body["limit"]) == (413, "too_large", 65_536)
    assert "64 KiB" in answer.body["detail"]


async def test_what_is_not_there_and_what_is_not_done_there_are_problems_too() -> None:
    async with ApiSite().served() as site:
        secret = await site.secret(ROOMS)
        nowhere = await site.tell("GET", "/doors", secret)
        nobody = await site.tell("GET", "/rooms/attic", secret)
        strange = await site.tell("GET", "/rooms/%00%0a", secret)
        wrong = await site.tell("DELETE", "/rooms", secret)
        head = await site.client.head("/api/v1/rooms", headers={"Authorization": f"Bearer {secret}"})
        asked_first = await site.tell("OPTIONS", "/rooms", secret, headers={"Origin": "https://elsewhere.example"})

    assert [one.problem for one in (nowhere, nobody, strange)] == ["not_found"] * 3
    assert nobody.body["detail"] == "There is no room 'attic'."
    assert (wrong.status, wrong.problem, wrong.headers["Allow"]) == (405, "wrong_method", "GET")
    assert (head.status, head.headers["Allow"]) == (405, "GET")
    assert asked_first.status == 405


# --- once only --------------------------------------------------------------------------------------------------------


async def create(site: ApiSite, secret: str, key: str, **changes: object) -> Told:
    return await site.tell("POST", "/bookings", secret, wish(**changes), headers={"Idempotency-Key": key})


async def test_a_create_sent_again_under_its_key_is_done_once() -> None:
    async with ApiSite().served() as site:
        secret = await site.secret(WRITE, person="alice")
        first = await create(site, secret, "k1")
        again = await create(site, secret, "k1")

    assert (first.status, again.status, again.body) == (201, 201, first.body)
    assert [again.headers.get(name) for name in ("Etag", "Location")] == [
        first.headers.get(name) for name in ("Etag", "Location")
    ]
    assert again.headers["Idempotent-Replayed"] == "true"
    assert len(site.registry.now.bookings) == 1


async def test_a_key_stands_for_one_request_of_one_token_for_a_day() -> None:
    async with ApiSite().served() as site:
        alice, bob = await site.secret(WRITE, person="alice"), await site.secret(WRITE, person="bob")
        first = await create(site, alice, "k1")
        other = await create(site, alice, "k1", end=at(14.5))
        of_bob = await create(site, bob, "k1", start=at(16), end=at(17))
        site.clock.advance(86_400)
        next_day = await create(site, alice, "k1", start=at(14, 1), end=at(15, 1))

    assert (other.status, other.problem) == (422, "key_reused")
    assert [one.status for one in (first, of_bob, next_day)] == [201, 201, 201]
    assert len({one.body["id"] for one in (first, of_bob, next_day)}) == 3


async def test_a_key_stands_for_one_method_and_address() -> None:
    async with ApiSite().served() as site:
        secret = await site.secret(WRITE, person="alice")
        booked = await create(site, secret, "k1")
        waits = await site.tell("POST", "/waiting", secret, wish(), headers={"Idempotency-Key": "k1"})

    assert booked.status == 201
    assert waits.problem == "key_reused", "the same words at another address ask for something else"


async def test_what_was_refused_may_be_tried_again_under_its_key() -> None:
    async with ApiSite().served() as site:
        secret = await site.secret(WRITE, person="alice")
        taken = await create(site, await site.secret(WRITE, person="bob"), "k")
        refused = await create(site, secret, "k1")
        await site.tell("POST", f"/bookings/{taken.body['id']}/cancel", await site.secret(WRITE, person="bob"))
        again = await create(site, secret, "k1")

    assert (refused.problem, again.status) == ("overlap", 201)


async def test_two_at_once_under_one_key_are_one() -> None:
    async with ApiSite().served() as site:
        secret = await site.secret(WRITE, person="alice")
        told = await asyncio.gather(*(create(site, secret, "k1") for _ in range(5)))

    assert {one.status for one in told} <= {201, 409}
    assert {one.problem for one in told if one.status == 409} <= {"key_in_use"}
    assert len(site.registry.now.bookings) == 1


async def test_what_is_kept_of_an_answer_cannot_be_read_without_the_token() -> None:
    async with ApiSite().served() as site:
        secret = await site.secret(WRITE, person="alice")
        booking = await create(site, secret, "k1")
        where = f"/bookings/{booking.body['id']}/guests"
        headers = {"Idempotency-Key": "k2"}
        first = await site.tell("POST", where, secret, {"name": "Gus Holm"}, headers=headers)
        again = await site.tell("POST", where, secret, {"name": "Gus Holm"}, headers=headers)

    assert (first.status, again.body["token"]) == (201, first.body["token"])
    for kept in site.answers.kept.values():
        assert first.body["token"].encode() not in kept.sealed
        assert b"Gus" not in kept.sealed


@pytest.mark.parametrize("key", ["", "a b", "ü", "x" * 201])
async def test_a_key_is_something_that_can_be_a_key(key: str) -> None:
    async with ApiSite().served() as site:
        answer = await create(site, await site.secret(WRITE, person="alice"), key)

    assert answer.problem == "invalid"
    assert answer.body["fields"][0]["field"] == "Idempotency-Key"


async def test_who_hangs_up_is_booked_all_the_same() -> None:
    async with ApiSite().served() as site:
        secret = await site.secret(WRITE, person="alice")
        reached, go_on = asyncio.Event(), asyncio.Event()
        stored = site.stores.bookings.together

        async def slowly(work):
            reached.set()
            await go_on.wait()
            return await stored(work)

        site.stores.bookings.together = slowly  # type: ignore[method-assign]
        asking = asyncio.get_running_loop().create_task(create(site, secret, "k1"))
        await reached.wait()
        asking.cancel()
        await asyncio.wait({asking})
        await asyncio.sleep(0.02)  # the server hears of it
        go_on.set()

    assert len(site.registry.now.bookings) == 1
    assert len(site.answers.kept) == 1, "and whoever asks again under the key is told"


# --- us ---------------------------------------------------------------------------------------------------------------


async def test_a_store_that_cannot_write_now_says_when_to_try_again() -> None:
    async with ApiSite().served() as site:

        async def full(_work):
            raise StoreError("natoma.db: the disk is full")

        site.stores.bookings.together = full  # type: ignore[method-assign]
        answer = await site.tell("POST", "/bookings", await site.secret(WRITE, person="alice"), wish())

    assert (answer.status, answer.problem, answer.headers["Retry-After"]) == (503, "unavailable", "2")
    assert answer.body["detail"] == "It cannot be written down now; try again."
    assert "natoma.db" not in str(answer.body)


async def test_a_bug_is_told_without_its_trace() -> None:
    async with ApiSite().served() as site:
        secret = await site.secret(ROOMS)
        site.feed.current = None  # type: ignore[method-assign,assignment]
        answer = await site.tell("GET", "/rooms", secret)

    assert (answer.status, answer.problem) == (500, "internal")
    assert "Traceback" not in str(answer.body)
    assert "NoneType" not in str(answer.body)


@pytest.mark.parametrize(("path", "status"), [("/rooms", 200), ("/nowhere", 404), ("/bookings", 403)])
async def test_every_answer_is_for_the_asker_alone(path: str, status: int) -> None:
    async with ApiSite().served() as site:
        answer = await site.tell("GET", path, await site.secret(ROOMS), headers={"Origin": "https://elsewhere.example"})

    assert answer.status == status
    assert answer.headers["Cache-Control"] == "no-store"
    assert not [name for name in answer.headers if name.startswith("Access-Control")]
    assert {name: answer.headers[name] for name in SECURITY_HEADERS} == SECURITY_HEADERS


async def test_another_site_in_a_browser_is_refused_even_with_a_token() -> None:
    async with ApiSite().served() as site:
        answer = await site.tell("GET", "/rooms", await site.secret(ROOMS), headers={"Sec-Fetch-Site": "cross-site"})

    assert answer.status == 403


async def test_the_address_of_a_problem_says_what_it_is() -> None:
    async with ApiSite().served() as site:
        told = [await site.tell("GET", problem.uri) for problem in Problem]
        unknown = await site.tell("GET", "/problems/nonsense")

    assert all(one.status == 200 for one in told)
    assert all(str(problem.status.value) in one.body for problem, one in zip(Problem, told, strict=True))
    assert unknown.status == 404


@pytest.mark.parametrize("reason", RefuseReason)
def test_every_refusal_of_the_desk_is_a_problem_of_its_own(reason: RefuseReason) -> None:
    problem = of_reason(reason)

    assert problem.uri == f"/problems/{reason}"
    assert 400 <= problem.status < 500
    assert problem.heading
