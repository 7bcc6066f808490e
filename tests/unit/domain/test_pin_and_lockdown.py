"""The steps between the badge and the grants: the PIN, the lockdown; what each hides and what it does not."""

from dataclasses import replace

import pytest

from controller.domain.access import Denied, DenyReason, Failing, Granted, GrantKind, NeedsPin, Rights, Step, decide
from controller.domain.building import Door, PinMode
from controller.domain.house import HouseState, Lockdown, Scope, ScopeKind
from controller.domain.ids import FloorId, PersonId, ZoneId
from controller.domain.membership import Credential, CredentialKind, CredentialState, Person, Right, Standing
from controller.domain.shared import PinEntry
from tests.unit.domain.asking import answer, decided, failing, miss
from tests.unit.domain.house import (
    ALICE,
    GROUND,
    HOST,
    LANDING,
    LOBBY,
    NIGHT,
    NOON,
    OFFICE_DOOR,
    SPACE,
    STREET,
    badge_of,
    lease,
    member,
    read,
    rights,
)

WITH_PIN = replace(STREET, pin=PinMode.REQUIRED)

# --- PIN ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "held",
    [
        pytest.param(rights(member(), at=WITH_PIN), id="a member"),
        pytest.param(rights(at=WITH_PIN, person=HOST), id="staff"),
        pytest.param(rights(at=WITH_PIN, person=replace(ALICE, banned=True)), id="somebody banned"),
        pytest.param(rights(at=WITH_PIN), id="somebody without a membership"),
        pytest.param(rights(member(standing=Standing.OVERDUE), at=WITH_PIN), id="somebody with a bill"),
    ],
)
def test_a_pin_is_asked_before_rights_are_known_so_that_nothing_leaks(held: Rights) -> None:
    assert decide(read(), held, NIGHT) == NeedsPin()


@pytest.mark.parametrize(
    ("entry", "expected"),
    [
        pytest.param(PinEntry.TIMEOUT, DenyReason.PIN_TIMEOUT, id="timeout"),
        pytest.param(PinEntry.WRONG, DenyReason.PIN_WRONG, id="wrong"),
        pytest.param(PinEntry.LOCKED_OUT, DenyReason.PIN_LOCKED_OUT, id="locked out"),
        pytest.param(PinEntry.RIGHT, GrantKind.PLAN, id="right"),
        pytest.param(PinEntry.DURESS, GrantKind.PLAN, id="under duress"),
    ],
)
def test_a_pin_fails_by_timeout_wrong_or_locked_out(entry: PinEntry, expected: object) -> None:
    assert answer(rights(member(), at=WITH_PIN), read_=read(pin=entry)) == expected


def test_a_pin_is_not_asked_for_a_badge_that_is_refused_anyway() -> None:
    lost = badge_of(ALICE, state=CredentialState.LOST)

    assert failing(rights(member(), at=WITH_PIN, credential=lost)) == [DenyReason.CREDENTIAL_LOST]
    assert failing(rights(at=WITH_PIN, person=None)) == [DenyReason.UNKNOWN_CREDENTIAL]
    assert answer(rights(member(), at=replace(WITH_PIN, enabled=False))) == DenyReason.DOOR_DISABLED
    assert answer(rights(member(), at=WITH_PIN), read_=read(age_s=9.0)) == DenyReason.STALE_READ


def test_a_wrong_pin_is_the_answer_whoever_it_was_and_the_rest_is_kept_for_staff() -> None:
    banned = rights(member(), at=WITH_PIN, person=replace(ALICE, banned=True))

    assert decided(banned, NIGHT, read(pin=PinEntry.WRONG)).failed == (
        Failing(Step.PIN, DenyReason.PIN_WRONG),
        Failing(Step.PERSON, DenyReason.BANNED),
        Failing(Step.GRANTS, DenyReason.OUTSIDE_HOURS),
    )


@pytest.mark.parametrize("mode", [PinMode.NEVER, PinMode.ALLOWED])
def test_where_no_pin_is_required_a_badge_alone_will_do(mode: PinMode) -> None:
    assert answer(rights(member(), at=replace(STREET, pin=mode))) == GrantKind.PLAN


def test_nobody_is_asked_for_a_pin_on_the_way_out() -> None:
    assert answer(rights(member(), at=WITH_PIN), read_=read(direction="out")) == GrantKind.EXIT


@pytest.mark.parametrize(
    ("mode", "expected"),
    [
        pytest.param(PinMode.ALLOWED, GrantKind.PLAN, id="where the door takes one"),
        pytest.param(PinMode.NEVER, DenyReason.UNKNOWN_CREDENTIAL, id="not where it asks for none"),
        pytest.param(PinMode.REQUIRED, DenyReason.UNKNOWN_CREDENTIAL, id="nor where it goes with a badge"),
    ],
)
def test_a_pin_alone_is_a_credential_only_where_the_door_allows_it(mode: PinMode, expected: object) -> None:
    pin = badge_of(ALICE, kind=CredentialKind.PIN)

    assert answer(rights(member(), at=replace(STREET, pin=mode), credential=pin)) == expected


