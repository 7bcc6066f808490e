"""What people ask of guests by command: invite one, list them, take an invitation back.

Where a guest may go and what that uses is decided in `guest_rights`. What a guest shows is a badge lent out or a token,
told once and kept as a digest alone; it opens nothing by itself, and is over with the invitation it was made for.
"""

import re
import secrets
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Protocol

from controller.domain.access_steps import person_problem
from controller.domain.building import Space
from controller.domain.holdings import GuestPass
from controller.domain.ids import CredentialId, PersonId
from controller.domain.membership import Credential, CredentialKind, CredentialState, Person, PersonKind
from controller.domain.rights import Rights
from controller.domain.standing import entering_on, is_current, local_day
from controller.errors import InputError
from controller.services.desk.house_desk import person_of
from controller.services.entry.access_index import AccessIndex
from controller.services.people.people_cells import BadCell, badge_cell, id_cell, name_cell
from controller.services.people.registry_checks import unknown
from controller.services.ports import RegistrySnapshot
from controller.services.screens.wording import REASONS, moment
from controller.services.stores import GuestStore
from controller.services.visitors.ticket_desk import TOKEN_BYTES
from devices.badges import Badge

LONGEST = timedelta(days=30)
"""Who comes for longer is a member, or invited again."""

# Of these six name one invitation among a house's; none is taken for another when read aloud.
_LETTERS = "23456789abcdefghjkmnpqrstvwxyz"
_NO_WORD = re.compile(r"[^a-z0-9]+")
_A_MOMENT = timedelta(seconds=1)


class CredentialDesk(Protocol):
    """Of the registry's writing side, what a guest needs."""

    async def put_credential(self, credential: Credential, digest: bytes, list_digest: bytes | None = None) -> int: ...
    async def remove_credential(self, credential: CredentialId) -> int: ...


class Digests(Protocol):
    """The keyed digests by which the registry and the doors' own lists know badges and tokens."""

    def of(self, badge: Badge) -> bytes: ...
    def of_token(self, token: str) -> bytes: ...
    def list_digest_of(self, badge: Badge) -> bytes: ...
    def list_digest_of_token(self, token: str) -> bytes: ...


@dataclass(frozen=True, slots=True)
class Invited:
    """What was done, and the one time the token is told; None where a badge was lent."""

    said: str
    token: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class _Shown:
    """What the guest will hold up to a reader."""

    kind: CredentialKind
    digest: bytes = field(repr=False)
    list_digest: bytes = field(repr=False)
    last_two: str = ""
    token: str | None = field(default=None, repr=False)


