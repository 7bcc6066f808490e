"""The people of a sample building, from a seed: who they are, what they hold, and the badge in their pocket.

How the file that names them is written is in `file`, what they do all day in `habits`.
"""

import random
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import date, timedelta
from itertools import pairwise

from simulator.building import Building, Plan
from simulator.names import FIRST, LAST, TEAMS
from simulator.people.person import SimPerson

# Four years: as long as members stay in such a house.
_LONG_AGO_DAYS = 1500
# Of a house of 200, in proportion: what a host of such a place would guess.
SHARES = {
    "staff": 11, "day": 24, "part": 34, "full": 42, "team": 28, "cohort": 20, "alumni": 14, "hosted": 12,
    "visiting": 7, "event": 8,
}  # fmt: skip
_HOUSE = 200
_SMALL_HOUSE = 12
# What staff may do to the house. Two may do everything, or nobody could lift a lockdown while one of them is away.
_ALL_RIGHTS = (
    "override_lockdown", "trigger_lockdown", "lift_lockdown", "confirm_fire", "override_doors", "forgive", "emergency_entry",
)  # fmt: skip
_WITH_ALL_RIGHTS = 2
_RIGHTS = ("override_doors", "forgive")
# Of those who pay for some days a week, so many would rather pay for one more than stay at home.
_PAYING_AS_THEY_GO = 3
# A bill is as good as just sent, or long beyond what any house bears with.
_YOUNG_DAYS = 2
_BEYOND_GRACE = 50
# Refusals a newcomer should meet; each befalls as many of the ordinary members.
_TROUBLES = (
    ("lost", 3), ("blocked", 2), ("expired", 2), ("future", 1), ("ended", 4), ("paused", 3), ("overdue", 4), ("grace", 3),
)  # fmt: skip


def style_of(plan: Plan) -> str:
    """How holders of this plan live, guessed from what the plan says of itself."""
    by_kind = {"day_pass": "day", "hosted": "hosted", "visiting": "visiting", "event": "event"}
    if plan.kind in by_kind:
        return by_kind[plan.kind]
    for style in ("cohort", "alumni", "team"):
        if style in plan.id:
            return style
    return "part" if plan.days_per_week else "full"


def make_people(building: Building, seed: int, today: date, count: int | None = None) -> list[SimPerson]:
    """The same building, seed, day and count give the same people, badge for badge."""
    dice = random.Random(f"people/{building.id}/{seed}")
    count = count if count is not None else (_HOUSE if len(building.doors) >= 10 else _SMALL_HOUSE)
    names = _names(dice)
    numbers = _badge_numbers(building, dice)
    people: list[SimPerson] = []
    for style, plan in _seats(building, count):
        name = next(names)
        person = SimPerson(id=_slug(name), name=name, kind="staff" if style == "staff" else "member")
        starts = today - timedelta(days=dice.randrange(30, _LONG_AGO_DAYS))
        if style == "cohort":
            starts = today - timedelta(days=35)
        if plan is not None:
            person = replace(person, plan=plan.id, starts=starts.isoformat(), standing="active")
        if style == "cohort":
            person = replace(person, until=(today + timedelta(days=56)).isoformat(), team="Spring cohort")
        if style == "visiting":
            person = replace(person, kind="visitor")
        badge_format, _ = building.badge_format
        people.append(replace(person, badge=next(numbers), badge_format=badge_format, badge_state="active"))
    people = _with_troubles(_with_offices(people, building), dice, building, today)
    # Without dice: whoever they are, and their badges, do not change by what they may do.
    return _with_pins(_with_rights(_paying_as_they_go(people, building)), building, seed)


def _seats(building: Building, count: int) -> Iterator[tuple[str, Plan | None]]:
    """One (style, plan) for each person, in the file's order of plans; what a house lacks goes to the others."""
    plans: dict[str, list[Plan]] = {}
    for plan in building.plans.values():
        plans.setdefault(style_of(plan), []).append(plan)
    shares = {style: share for style, share in SHARES.items() if style == "staff" or style in plans}
    whole = sum(shares.values())
    left = count
    for place, (style, share) in enumerate(shares.items()):
        last = place == len(shares) - 1
        many = left if last else min(left, max(1, round(count * share / whole)))
        left -= many
        choice: Sequence[Plan | None] = plans.get(style, [None])
        for number in range(many):
            yield style, choice[number % len(choice)]


def _names(dice: random.Random) -> Iterator[str]:
    used: set[str] = set()
    while True:
        name = f"{dice.choice(FIRST)} {dice.choice(LAST)}"
        if name not in used and len(used) < len(FIRST) * len(LAST) * 0.9:
            used.add(name)
            yield name
        elif len(used) >= len(FIRST) * len(LAST) * 0.9:
            yield f"{name} {dice.randrange(10**6)}"


