"""The list a door holds: taken whole, confirmed by revision, and never spoiled by what does not fit."""

from datetime import timedelta

from devices.messages import AccessEntry, AccessList, Ack, AckPhase
from devices.units import Effects, OwnList
from devices.units.steps import Heard, Publish
from tests.support.lists import ALICE, BOB, KEYS, NOON, entry, sealed


def take(own: OwnList, *pages: AccessList) -> tuple[OwnList, Effects]:
    said: Effects = ()
    for number, page in enumerate(pages):
        own, more = own.takes(Heard(page, retained=True, page=number if len(pages) > 1 else None), page)
        said = (*said, *more)
    return own, said


def acks(effects: Effects) -> list[tuple[str, AckPhase, str | None]]:
    said = [effect.message for effect in effects if isinstance(effect, Publish)]
    return [(ack.re, ack.phase, ack.reason) for ack in said if isinstance(ack, Ack)]


def empty() -> OwnList:
    return OwnList("door-street", KEYS)


def long_list(rev: int) -> list[AccessList]:
    many = [AccessEntry(h=f"{number:032x}", weekly=((480, 1200),)) for number in range(900)]
    return sealed(*many, entry(ALICE), rev=rev)


def test_a_list_is_acknowledged_by_its_revision():
    own, said = take(empty(), *sealed(entry(ALICE), rev=41))

    assert own.rev == 41
    assert acks(said) == [("access-41", AckPhase.DONE, None)]


def test_pages_are_taken_in_any_order_and_acknowledged_once():
    pages = list(enumerate(long_list(41)))
    own = empty()
    said: Effects = ()
    for number, page in reversed(pages):
        own, more = own.takes(Heard(page, page=number), page)
        said = (*said, *more)

    assert len(pages) > 1
    assert own.rev == 41
    assert acks(said) == [("access-41", AckPhase.DONE, None)]


def test_a_cut_off_transfer_changes_nothing():
    own, _ = take(empty(), *sealed(entry(ALICE), rev=41))
    first, *_ = long_list(42)

    after, said = own.takes(Heard(first, page=0), first)

    assert (after.rev, acks(said)) == (41, [])
    assert after.decides(ALICE, NOON)[1].admitted  # type: ignore[union-attr]


def test_a_list_that_overtakes_one_on_its_way_is_taken():
    first, *_ = long_list(42)
    own, _ = empty().takes(Heard(first, page=0), first)

    own, said = take(own, *long_list(43))

    assert own.rev == 43
    assert own.arriving == ()
    assert acks(said) == [("access-43", AckPhase.DONE, None)]


def test_a_forged_page_on_the_way_does_not_spoil_the_true_list():
    pages = long_list(42)
    forged = pages[0].model_copy(update={"rev": 2**40, "entries": (entry(BOB),)})
    own, _ = take(empty(), pages[0])
    own, _ = own.takes(Heard(pages[0], page=0), pages[0])
    own, _ = own.takes(Heard(forged, page=0), forged)

    for number in range(1, len(pages)):
        own, _ = own.takes(Heard(pages[number], page=number), pages[number])

    assert own.rev == 42


def test_a_forged_list_is_refused_and_the_older_one_stays():
    own, _ = take(empty(), *sealed(entry(ALICE), rev=41))

    own, said = take(own, *sealed(entry(BOB), rev=42, signing_key=bytes(32)))

    assert own.rev == 41
    assert acks(said) == [("access-42", AckPhase.REFUSED, "forged")]


def test_the_same_list_again_is_confirmed_and_an_older_one_refused():
    own, _ = take(empty(), *sealed(entry(ALICE), rev=41))

    same, again = take(own, *sealed(entry(ALICE), rev=41))
    still, older = take(own, *sealed(entry(BOB), rev=40))

    assert (same, still) == (own, own)
    assert acks(again) == [("access-41", AckPhase.DONE, None)]
    assert acks(older) == [("access-40", AckPhase.REFUSED, "older")]


def test_a_long_list_said_again_is_answered_once():
    own, _ = take(empty(), *long_list(41))

    assert acks(take(own, *long_list(41))[1]) == [("access-41", AckPhase.DONE, None)]


def test_without_keys_no_list_can_be_known():
    own, said = take(OwnList("door-street"), *sealed(entry(ALICE), rev=41))

    assert own.rev is None
    assert acks(said) == [("access-41", AckPhase.REFUSED, "no_keys")]
    assert take(OwnList("door-street"), *long_list(41))[1] == said
    assert own.decides(ALICE, NOON)[1] is None


def test_days_are_counted_across_taps_and_anew_with_the_next_list():
    own, _ = take(empty(), *sealed(entry(ALICE, days=1), valid=timedelta(days=5)))
    own, monday = own.decides(ALICE, NOON)
    own, tuesday = own.decides(ALICE, NOON + timedelta(days=1))
    own, _ = take(own, *sealed(entry(ALICE, days=1), rev=42, valid=timedelta(days=5)))

    _, after = own.decides(ALICE, NOON + timedelta(days=1))

    assert [one.admitted for one in (monday, tuesday, after) if one is not None] == [True, False, True]
