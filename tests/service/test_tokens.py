"""Tokens: made and revoked by command, known again by the service within a second."""

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest

from controller.domain.ids import AreaId, PersonId
from controller.domain.membership import Person, PersonKind
from controller.domain.tokens import Token, TokenScope
from controller.errors import InputError, StoreError
from controller.services.tokens.attempts import FREE_TRIES, MANY
from controller.services.tokens.desk import MadeToken, TokenDesk
from controller.services.tokens.keyring import FOLLOW_EVERY, Keyring, Unknown
from controller.services.tokens.secret import digest_of, new_secret
from tests.support.memory_tokens import MemoryTokens
from tests.support.services import ALICE, NOON, SPACE, HandClock

DANA = Person(PersonId("dana"), "Dana Ek", PersonKind.STAFF)
PEOPLE = {person.id: person for person in (ALICE, DANA)}
HERE = "127.0.0.1"


def desk(store: MemoryTokens | None = None, clock: HandClock | None = None) -> TokenDesk:
    return TokenDesk(store or MemoryTokens(), SPACE, PEOPLE, (clock or HandClock()).now())


async def known(store: MemoryTokens, clock: HandClock, **more: str) -> tuple[Keyring, MadeToken]:
    """A keyring, and a token it knows."""
    made = await desk(store, clock).create("lobby screen", ["rooms:read"], **more)  # type: ignore[arg-type]
    keyring = Keyring(store, clock, PEOPLE.get)
    await keyring.refresh()
    return keyring, made


# --- the desk ---------------------------------------------------------------------------------------------------------


async def test_a_token_is_kept_by_its_digest_and_told_once() -> None:
    store = MemoryTokens()

    made = await desk(store).create("lobby  screen", ["rooms:read", "bookings:read"], room="Study")

    (kept,) = await store.tokens()
    assert kept.digest == digest_of(made.secret)
    assert kept.token == made.token
    assert (made.token.name, made.token.area, made.token.person) == ("lobby screen", AreaId("study"), None)
    assert made.secret not in repr(made)
    assert made.secret not in made.said


async def test_a_token_is_good_for_ninety_days_unless_said_otherwise() -> None:
    usual = await desk().create("calendar", ["rooms:read"])
    shorter = await desk().create("visit", ["rooms:read"], life=timedelta(hours=12))

    assert usual.token.expires_at - NOON == timedelta(days=90)
    assert shorter.token.expires_at - NOON == timedelta(hours=12)


@pytest.mark.parametrize(
    ("words", "more", "said"),
    [
        (["booking:read"], {}, "--scope: 'booking:read' — did you mean bookings:read?"),
        ([], {}, "--scope: what the token is good for"),
        (["rooms:read"], {"life": timedelta(days=366)}, "--expires: 366 days — at most 365 days"),
        (["rooms:read"], {"life": timedelta()}, "--expires: 0:00:00 — at most 365 days, and more than none"),
        (["rooms:read"], {"room": "Stdy"}, "--room: House has no room 'Stdy' — did you mean Study?"),
        (["rooms:read"], {"room": "lobby"}, "--room: House has no room 'lobby'"),
        (["rooms:read"], {"person": "bob"}, "--person: nobody here is 'bob'"),
        (["events:read"], {"room": "study"}, "--room: events:read is about the whole house"),
        (["panel"], {}, "panel is for the screen of one room — say which with --room"),
        (["bookings:write"], {}, "bookings:write acts as somebody — say as whom with --person"),
        (["booth:write"], {"room": "booth"}, "booth:write acts as somebody"),
        (["people:read"], {}, "it is for staff: name one with --person"),
        (["people:read"], {"person": "alice"}, "it is for staff: name one with --person"),
    ],
)
async def test_a_token_that_makes_no_sense_is_not_made(words: list[str], more: dict[str, object], said: str) -> None:
    store = MemoryTokens()

    with pytest.raises(InputError) as refused:
        await desk(store).create("screen", words, **more)  # type: ignore[arg-type]

    assert said in str(refused.value)
    assert await store.tokens() == []


@pytest.mark.parametrize("name", ["", "  ", "x" * 61, "a\x00b"])
async def test_a_token_has_a_name_that_can_be_read(name: str) -> None:
    with pytest.raises(InputError, match="1 to 60 characters"):
        await desk().create(name, ["rooms:read"])


async def test_the_list_says_what_each_is_good_for_and_never_its_secret() -> None:
    store, clock = MemoryTokens(), HandClock()
    made = await desk(store, clock).create("Alice's phone", ["bookings:write"], person="Alice", room="study")
    await desk(store, clock).create("old", ["rooms:read"], life=timedelta(hours=1))
    await store.tokens_used({made.token.id: NOON})
    clock.advance(7200)

    (line,) = await desk(store, clock).listed()
    assert line.startswith(f"{made.token.id}  Alice's phone: bookings:write, in Study, as Alice, until Sun 21 Feb 2027")
    assert line.endswith("last used today 12:00")
    everything = await desk(store, clock).listed(all_=True)
    assert {one.partition("  ")[2] for one in everything if one != line} == {"old: rooms:read, expired, never used"}


async def test_a_token_is_revoked_by_its_id_or_its_name() -> None:
    store = MemoryTokens()
    first = await desk(store).create("first", ["rooms:read"])
    await desk(store).create("second", ["rooms:read"])

    assert "first" in await desk(store).revoke(first.token.id)
    assert "second" in await desk(store).revoke("Second")
    assert await desk(store).listed() == []
    with pytest.raises(InputError, match="revoked already"):
        await desk(store).revoke(first.token.id)


