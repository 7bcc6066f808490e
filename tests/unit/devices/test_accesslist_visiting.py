"""A visiting pass that nobody has shown before, at a door alone: good by its issuer's key, within what its plan opens here."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from devices import codec, passes
from devices.accesslist import (
    PAGE_BYTES,
    AccessListError,
    LocalDecision,
    OpenedList,
    Refusal,
    Terms,
    decide_offline,
    issuer_hash,
    open_list,
    prepare,
    seal,
)
from devices.badges import CONTRACT
from devices.messages import AccessEntry, AccessIssuer, AccessList, BadgeReadData
from devices.passes import Pass
from tests.support.lists import ALICE, ALWAYS, KEYS, LIST_KEY, NOON, SALT, SIGNING_KEY, entry, hash_of

TRUDAINES_KEY, ANOTHER_KEY = bytes([7]) * 32, bytes([8]) * 32
TRUDAINE = AccessIssuer(iss="trudaine", key=passes.public_key_text(TRUDAINES_KEY), h=issuer_hash(SALT, "trudaine"))
DAYTIME = tuple((day * 1440 + 480, day * 1440 + 1200) for day in range(7))  # 08:00 to 20:00
CAMILLES = Pass("trudaine", "camille", "k7m2p9qx", NOON - timedelta(hours=1), NOON + timedelta(days=3))
DAY = timedelta(days=1)


def sealed(
    *entries: AccessEntry, issuers: tuple[AccessIssuer, ...] = (TRUDAINE,), valid: timedelta = timedelta(days=7)
) -> list[AccessList]:
    issued = NOON - timedelta(hours=1)
    terms = Terms("door-street", 41, issued, issued + valid, SALT, "Europe/Paris", 240, (), issuers)
    return seal(terms, [prepare(one) for one in entries], SIGNING_KEY)


def opens(**more: object) -> AccessEntry:
    return AccessEntry(h=TRUDAINE.h, **{"weekly": ALWAYS, "days": 1, **more})  # type: ignore[arg-type]


def held(*entries: AccessEntry, **more: object) -> OpenedList:
    pages = sealed(*(entries or (opens(),)), **more)  # type: ignore[arg-type]
    return open_list(dict(enumerate(pages)), KEYS.public_key, "door-street")


def shown(given: Pass = CAMILLES, key: bytes = TRUDAINES_KEY) -> BadgeReadData:
    return BadgeReadData(token=passes.issue(given, key))


def ask(opened: OpenedList, what: BadgeReadData, at: datetime = NOON, **more: object) -> LocalDecision:
    return decide_offline(opened, LIST_KEY, what, CONTRACT, at, **more)  # type: ignore[arg-type]


def answer(*args: object, **more: object) -> tuple[bool, str]:
    decision = ask(*args, **more)  # type: ignore[arg-type]
    return decision.admitted, decision.reason.value


def test_a_visiting_pass_nobody_has_seen_yet_opens_a_door_alone():
    decision = ask(held(), shown())

    assert (decision.admitted, decision.uses_day) == (True, True)
    assert decision.visit == CAMILLES


def test_a_forged_pass_opens_nothing():
    genuine = passes.issue(CAMILLES, TRUDAINES_KEY)
    swapped = genuine[:-4] + ("AAAA" if genuine[-4:] != "AAAA" else "BBBB")

    assert answer(held(), BadgeReadData(token=swapped)) == (False, "unknown_credential")


def test_a_pass_signed_with_another_spaces_key_opens_nothing():
    assert answer(held(), shown(key=ANOTHER_KEY)) == (False, "unknown_credential")


def test_a_pass_of_a_space_that_is_no_partner_opens_nothing():
    assert answer(held(), shown(replace(CAMILLES, issuer="elsewhere"))) == (False, "unknown_credential")
    assert answer(held(issuers=()), shown()) == (False, "unknown_credential")


@pytest.mark.parametrize(
    ("at", "expected"),
    [
        (CAMILLES.start - timedelta(minutes=3), (False, "pass_not_yet_valid")),
        (CAMILLES.start, (True, "member")),
        (CAMILLES.end - timedelta(seconds=1), (True, "member")),
        (CAMILLES.end, (False, "pass_over")),
    ],
    ids=["too early", "first moment", "last moment", "over"],
)
def test_a_pass_is_good_from_its_first_moment_until_its_last(at: datetime, expected: tuple[bool, str]):
    assert answer(held(), shown(), at) == expected


def test_a_door_whose_clock_is_unknown_takes_no_unseen_pass_even_of_a_plan_without_hours():
    unset = datetime(1970, 1, 1, tzinfo=UTC)

    assert answer(held(opens(days=None, holidays=True)), shown(), unset, clock_known=False) == (False, "clock_unknown")
    assert answer(held(), shown(), NOON - timedelta(days=1)) == (False, "clock_unknown")


def test_outside_the_hours_of_its_plan_a_pass_opens_nothing():
    late = datetime(2026, 5, 4, 21, 0, tzinfo=UTC)  # 23:00 in Paris

    assert answer(held(opens(weekly=DAYTIME)), shown(), late) == (False, "outside_hours")


def test_past_the_end_of_the_list_a_pass_opens_nothing():
    opened = held(valid=timedelta(hours=2))

    assert answer(opened, shown(), NOON + timedelta(hours=3)) == (False, "list_expired")


def test_a_pass_that_was_called_back_is_refused_by_its_id():
    issuer = TRUDAINE.model_copy(update={"revoked": (CAMILLES.id,)})

    assert answer(held(issuers=(issuer,)), shown()) == (False, "pass_revoked")
    assert answer(held(issuers=(issuer,)), shown(replace(CAMILLES, id="another")))[0]


def test_all_that_a_member_had_by_a_moment_is_refused_and_a_later_pass_is_not():
    issuer = TRUDAINE.model_copy(update={"subs": {"camille": CAMILLES.start}})

    assert answer(held(issuers=(issuer,)), shown()) == (False, "pass_revoked")
    assert answer(held(issuers=(issuer,)), shown(replace(CAMILLES, id="new", start=NOON)))[0]
    assert answer(held(issuers=(issuer,)), shown(replace(CAMILLES, subject="odette")))[0]


def test_alone_a_visitor_is_let_in_on_one_business_day_whichever_passes_they_show():
    opened = held()
    first = ask(opened, shown())

    again = ask(opened, shown(replace(CAMILLES, id="second")), NOON + timedelta(hours=3), used=first.used)
    tomorrow = ask(opened, shown(), NOON + DAY, used=again.used)
    another = ask(opened, shown(replace(CAMILLES, subject="odette")), NOON + DAY, used=again.used)

    assert (again.admitted, again.uses_day) == (True, False)
    assert (tomorrow.admitted, tomorrow.reason.value) == (False, "quota_used_up")
    assert another.admitted


def test_a_new_week_of_the_plan_gives_a_visitor_no_second_day_at_a_door_alone():
    monday = datetime(2026, 5, 11, 2, 0, tzinfo=UTC)  # the cut-off in Paris
    opened = held(opens(until=monday), opens(since=monday), valid=timedelta(days=10))
    week_long = replace(CAMILLES, end=CAMILLES.start + timedelta(days=7))

    sunday = ask(opened, shown(week_long), NOON + 6 * DAY)
    after = ask(opened, shown(week_long), monday + timedelta(hours=1), used=sunday.used)

    assert (sunday.admitted, after.admitted, after.reason.value) == (True, False, "quota_used_up")


def test_a_pass_the_list_knows_is_answered_by_its_own_entry():
    token = shown()
    opened = held(opens(), entry(token, weekly=DAYTIME))

    decision = ask(opened, token, datetime(2026, 5, 4, 21, 0, tzinfo=UTC))

    assert (decision.admitted, decision.reason.value, decision.visit) == (False, "outside_hours", None)


@settings(max_examples=60, deadline=None)
@given(st.text(max_size=200), st.sampled_from(["natoma-visit-1.", "natoma-visit-1.e30.", ""]))
def test_whatever_is_shown_is_answered_and_nothing_unsigned_opens(text: str, beginning: str):
    token = (beginning + text)[:256] or "x"

    assert not ask(held(), BadgeReadData(token=token)).admitted


def test_the_entries_of_a_partner_are_no_badges():
    assert answer(held(), ALICE) == (False, "unknown_credential")
    assert hash_of(BadgeReadData(token="trudaine")) != TRUDAINE.h


@pytest.mark.parametrize(
    "change",
    [
        {"key": passes.public_key_text(ANOTHER_KEY)},
        {"iss": "elsewhere"},
        {"h": "00" * 16},
        {"revoked": None},
        {"subs": None},
        {"subs": {"camille": NOON}},
    ],
    ids=lambda change: next(iter(change)),
)
def test_whatever_is_changed_of_a_partner_on_the_way_is_forged(change: Mapping[str, object]):
    issuer = TRUDAINE.model_copy(update={"revoked": ("aaa",), "subs": {"odette": NOON}})
    (page,) = sealed(opens(), issuers=(issuer,))

    for others in ((issuer.model_copy(update=change),), None, (issuer, issuer)):
        with pytest.raises(AccessListError) as caught:
            open_list({0: page.model_copy(update={"issuers": others})}, KEYS.public_key, "door-street")
        assert caught.value.reason is Refusal.FORGED


def test_partners_are_on_the_first_page_only_and_every_page_keeps_its_size():
    issuer = TRUDAINE.model_copy(update={"revoked": tuple(f"revoked-{n:04}" for n in range(500))})
    many = [AccessEntry(h=f"{number:032x}", weekly=((480, 1200), (1920, 2640))) for number in range(1000)]
    pages = sealed(*many, opens(), issuers=(issuer,))

    assert len(pages) > 1
    assert [page.issuers is None for page in pages] == [False, *(True for _ in pages[1:])]
    assert all(len(codec.encode(page)) <= PAGE_BYTES for page in pages)
    # What somebody adds to a later page is not looked at.
    added = {**dict(enumerate(pages)), 1: pages[1].model_copy(update={"issuers": (TRUDAINE,)})}
    assert open_list(added, KEYS.public_key, "door-street").issuers == {"trudaine": issuer}


def test_a_list_with_partners_is_still_signed_after_its_way_over_the_wire():
    issuer = TRUDAINE.model_copy(update={"revoked": ("aaa",), "subs": {"odette": NOON, "ada": NOON}})
    (page,) = sealed(opens(), issuers=(issuer,))

    opened = open_list(
        {0: AccessList.model_validate_json(codec.encode(page))}, KEYS.public_key, "door-street"
    )  # fmt: skip

    assert answer(opened, shown())[0]
