"""Laws of access, for anything anybody may hold: what is never granted, what is never denied, what is told."""

from dataclasses import replace
from datetime import datetime, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from controller.domain.access import STEPS, Denied, Granted, GrantKind, NeedsPin, Read, Rights, decide
from controller.domain.grants import Cost, Grant
from controller.domain.house import HouseState, Lockdown, Scope
from controller.domain.membership import CredentialState, Lease, Membership, PersonKind, Right
from controller.domain.shared import PinEntry
from controller.domain.sources import CHEAPEST_FIRST
from controller.domain.standing import local_day
from controller.domain.usage import ChargeKind
from tests.unit.domain.access_worlds import WORLD, anything, likely, moments, near_moments, reads, scenes, until
from tests.unit.domain.asking import booking, evening
from tests.unit.domain.house import ALICE, HOST, NOON, SF, badge_of, lease, member, read

LIVE = read(pin=PinEntry.RIGHT)
times = moments | near_moments
# The worlds are large and drawn slowly; whether each is answered rightly is asked of thousands more in `tests/oracle`.
enough = settings(max_examples=60)


@enough
@given(anything, times, st.sampled_from([None, *PinEntry]))
def test_exit_is_never_denied(world: Rights, at: datetime, pin: PinEntry | None) -> None:
    if world.door is not None:
        decision = decide(read(direction="out", pin=pin), world, at)

        assert isinstance(decision, Granted)
        assert decision.grant.kind is GrantKind.EXIT


@enough
@given(anything | likely, times, reads)
def test_a_read_that_is_not_live_is_never_granted(world: Rights, at: datetime, read_: Read) -> None:
    if read_.retained or read_.duplicate or read_.age_s > 5.0:
        decision = decide(read_, world, at)
        assert isinstance(decision, Denied)
        assert decision.is_ignored


@enough
@given(anything | likely, times, st.sampled_from([CredentialState.LOST, CredentialState.BLOCKED]), st.booleans())
def test_a_blocked_badge_and_a_banned_person_never_enter(
    world: Rights, at: datetime, state: CredentialState, banned: bool
) -> None:
    blocked = replace(world, credential=badge_of(ALICE, state=state))
    outlawed = replace(world, person=replace(world.person or ALICE, banned=True))

    assert isinstance(decide(LIVE, outlawed if banned else blocked, at), Denied)


@enough
@given(anything | likely, times, reads)
def test_the_reason_is_the_first_failing_step_and_steps_fail_in_order(world: Rights, at: datetime, read_: Read) -> None:
    decision = decide(read_, world, at)
    if isinstance(decision, NeedsPin):
        return

    order = [step for step, _ in STEPS]
    positions = [order.index(each.step) for each in decision.failed]
    assert positions == sorted(set(positions))
    if isinstance(decision, Denied):
        assert decision.failed[0].reason == decision.reason
    else:
        assert read_.direction == "out" or decision.failed == ()


@enough
@given(anything | likely, times)
def test_in_a_lockdown_nobody_enters_without_the_override_right(world: Rights, at: datetime) -> None:
    locked = replace(world, house=HouseState(lockdowns=(Lockdown("l", Scope(), NOON, HOST.id, "why"),)))
    decision = decide(LIVE, locked, at)

    if isinstance(decision, Granted):
        assert world.person is not None
        assert Right.OVERRIDE_LOCKDOWN in world.person.rights


@enough
@given(anything | likely, times)
def test_a_wrong_pin_enters_nowhere_and_a_duress_pin_where_the_right_one_does(world: Rights, at: datetime) -> None:
    right, forced = (decide(read(pin=pin), world, at) for pin in (PinEntry.RIGHT, PinEntry.DURESS))

    assert isinstance(decide(read(pin=PinEntry.WRONG), world, at), Denied)
    assert not isinstance(right, NeedsPin)
    assert forced == replace(right, is_duress=True)


@enough
@given(scenes())
def test_the_grant_is_the_cheapest_there_is(scene: tuple[Rights, datetime]) -> None:
    world, at = scene
    decision = decide(LIVE, world, at)
    if not isinstance(decision, Granted) or world.door is None:
        return
    day = local_day(at, SF, WORLD.cut_off_minutes)

    answers = [source(world, world.door, day, at) for _, source in CHEAPEST_FIRST]

    assert decision.grant.cost == min(each.cost for each in answers if isinstance(each, Grant))


