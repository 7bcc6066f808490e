"""A sealed list is taken whole, for its own device, newer than the one held; or it changes nothing."""

import json
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from devices import codec
from devices.accesslist import PAGE_BYTES, AccessListError, Refusal, list_digest, open_list, prepare
from devices.messages import AccessEntry, AccessList, AccessRight
from tests.support.lists import ALICE, BOB, KEYS, LIST_KEY, NOON, entry, hash_of, numbered, sealed

PUBLIC = KEYS.public_key


def long_list(**terms: object) -> list[AccessList]:
    many = [AccessEntry(h=f"{number:032x}", weekly=((480, 1200), (1920, 2640))) for number in range(1000)]
    return sealed(*many, entry(ALICE, AccessRight.BLOCKED), **terms)  # type: ignore[arg-type]


def refusal(pages: dict[int, AccessList], device: str = "door-street", newest: int | None = None) -> Refusal:
    with pytest.raises(AccessListError) as caught:
        open_list(pages, PUBLIC, device, newest)
    return caught.value.reason


def test_each_door_holds_a_signed_list_with_version_issue_and_end():
    (page,) = sealed(entry(ALICE), rev=41)

    opened = open_list({0: page}, PUBLIC, "door-street")

    assert (opened.rev, opened.issued, opened.until) == (41, NOON - timedelta(hours=1), NOON + timedelta(hours=23))
    assert opened.entries[hash_of(ALICE)][0].right is AccessRight.MEMBER


def test_a_list_above_32_kib_comes_in_pages_with_the_blocked_first():
    pages = long_list()

    assert len(pages) > 1
    assert all(page.pages == len(pages) for page in pages)
    assert all(len(codec.encode(page)) <= PAGE_BYTES for page in pages)
    assert pages[0].entries[0].right is AccessRight.BLOCKED
    assert len(open_list(dict(enumerate(pages)), PUBLIC, "door-street").entries) == 1001


def test_what_went_over_the_wire_is_still_signed():
    pages = [AccessList.model_validate_json(codec.encode(page)) for page in long_list()]

    assert open_list(dict(enumerate(pages)), PUBLIC, "door-street").rev == 41


def test_a_missing_page_makes_no_list():
    pages = dict(enumerate(long_list()))
    del pages[1]

    assert refusal(pages) is Refusal.INCOMPLETE


def test_a_list_cut_short_to_look_whole_is_forged():
    first, *_ = long_list()

    assert refusal({0: first.model_copy(update={"pages": None})}) is Refusal.FORGED


def test_pages_of_two_revisions_never_mix():
    older, newer = dict(enumerate(long_list(rev=41))), dict(enumerate(long_list(rev=42)))

    assert refusal({**newer, 1: older[1]}) is Refusal.MIXED


def test_pages_in_another_order_are_forged():
    pages = long_list()
    swapped = {0: pages[1], 1: pages[0], **{n: pages[n] for n in range(2, len(pages))}}

    assert refusal(swapped) is Refusal.FORGED


def test_another_doors_list_is_not_taken():
    assert refusal(dict(numbered(sealed(entry(ALICE), device="door-office")))) is Refusal.FORGED


def test_another_houses_list_is_not_taken():
    assert refusal(dict(numbered(sealed(entry(ALICE), signing_key=bytes(32))))) is Refusal.FORGED


