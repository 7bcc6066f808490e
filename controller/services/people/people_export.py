"""The people of a registry as a people file that `people_import` takes back and changes nothing.

A badge is written as its last two characters and the id of its credential, a PIN as "kept": the numbers are known to
nobody here. What is nobody's own is not in the file: teams' plans, cohorts' dates, bookings, guests, duress PINs, and
visitors of partner spaces.
"""

import csv
import io
from collections import defaultdict
from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import zip_longest

from controller.domain.ids import PersonId, TeamId
from controller.domain.membership import Credential, CredentialKind, Lease, Membership, Person
from controller.services.people.people_cells import PIN_KEPT, BadCell, escaped, held_badge, id_cell
from controller.services.people.people_file import BANNED, COLUMNS
from controller.services.people.team_names import team_of
from controller.services.ports import RegistrySnapshot

# Known of a new badge only: what is enrolled has no format any more.
_NOT_WRITTEN = frozenset({"badge_format"})


def people_csv(people: RegistrySnapshot) -> str:
    """Everybody and what they hold, in the order of their ids; CSV with a heading."""
    text = io.StringIO()
    out = csv.DictWriter(text, [column for column in COLUMNS if column not in _NOT_WRITTEN], lineterminator="\n")
    out.writeheader()
    for row in _rows(people):
        out.writerow({column: escaped(value) for column, value in row.items()})
    return text.getvalue()


def _rows(people: RegistrySnapshot) -> Iterator[dict[str, str]]:
    held: defaultdict[PersonId, list[Credential]] = defaultdict(list)
    for credential in people.credentials.values():
        held[credential.person].append(credential)
    leases: defaultdict[TeamId, list[Lease]] = defaultdict(list)
    for lease in people.leases:
        leases[lease.team].append(lease)
    for id_ in sorted(people.people):
        person = people.people[id_]
        if not _fits(person):
            continue
        # A team's offices are told once, with the first of its people.
        offices = leases.pop(person.team, []) if person.team is not None else []
        badges = sorted((one for one in held[id_] if one.kind is CredentialKind.BADGE), key=lambda one: one.id)
        about = _about(person, people, has_pin=any(_is_pin(one) for one in held[id_]))
        told = list(zip_longest(people.memberships.get(id_, ()), badges, offices)) or [(None, None, None)]
        for membership, badge, office in told:
            yield about | _plan(membership, person) | _badge(badge) | _office(office)


def _fits(person: Person) -> bool:
    """Whether a people file can name them: a visitor's id has its partner's name in it."""
    try:
        id_cell(person.id)
    except BadCell:
        return False
    return True


def _is_pin(one: Credential) -> bool:
    return one.kind is CredentialKind.PIN and not one.is_duress


def _about(person: Person, people: RegistrySnapshot, *, has_pin: bool) -> dict[str, str]:
    return {
        "id": person.id,
        "name": person.name,
        "kind": person.kind.value,
        "needs_time": _yes_or_no(person.needs_time),
        "rights": " ".join(sorted(person.rights)),
        "pays_as_you_go": _yes_or_no(person.pays_as_you_go),
        "cohort": " ".join(person.cohorts),
        "team": _team(person.team, people) if person.team is not None else "",
        "standing": BANNED if person.banned else "",
        "pin": PIN_KEPT if has_pin else "",
    }


def _team(id: TeamId, people: RegistrySnapshot) -> str:
    """Its name where that alone says which one it is."""
    team = people.teams.get(id)
    return team.name if team is not None and team_of(team.name, people.teams) == id else id


def _plan(one: Membership | None, person: Person) -> dict[str, str]:
    if one is None:
        return {}
    return {
        "plan": one.plan,
        "from": one.starts.isoformat(),
        "until": one.ends.isoformat() if one.ends is not None else "",
        "standing": BANNED if person.banned else one.standing.value,
        "due_since": one.due_since.isoformat() if one.due_since is not None else "",
        "due": f"{one.due_cents / 100:.2f}" if one.due_cents else "",
    }


def _badge(one: Credential | None) -> dict[str, str]:
    if one is None:
        return {}
    return {
        "badge": held_badge(one.id, one.last_two),
        "badge_state": one.state.value,
        "valid_from": _moment(one.valid_from),
        "valid_until": _moment(one.valid_until),
    }


def _office(one: Lease | None) -> dict[str, str]:
    if one is None:
        return {}
    return {
        "office": one.area,
        # 0001-01-01 for one that was always there.
        "office_from": one.starts.isoformat(),
        "office_until": one.ends.isoformat() if one.ends is not None else "",
    }


def _moment(at: datetime | None) -> str:
    return "" if at is None else at.astimezone(UTC).isoformat().replace("+00:00", "Z")


def _yes_or_no(value: bool) -> str:
    return "yes" if value else "no"