def _badge_numbers(building: Building, dice: random.Random) -> Iterator[str]:
    badge_format, bits = building.badge_format
    used: set[str] = set()
    while True:
        if badge_format == "iso14443a":
            # 04 is the maker of most cards in use; a number of seven bytes is never a random one.
            number = f"04{dice.getrandbits(bits - 8):0{bits // 4 - 2}X}"
        else:
            # Not below 2^20: short numbers are those of test cards and phones.
            number = f"{dice.randrange(1 << 20, (1 << bits) - 1):0{bits // 4}X}"
        if number not in used:
            used.add(number)
            yield number


def _with_offices(people: list[SimPerson], building: Building) -> list[SimPerson]:
    """Teams rent the offices behind doors of their own, as many people as there are seats."""
    leased = [
        area
        for area in building.rooms("office")
        if any(door.inner == area.id and not door.staff_only for door in building.doors.values())
    ]
    seats = [
        (area.id, TEAMS[number % len(TEAMS)]) for number, area in enumerate(leased) for _ in range(area.seats or 4)
    ]
    placed = iter(seats)
    with_team = []
    for person in people:
        plan = building.plans.get(person.plan)
        office = next(placed, None) if plan is not None and style_of(plan) == "team" else None
        with_team.append(replace(person, office=office[0], team=office[1]) if office else person)
    return with_team


def _paying_as_they_go(people: list[SimPerson], building: Building) -> list[SimPerson]:
    part = [person.id for person in people if (plan := building.plans.get(person.plan)) and style_of(plan) == "part"]
    some = set(part[:_PAYING_AS_THEY_GO])
    return [replace(person, pays_as_you_go="yes") if person.id in some else person for person in people]


def _with_rights(people: list[SimPerson]) -> list[SimPerson]:
    staff = [person.id for person in people if person.kind == "staff"]
    rights = {id: _ALL_RIGHTS if place < _WITH_ALL_RIGHTS else _RIGHTS for place, id in enumerate(staff)}
    return [replace(person, rights=" ".join(rights.get(person.id, ()))) for person in people]


def _with_troubles(people: list[SimPerson], dice: random.Random, building: Building, today: date) -> list[SimPerson]:
    ordinary = [index for index, person in enumerate(people) if person.kind == "member" and not person.until]
    dice.shuffle(ordinary)
    changed = list(people)
    # A small house keeps most of its people out of trouble.
    most = len(ordinary) // 3
    # One of each before the second of any, so that a small house has a bit of everything.
    most_of_one = max(many for _, many in _TROUBLES)
    for trouble in [name for turn in range(most_of_one) for name, many in _TROUBLES if turn < many]:
        if most <= 0:
            break
        most -= 1
        index = ordinary.pop()
        changed[index] = _troubled(changed[index], trouble, dice, building, today)
    return changed


def _troubled(person: SimPerson, trouble: str, dice: random.Random, building: Building, today: date) -> SimPerson:
    days = timedelta(days=dice.randrange(5, 60))
    match trouble:
        case "lost" | "blocked":
            return replace(person, badge_state=trouble)
        case "expired":
            return replace(person, valid_until=f"{today - days}T00:00:00Z")
        case "future":
            return replace(person, valid_from=f"{today + days}T00:00:00Z")
        case "ended":
            return replace(person, standing="ended", until=(today - days).isoformat())
        case "overdue":
            return _with_bill(
                person, today - timedelta(days=building.grace_days) - days, building.grace_amount + _BEYOND_GRACE
            )
        case "grace" if building.grace_days > _YOUNG_DAYS and building.grace_amount > 1:
            return _with_bill(person, today - timedelta(days=_YOUNG_DAYS), building.grace_amount / 2)
        case _:
            return replace(person, standing=trouble)


def _with_bill(person: SimPerson, since: date, amount: float) -> SimPerson:
    """What follows from it, the house's grace says: the membership itself is active."""
    return replace(person, due_since=since.isoformat(), due=f"{amount:.2f}")


def _with_pins(people: list[SimPerson], building: Building, seed: int) -> list[SimPerson]:
    """Staff know one where a door asks for it; members there would have to be given one at the desk."""
    if not any(door.asks_pin for door in building.doors.values()):
        return people
    pins = _pins(random.Random(f"pins/{building.id}/{seed}"))
    return [replace(person, pin=next(pins)) if person.kind == "staff" else person for person in people]


def _pins(dice: random.Random) -> Iterator[str]:
    used: set[str] = set()
    while True:
        pin = f"{dice.randrange(10**6):06}"
        # Not one of those that anybody tries first: all the same, or counting.
        if pin not in used and len({(int(after) - int(before)) % 10 for before, after in pairwise(pin)}) > 1:
            used.add(pin)
            yield pin


def _slug(name: str) -> str:
    plain = unicodedata.normalize("NFKD", name.replace("ı", "i").replace("ø", "o")).encode("ascii", "ignore").decode()
    return "".join(char if char.isalnum() else "-" for char in plain.lower().replace("'", "")).strip("-")