@pytest.mark.parametrize(
    "change",
    [
        {"rev": 99},
        {"until": NOON + timedelta(days=20)},
        {"issued": NOON - timedelta(hours=2)},
        {"salt": "11" * 16},
        {"zone": "UTC"},
        {"cut_off": 0},
        {"closed": ("2026-05-04",)},
        {"entries": ()},
        {"entries": (entry(BOB),)},
        {"entries": (entry(ALICE, AccessRight.STAFF),)},
        {"entries": (entry(ALICE, days=7),)},
        {"entries": (entry(ALICE, holidays=True),)},
        {"entries": (entry(ALICE, hold_s=600.0),)},
        {"entries": (entry(ALICE, weekly=((0, 60),)),)},
        {"entries": (entry(ALICE, since=NOON),)},
        {"entries": (entry(ALICE, until=NOON),)},
        {"entries": (entry(ALICE, weekly=((0, 10080),), once=((NOON, NOON + timedelta(hours=1)),)),)},
        {"sig": "ed25519:" + "A" * 86 + "=="},
        {"sig": "none:" + "A" * 86 + "=="},
        {"sig": "ed25519:not base 64 at all"},
    ],
    ids=lambda change: next(iter(change)),
)
def test_whatever_is_changed_on_the_way_is_forged(change: dict[str, object]):
    (page,) = sealed(entry(ALICE))

    assert refusal({0: page.model_copy(update=change)}) is Refusal.FORGED


@pytest.mark.parametrize("newest", [41, 42])
def test_the_revision_only_rises(newest: int):
    assert refusal(dict(numbered(sealed(entry(ALICE), rev=41))), newest=newest) is Refusal.OLDER


def test_a_list_is_valid_for_at_most_30_days():
    assert open_list(numbered(sealed(entry(ALICE), valid=timedelta(days=30))), PUBLIC, "door-street")
    assert refusal(dict(numbered(sealed(entry(ALICE), valid=timedelta(days=30, seconds=1))))) is Refusal.TOO_LONG


def test_a_zone_nobody_knows_makes_a_list_unreadable():
    assert refusal(dict(numbered(sealed(entry(ALICE), zone="Mars/Olympus")))) is Refusal.UNREADABLE


def test_no_page_is_no_list():
    assert refusal({}) is Refusal.INCOMPLETE


def test_a_stolen_list_holds_no_badge_number_and_two_doors_lists_cannot_be_compared():
    (page,) = sealed(entry(ALICE))
    text = codec.encode(page).decode()

    assert "04AF68" not in text.upper()
    assert hash_of(ALICE, bytes(16)) != hash_of(ALICE, b"\x01" * 16)
    assert list_digest(LIST_KEY, "04AF68DACB5A80/56/iso14443a") != list_digest(bytes(32), "04AF68DACB5A80/56/iso14443a")


def test_no_hash_or_salt_in_any_repr():
    pages = sealed(entry(ALICE), salt=b"\xab" * 16)
    opened = open_list(numbered(pages), PUBLIC, "door-street")
    shown = f"{pages!r} {opened!r} {prepare(entry(ALICE))!r} {KEYS!r}"

    assert hash_of(ALICE) not in shown
    assert "abababab" not in shown
    assert LIST_KEY.hex() not in shown
    assert str(LIST_KEY) not in shown


HASHES = st.sampled_from([f"{number:032x}" for number in range(4)])
ENTRIES = st.builds(
    AccessEntry,
    h=HASHES,
    right=st.sampled_from(AccessRight),
    weekly=st.lists(st.tuples(st.integers(0, 5000), st.integers(5001, 11520)), max_size=2).map(tuple),
    days=st.none() | st.integers(0, 7),
    holidays=st.none() | st.booleans(),
)


@settings(max_examples=60)
@given(st.lists(ENTRIES, max_size=6), st.integers(1, 2**40))
def test_whatever_is_sealed_opens_to_the_same_over_the_wire(entries: list[AccessEntry], rev: int):
    pages = [AccessList.model_validate_json(codec.encode(page)) for page in sealed(*entries, rev=rev)]

    opened = open_list(numbered(pages), PUBLIC, "door-street", rev - 1)

    found = sorted(one.model_dump_json() for several in opened.entries.values() for one in several)
    assert found == sorted(one.model_dump_json() for one in entries)


def test_the_signature_is_over_plain_numbers_so_that_any_firmware_can_check_it():
    (page,) = sealed(entry(ALICE))

    assert json.loads(codec.encode(page))["sig"].startswith("ed25519:")