async def test_a_name_that_two_tokens_have_revokes_neither() -> None:
    store = MemoryTokens()
    for _ in range(2):
        await desk(store).create("screen", ["rooms:read"])

    with pytest.raises(InputError, match="2 tokens are called 'screen' — give one's id: token-"):
        await desk(store).revoke("screen")
    with pytest.raises(InputError, match="no token 'sreen' — did you mean screen"):
        await desk(store).revoke("sreen")
    assert len(await desk(store).listed()) == 2


# --- the keyring ------------------------------------------------------------------------------------------------------


async def test_a_secret_is_known_again() -> None:
    keyring, made = await known(MemoryTokens(), HandClock())

    token = keyring.recognise(made.secret, HERE)

    assert isinstance(token, Token)
    assert token.scopes == {TokenScope.ROOMS_READ}


@pytest.mark.parametrize(
    ("secret", "why"),
    [
        (None, "the request has no token"),
        ("natoma_abc", "not a token of Natoma, or not all of it"),
        (new_secret(), "no token of this house"),
    ],
    ids=["none", "cut", "strange"],
)
async def test_what_is_no_secret_of_ours_is_not_known(secret: str | None, why: str) -> None:
    keyring, _ = await known(MemoryTokens(), HandClock())

    answer = keyring.recognise(secret, HERE)

    assert isinstance(answer, Unknown)
    assert why in answer.why
    assert secret is None or secret not in repr(answer)


async def test_a_token_that_has_ended_is_refused_by_its_name() -> None:
    clock = HandClock()
    keyring, made = await known(MemoryTokens(), clock)
    clock.advance(90 * 86_400)

    assert keyring.recognise(made.secret, HERE) == Unknown("the token 'lobby screen' is expired")


async def test_a_token_revoked_elsewhere_is_refused_within_a_second() -> None:
    store, clock = MemoryTokens(), HandClock()
    keyring, made = await known(store, clock)

    await desk(store, clock).revoke(made.token.id)
    await keyring.refresh()  # each FOLLOW_EVERY

    assert FOLLOW_EVERY < 1.0
    assert keyring.recognise(made.secret, HERE) == Unknown("the token 'lobby screen' is revoked")


@pytest.mark.parametrize(
    ("alice", "why"),
    [
        (replace(ALICE, banned=True), "acts for somebody who is banned"),
        (None, "acts for somebody who is not known here any more"),
    ],
    ids=["banned", "gone"],
)
async def test_a_token_ends_with_whom_it_acts_for(alice: Person | None, why: str) -> None:
    store, clock = MemoryTokens(), HandClock()
    made = await desk(store, clock).create("phone", ["bookings:write"], person="alice")
    now = {ALICE.id: ALICE}
    keyring = Keyring(store, clock, now.get)
    await keyring.refresh()
    before = keyring.recognise(made.secret, HERE)
    now.clear()
    if alice is not None:
        now[alice.id] = alice

    assert isinstance(before, Token)
    assert keyring.recognise(made.secret, HERE) == Unknown(f"the token 'phone' {why}")


async def test_guessing_is_slowed_down_and_a_good_token_is_not() -> None:
    keyring, made = await known(MemoryTokens(), HandClock())

    answers = [keyring.recognise(new_secret(), HERE) for _ in range(FREE_TRIES + 1)]

    assert isinstance(answers[-1], Unknown)
    assert answers[-1].wait_s == 2
    assert isinstance(keyring.recognise(made.secret, HERE), Token)


async def test_forgetting_the_token_is_not_guessing() -> None:
    keyring, _ = await known(MemoryTokens(), HandClock())

    assert all(keyring.recognise(None, HERE) == keyring.recognise(None, HERE) for _ in range(FREE_TRIES))


async def run_once(keyring: Keyring) -> None:
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(FOLLOW_EVERY / 2):
            await keyring.run()


async def test_a_use_is_written_once_a_minute() -> None:
    store, clock = MemoryTokens(), HandClock()
    keyring, made = await known(store, clock)
    seen = []
    for _ in range(4):
        keyring.recognise(made.secret, HERE)
        await run_once(keyring)
        seen.append((await store.tokens())[0].token.used_at)
        clock.advance(25)

    assert seen == [NOON, NOON, NOON, NOON + timedelta(seconds=75)]


async def test_a_use_that_could_not_be_written_is_written_later() -> None:
    store, clock = MemoryTokens(), HandClock()
    keyring, made = await known(store, clock)
    keyring.recognise(made.secret, HERE)
    written = store.tokens_used

    async def full(_uses: object) -> None:
        raise StoreError("the disk is full")

    store.tokens_used = full  # type: ignore[method-assign]
    await run_once(keyring)
    assert (await store.tokens())[0].token.used_at is None

    store.tokens_used = written  # type: ignore[method-assign]
    await run_once(keyring)

    assert (await store.tokens())[0].token.used_at == NOON


async def test_tokens_are_as_they_were_while_the_store_does_not_answer() -> None:
    store, clock = MemoryTokens(), HandClock()
    keyring, made = await known(store, clock)
    store.failure = StoreError("the server is away")
    await run_once(keyring)

    assert isinstance(keyring.recognise(made.secret, HERE), Token)


async def test_staff_see_that_somebody_tries() -> None:
    store, clock = MemoryTokens(), HandClock()
    told: list[tuple[str, bool, str]] = []
    keyring = Keyring(store, clock, PEOPLE.get, lambda *said: told.append(said))
    await run_once(keyring)
    await desk(store, clock).create("screen", ["rooms:read"])
    await run_once(keyring)
    for _ in range(MANY):
        keyring.recognise(new_secret(), "10.0.0.9")
    await run_once(keyring)

    assert told == [
        ("api tokens", True, "none made"),
        ("api tokens", True, "1 in use"),
        ("api tokens", False, "30 requests in 10 min with tokens that are not known, from 10.0.0.9"),
    ]