class GuestDesk:
    """One command's view of the guests; each answer is a sentence that says what was done."""

    def __init__(
        self,
        store: GuestStore,
        credentials: CredentialDesk,
        digests: Digests,
        space: Space,
        people: RegistrySnapshot,
        now: datetime,
    ) -> None:
        self._store = store
        self._credentials = credentials
        self._digests = digests
        self._space = space
        self._people = people
        self._now = now

    async def invite(
        self, name: str, host: str, start: datetime, end: datetime, id: str | None = None, badge: Badge | None = None
    ) -> Invited:
        """Invite somebody for a window; with `id` a guest who was here before, or a new one's id."""
        inviting = person_of(host, self._people.people, "--host")
        self._check_window(start, end)
        self._check_host(inviting, start, end)
        guest = self._guest(name, id)
        shown = self._token() if badge is None else self._badge(badge)
        freed = self._lent_before(shown, guest)
        one = GuestPass(f"guest-{_random()}", guest.id, inviting.id, start, end)
        await self._store.put_guest_pass(one, guest.name)
        try:
            if freed is not None:
                await self._credentials.remove_credential(freed.id)
            await self._credentials.put_credential(
                Credential(
                    CredentialId(f"{one.id}-{shown.kind}"),
                    guest.id,
                    shown.kind,
                    valid_until=end,
                    last_two=shown.last_two,
                ),
                shown.digest,
                shown.list_digest,
            )
        except BaseException:
            await self._store.revoke_guest_pass(one.id)  # nobody has anything to show for it
            raise
        return Invited(
            f"{guest.name} ({one.id}) is a guest of {inviting.name} from {self._when(start)} until {self._when(end)}: goes "
            f"where and when {inviting.name} may, and each day counts as one of {inviting.name}'s guest days.",
            shown.token,
        )

    def listed(self, *, over: bool = False) -> list[str]:
        """The invitations that are not over, by their start; with `over` those that are, too."""
        ordered = sorted(self._people.guest_passes, key=lambda one: (one.start, one.id))
        return [self._line(one) for one in ordered if over or not self._is_over(one)]

    async def revoke(self, which: str) -> str:
        """Take an invitation back by its id, or a guest's only one by the guest."""
        one = self._invitation(which)
        if one.is_revoked:
            raise InputError(f"invitation {one.id!r} of {self._name(one.guest)} is taken back already")
        if self._now >= one.end:
            raise InputError(f"invitation {one.id!r} of {self._name(one.guest)} is over, since {self._when(one.end)}")
        await self._store.revoke_guest_pass(one.id)
        return f"{self._name(one.guest)} is no guest of {self._name(one.host)} any more; leaving is never denied."

    # --- who, for when ----------------------------------------------------------------------------

    def _check_window(self, start: datetime, end: datetime) -> None:
        if end <= start:
            raise InputError(
                f"--until: {self._when(end)} is not after it begins, {self._when(start)} — name a later end"
            )
        if end <= self._now:
            raise InputError(f"--until: {self._when(end)} is over — a guest is invited before")
        if end - start > LONGEST:
            raise InputError(
                f"--until: {self._when(end)} is {(end - start).days} days after it begins, {self._when(start)} — "
                f"{LONGEST.days} days at most; who comes for longer holds a plan of their own"
            )

    def _check_host(self, host: Person, start: datetime, end: datetime) -> None:
        """A guest goes where the host may go then: a host who may go nowhere has nothing to share."""
        if host.kind not in (PersonKind.MEMBER, PersonKind.STAFF):
            raise InputError(f"--host: {host.name} is a {host.kind} here — members and staff invite guests")
        rights = AccessIndex(self._space, self._people).rights_of(None, None, host)
        first = max(start, self._now)
        problem = person_problem(rights, first)
        if problem is not None and person_problem(rights, end - _A_MOMENT) is not None:
            raise InputError(f"--host: {host.name} has nothing to share with a guest then: {REASONS[problem]}")
        if not any(self._shares(rights, at) for at in (first, end - _A_MOMENT)):
            raise InputError(
                f"--host: {host.name} has nothing to share with a guest then: neither a plan with guest days nor an office — "
                "a guest goes where the host's plan and office let in"
            )

    def _shares(self, rights: Rights, at: datetime) -> bool:
        space = self._space
        day = local_day(at, space.zone, space.cut_off_minutes)
        if any(is_current(lease, day) for lease in rights.leases):
            return True
        plans = [space.plans.get(held.plan) for held in entering_on(rights.memberships, day, space.grace)]
        return any(plan is not None and plan.guest_days_per_month != 0 for plan in plans)

    def _guest(self, name: str, id: str | None) -> Person:
        """Who is invited: the guest of this id, or somebody new."""
        said = " ".join(name.split())
        try:
            if not name_cell(said):
                raise InputError("NAME: is empty — as people call the guest")
            if id is None:
                word = _NO_WORD.sub("-", said.casefold()).strip("-")[:32]
                return Person(PersonId(f"{word or 'guest'}-{_random()}"), said, PersonKind.GUEST)
            id_cell(id)
        except BadCell as error:
            raise InputError(f"{'--id' if id is not None else 'NAME'}: {error}") from error
        known = self._people.people.get(PersonId(id))
        if known is None:
            return Person(PersonId(id), said, PersonKind.GUEST)
        if known.banned:
            raise InputError(f"--id: {known.name} ({id}) is banned, and no invitation lets them in")
        if known.kind is not PersonKind.GUEST:
            raise InputError(f"--id: {id} is {known.name}, a {known.kind} — another id, or none, for a guest")
        if known.name.casefold() != said.casefold():
            raise InputError(f"--id: {id} is {known.name}, not {said} — another id, or none, for somebody new")
        return known

    # --- what the guest shows ---------------------------------------------------------------------

    def _token(self) -> _Shown:
        token = secrets.token_urlsafe(TOKEN_BYTES)
        digests = self._digests
        return _Shown(CredentialKind.TOKEN, digests.of_token(token), digests.list_digest_of_token(token), token=token)

    def _badge(self, badge: Badge) -> _Shown:
        digests = self._digests
        return _Shown(CredentialKind.BADGE, digests.of(badge), digests.list_digest_of(badge), badge.last_two)

    def _lent_before(self, shown: _Shown, guest: Person) -> Credential | None:
        """Whoever was lent this badge before and has no invitation any more gave it back; InputError where it is held."""
        id = self._people.digests.get(shown.digest)
        if id is None:
            return None
        held = self._people.credentials[id]
        holder = self._people.people[held.person]
        if held.state is not CredentialState.ACTIVE:
            raise InputError(
                f"--badge: this badge was reported {held.state} by {holder.name} — lend another, or "
                f"`natoma people badge {holder.id} active` if it turned up"
            )
        if holder.kind is not PersonKind.GUEST:
            raise InputError(f"--badge: this badge is {holder.name}'s — lend one that is nobody's")
        for one in self._people.guest_passes:
            if one.guest == holder.id and holder.id != guest.id and not self._is_over(one):
                raise InputError(
                    f"--badge: this badge is lent to {holder.name} until {self._when(one.end)} — lend another, or take "
                    f"that invitation back: natoma guest revoke {one.id}"
                )
        return held

    # --- small steps ------------------------------------------------------------------------------

    def _invitation(self, which: str) -> GuestPass:
        known = {one.id: one for one in self._people.guest_passes}
        if which in known:
            return known[which]
        wanted = which.casefold()
        theirs = [
            one
            for one in known.values()
            if wanted in (one.guest.casefold(), self._name(one.guest).casefold()) and not self._is_over(one)
        ]
        if len(theirs) == 1:
            return theirs[0]
        if theirs:
            listed = ", ".join(one.id for one in theirs)
            raise InputError(f"there are {len(theirs)} invitations of {which!r}: {listed} — name the one you mean")
        names: Iterable[str] = [*known, *(self._name(one.guest) for one in known.values() if not self._is_over(one))]
        raise unknown("invitation", which, names, "`natoma guest list` has them all")

    def _line(self, one: GuestPass) -> str:
        return (
            f"{one.id}  {self._name(one.guest)} ({one.guest}), guest of {self._name(one.host)}, {self._when(one.start)} "
            f"to {self._when(one.end)}, {self._shows(one)}: {self._state(one)}"
        )

    def _shows(self, one: GuestPass) -> str:
        for kind, words in ((CredentialKind.BADGE, "badge …{}"), (CredentialKind.TOKEN, "QR code")):
            held = self._people.credentials.get(CredentialId(f"{one.id}-{kind}"))
            if held is not None:
                return words.format(held.last_two)
        return "with nothing to show"

    def _state(self, one: GuestPass) -> str:
        if one.is_revoked:
            return "taken back"
        if self._now >= one.end:
            return "over"
        return "now" if self._now >= one.start else "to come"

    def _is_over(self, one: GuestPass) -> bool:
        return one.is_revoked or self._now >= one.end

    def _name(self, id: PersonId) -> str:
        known = self._people.people.get(id)
        return known.name if known is not None else id

    def _when(self, at: datetime) -> str:
        return moment(at.isoformat(), self._space.zone, self._now)


def badge_of(text: str, badge_format: str | None) -> Badge:
    """A number as a people file has it; InputError without the number for what is none."""
    if not text:
        raise InputError("--badge: no number came in — hold the badge to a reader that types, or type what it says")
    try:
        badge = badge_cell(text, badge_format)
    except BadCell as error:
        raise InputError(f"--badge: {error}") from error
    if not isinstance(badge, Badge):
        raise InputError("--badge: that names a badge as an export does — its number is needed, as a reader spells it")
    return badge


def _random() -> str:
    return "".join(secrets.choice(_LETTERS) for _ in range(6))
