"""A house with one of each rule in it: doors that count days, ask for PINs, unlock by the clock, let go in a fire.

Made once, with people of every standing; tests run on copies. What a test sets beside it, it writes into the registry
as another process would: with `at_registry`.
"""

import asyncio
import csv
import secrets
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace
from pathlib import Path

from controller.adapters.secrets import BadgeDigests
from controller.app.stores import RegistryStores, open_digests, open_kept
from controller.domain.ids import CredentialId, PersonId
from controller.domain.membership import Credential, CredentialKind, CredentialState, Right
from tests.support.controller import Said, natoma
from tests.support.household import new_badge

SPACE = """\
natoma: 1
id: rules-house
name: House of rules
zone: Europe/Paris
floors:
  ground: {name: Ground floor, size: [40, 20]}
areas:
  hall: {name: Hall, floor: ground, outline: [0, 0, 40, 8], room: {kind: open_space}, zones: [house]}
  stage: {name: Stage, floor: ground, outline: [0, 8, 10, 8], room: {kind: classroom}, zones: [house]}
  safe: {name: Safe, floor: ground, outline: [10, 8, 10, 8], zones: [house]}
  annex: {name: Annex, floor: ground, outline: [20, 8, 10, 8], zones: [house]}
doors:
  front: {name: Front door, from: outside, to: hall, at: [4, 0], fire_egress: true}
  side: {name: Side door, from: outside, to: hall, at: [12, 0], fire_egress: true, timings: {release: 3}}
  gate: {name: Gate, from: outside, to: hall, at: [20, 0], unlock_schedule: every-day, first_person_in: [hana],
    timings: {release: 3}}
  stage: {name: Stage door, from: hall, to: stage, at: [5, 8]}
  safe: {name: Safe door, from: hall, to: safe, at: [13, 8], pin: required}
  vault: {name: Vault door, from: hall, to: safe, at: [17, 8], pin: required}
  annex: {name: Annex door, from: hall, to: annex, at: [25, 8]}
devices:
  door-front: {kind: door_unit, door: front}
  door-side: {kind: door_unit, door: side}
  door-gate: {kind: door_unit, door: gate}
  door-stage: {kind: door_unit, door: stage}
  door-safe: {kind: door_unit, door: safe}
  door-vault: {kind: door_unit, door: vault}
  door-annex: {kind: door_unit, door: annex}
  panel: {kind: sensor, area: hall, channels: [fire]}
schedules:
  never: mon 03:00-03:01
  every-day: {always: true}
plans:
  full: {name: Full-time, where: [hall, safe], schedule: every-day}
  two-days: {name: Two days, where: [hall], schedule: always, days_per_week: 2}
  closed: {name: Night owl, where: [hall], schedule: never}
"""

PINS = {"alice": "271828", "alice-duress": "314159"}
RIGHTS = {
    "hana": (
        Right.TRIGGER_LOCKDOWN,
        Right.CONFIRM_FIRE,
        Right.OVERRIDE_DOORS,
        Right.FORGIVE,
    ),
    "liv": (Right.LIFT_LOCKDOWN,),
    "olga": (Right.OVERRIDE_LOCKDOWN,),
}
_COLUMNS = (
    "id",
    "name",
    "kind",
    "plan",
    "from",
    "until",
    "standing",
    "team",
    "office",
    "badge",
    "badge_format",
    "badge_state",
    "valid_from",
)
_PEOPLE: tuple[dict[str, str], ...] = (
    {"id": "alice", "name": "Alice Arnaud", "kind": "member", "plan": "full"},
    {"id": "tom", "name": "Tom Twoday", "kind": "member", "plan": "two-days"},
    {"id": "tim", "name": "Tim Twoday", "kind": "member", "plan": "two-days"},
    {"id": "ted", "name": "Ted Twoday", "kind": "member", "plan": "two-days"},
    {"id": "lena", "name": "Lena Lost", "kind": "member", "plan": "full"},
    {"id": "bob", "name": "Bob Bernard", "kind": "member", "plan": "full", "standing": "overdue"},
    {"id": "cleo", "name": "Cleo Closed", "kind": "member", "plan": "closed"},
    {"id": "hana", "name": "Hana Host", "kind": "staff"},
    {"id": "liv", "name": "Liv Lift", "kind": "staff"},
    {"id": "olga", "name": "Olga Override", "kind": "member", "plan": "full"},
)


@dataclass(frozen=True, slots=True)
class RulesHouse:
    """A data folder nobody runs, its space file, and what is in people's pockets and heads."""

    data: Path
    space: Path
    badges: dict[str, str] = field(repr=False)  # by person


def make_rules_house(
    folder: Path, space: str = SPACE, people: tuple[dict[str, str], ...] = _PEOPLE, *, with_pins: bool = True
) -> RulesHouse:
    """A new house with these people, their badges made at random."""
    folder.mkdir(parents=True, exist_ok=True)
    space_file, people_file = folder / "space.yaml", folder / "people.csv"
    space_file.write_text(space)
    badges = {row["id"]: new_badge() for row in people} | {"stranger": new_badge()}
    with people_file.open("w", newline="") as file:
        out = csv.DictWriter(file, _COLUMNS)
        out.writeheader()
        for row in people:
            since = {"from": "2020-01-01"} if row.get("plan") else {}
            out.writerow({**since, **row, "badge": badges[row["id"]], "badge_format": "iso14443a"})
    people_file.chmod(0o600)
    data = folder / "data"
    told = natoma("people", "import", people_file, "--apply", "--space", space_file, "--data", data)
    assert told.code == 0, told.err
    known = {row["id"] for row in people}

    async def give(kept: RegistryStores, digests: BadgeDigests) -> None:
        for person, rights in RIGHTS.items():
            if person in known:
                await kept.registry.set_rights(PersonId(person), rights)
        for name, digits in PINS.items() if with_pins else ():
            pin = Credential(CredentialId(f"pin-{name}"), PersonId("alice"), CredentialKind.PIN)
            is_duress = name.endswith("duress")
            await kept.registry.put_credential(replace(pin, is_duress=is_duress), digests.of_pin(digits))

    asyncio.run(at_registry(data, give))
    return RulesHouse(data, space_file, badges)


async def at_registry(data: Path, do: Callable[[RegistryStores, BadgeDigests], Awaitable[None]]) -> None:
    """Change the registry from here, as any other process would, beside a running service or without one."""
    async with open_kept(data) as kept:
        await do(kept, open_digests(data))


async def set_badge(data: Path, person: str, state: CredentialState) -> None:
    """Block, lose or find again the one badge of this person."""

    async def change(kept: RegistryStores, _: BadgeDigests) -> None:
        people = await kept.registry.load()
        (badge,) = (
            one.id for one in people.credentials.values() if one.person == person and one.kind is CredentialKind.BADGE
        )
        await kept.registry.set_credential_state(badge, state)

    await at_registry(data, change)


def command(data: Path, space: Path, *words: object) -> Said:
    """A command of `natoma` at this house."""
    return natoma(*words, "--space", space, "--data", data)


def new_token() -> str:
    return secrets.token_urlsafe(18)