@pytest.mark.parametrize(
    ("entry", "expected"), [(PinEntry.WRONG, DenyReason.PIN_WRONG), (PinEntry.LOCKED_OUT, DenyReason.PIN_LOCKED_OUT)]
)
@pytest.mark.parametrize("mode", PinMode)
def test_a_pin_typed_alone_is_not_an_unknown_badge_where_the_door_takes_one(
    mode: PinMode, entry: PinEntry, expected: DenyReason
) -> None:
    typed = rights(at=replace(STREET, pin=mode), person=None)

    told = failing(typed, read_=read(pin=entry))

    assert told == ([expected] if mode is PinMode.ALLOWED else [DenyReason.UNKNOWN_CREDENTIAL, expected])


def test_a_duress_pin_opens_as_usual_and_says_so_to_staff_alone() -> None:
    usual = decided(rights(member(), at=WITH_PIN), read_=read(pin=PinEntry.RIGHT))
    forced = decided(rights(member(), at=WITH_PIN), read_=read(pin=PinEntry.DURESS))

    assert isinstance(usual, Granted)
    assert forced == replace(usual, is_duress=True)


def test_a_duress_pin_that_is_refused_says_so_as_well() -> None:
    forced = decided(rights(member(), at=WITH_PIN), NIGHT, read(pin=PinEntry.DURESS))

    assert isinstance(forced, Denied)
    assert (forced.reason, forced.is_duress) == (DenyReason.OUTSIDE_HOURS, True)


def test_a_duress_pin_shown_alone_says_so() -> None:
    pin: Credential = badge_of(ALICE, kind=CredentialKind.PIN, is_duress=True)

    assert decided(rights(member(), at=replace(STREET, pin=PinMode.ALLOWED), credential=pin)).is_duress


# --- lockdown -----------------------------------------------------------------------------------------


def locked(scope: Scope, at: Door = STREET, person: Person = ALICE, **more: object) -> Rights:
    lockdown = Lockdown("l1", scope, NOON, PersonId("host"), "a fight outside")
    held = rights(member(), at=at, person=person)
    return replace(held, house=HouseState(lockdowns=(lockdown,)), **more)  # type: ignore[arg-type]


EVERYWHERE = Scope()


@pytest.mark.parametrize(
    ("scope", "expected"),
    [
        pytest.param(EVERYWHERE, DenyReason.LOCKDOWN, id="the space"),
        pytest.param(Scope(ScopeKind.FLOOR, GROUND), DenyReason.LOCKDOWN, id="its floor"),
        pytest.param(Scope(ScopeKind.FLOOR, FloorId("first")), GrantKind.PLAN, id="not another floor"),
        pytest.param(Scope(ScopeKind.ZONE, ZoneId("common")), DenyReason.LOCKDOWN, id="its zone"),
        pytest.param(Scope(ScopeKind.ZONE, ZoneId("labs")), GrantKind.PLAN, id="not another zone"),
        pytest.param(Scope(ScopeKind.DOOR, STREET.id), DenyReason.LOCKDOWN, id="the door"),
        pytest.param(Scope(ScopeKind.DOOR, LANDING.id), GrantKind.PLAN, id="not another door"),
    ],
)
def test_a_lockdown_of_space_floor_zone_or_door_blocks_entry_there(scope: Scope, expected: object) -> None:
    common = replace(SPACE.areas[LOBBY], zones=frozenset({ZoneId("common")}))
    space = replace(SPACE, areas={**SPACE.areas, LOBBY: common})

    assert answer(locked(scope, space=space)) == expected


def test_a_lockdown_blocks_staff_leases_and_members_alike() -> None:
    assert answer(locked(EVERYWHERE, person=HOST)) == DenyReason.LOCKDOWN
    assert answer(locked(EVERYWHERE, at=OFFICE_DOOR, leases=(lease(),))) == DenyReason.LOCKDOWN


def test_a_lockdown_blocks_entry_only() -> None:
    assert answer(locked(EVERYWHERE), read_=read(direction="out")) == GrantKind.EXIT


def test_the_override_right_passes_the_lockdown_and_nothing_else() -> None:
    guard = replace(ALICE, rights=frozenset({Right.OVERRIDE_LOCKDOWN}))

    assert answer(locked(EVERYWHERE, person=guard)) == GrantKind.PLAN
    assert answer(locked(EVERYWHERE, person=guard), NIGHT) == DenyReason.OUTSIDE_HOURS
    other = replace(ALICE, rights=frozenset(Right) - {Right.OVERRIDE_LOCKDOWN})
    assert answer(locked(EVERYWHERE, person=other)) == DenyReason.LOCKDOWN


def test_a_lockdown_never_masks_a_lost_badge_or_a_ban() -> None:
    lost = badge_of(ALICE, state=CredentialState.LOST)

    assert failing(locked(EVERYWHERE, credential=lost)) == [DenyReason.CREDENTIAL_LOST, DenyReason.LOCKDOWN]
    banned = locked(EVERYWHERE, person=replace(ALICE, banned=True))
    assert failing(banned) == [DenyReason.BANNED, DenyReason.LOCKDOWN]


def test_a_lockdown_comes_before_the_grants_and_names_no_time() -> None:
    assert failing(locked(EVERYWHERE), NIGHT) == [DenyReason.LOCKDOWN, DenyReason.OUTSIDE_HOURS]
    near = miss(locked(EVERYWHERE), NIGHT)
    assert near is not None
    assert near.next_time is None