@enough
@given(scenes())
def test_a_source_never_gives_a_grant_cheaper_than_its_place(scene: tuple[Rights, datetime]) -> None:
    world, at = scene
    day = local_day(at, SF, WORLD.cut_off_minutes)
    for least, source in CHEAPEST_FIRST:
        answer = source(world, world.door, day, at) if world.door is not None else None
        assert not isinstance(answer, Grant) or answer.cost >= least
    assert [least for least, _ in CHEAPEST_FIRST] == sorted(least for least, _ in CHEAPEST_FIRST)


more_rights = st.sampled_from(
    [
        {"memberships": (member(),)},
        {"leases": (lease(),)},
        {"bookings": (booking(),)},
        {"hosting": (evening(host=ALICE.id),)},
    ]
)


@enough
@given(scenes(), more_rights)
def test_another_right_never_turns_a_grant_into_a_refusal(
    scene: tuple[Rights, datetime], more: dict[str, tuple[Membership | Lease, ...]]
) -> None:
    world, at = scene
    if isinstance(decide(LIVE, world, at), Granted):
        richer = replace(world, **{name: (*getattr(world, name), *held) for name, held in more.items()})  # type: ignore[arg-type]

        assert isinstance(decide(LIVE, richer, at), Granted)


@enough
@given(scenes())
def test_no_charge_goes_over_what_is_left(scene: tuple[Rights, datetime]) -> None:
    world, at = scene
    decision = decide(LIVE, world, at)
    charge = decision.grant.charge if isinstance(decision, Granted) else None
    if charge is None or world.door is None:
        return
    day, usage = local_day(at, SF, WORLD.cut_off_minutes).business, world.usage

    assert charge.day == day
    assert WORLD.areas[world.door.inner].counted
    if charge.kind is ChargeKind.QUOTA_DAY:
        week = [each for each in usage.quota_days if each.isocalendar()[:2] == day.isocalendar()[:2]]
        assert day not in week
        assert len(week) < 2
    if charge.kind is ChargeKind.DAY_PASS:
        assert usage.day_passes_left > 0
    if charge.kind is ChargeKind.PAY_AS_YOU_GO:
        assert world.person is not None
        assert world.person.pays_as_you_go
        assert isinstance(decision, Granted)
        assert decision.grant.cost is Cost.PAY_AS_YOU_GO


@enough
@given(anything | likely, times)
def test_staff_come_for_nothing_and_only_they_do(world: Rights, at: datetime) -> None:
    decision = decide(LIVE, world, at)
    if isinstance(decision, Granted):
        is_staff = world.person is not None and world.person.kind is PersonKind.STAFF
        assert (decision.grant.cost is Cost.NOTHING) == is_staff
        assert (decision.grant.kind is GrantKind.STAFF) == is_staff


@given(scenes(), st.floats(0.0, 0.999))
def test_at_the_time_that_is_told_the_same_badge_works_and_before_it_does_not(
    scene: tuple[Rights, datetime], part: float
) -> None:
    at = scene[1]
    world = until(scene[0], at)
    decision = decide(LIVE, world, at)
    if not isinstance(decision, Denied) or decision.miss is None or decision.miss.next_time is None:
        return

    then = decision.miss.next_time

    assert then > at
    assert isinstance(decide(LIVE, world, then), Granted)
    assert isinstance(decide(LIVE, world, then - timedelta(microseconds=1)), Denied)
    assert isinstance(decide(LIVE, world, at + (then - at) * part), Denied)


@given(scenes(), st.floats(0.0, 13.0))
def test_where_no_time_is_told_waiting_is_no_help(scene: tuple[Rights, datetime], days: float) -> None:
    at = scene[1]
    world = until(scene[0], at)
    decision = decide(LIVE, world, at)

    if isinstance(decision, Denied) and (decision.miss is None or decision.miss.next_time is None):
        assert isinstance(decide(LIVE, world, at + timedelta(days=days)), Denied)
