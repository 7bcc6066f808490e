"""At the booking desk: guests who take part in one booking, each with a token for its doors.

The token opens what the booking opens and nothing else: it is a credential of a person who takes part in this booking
alone, so a move or a cancellation counts for it as for everybody else, within the second.
"""

import re
import secrets
from dataclasses import replace

from controller.domain.booking.rules import Circumstances, Edit, Refused, RefuseReason, judge_edit
from controller.domain.booking_rights import WAY_AFTER, WAY_BEFORE
from controller.domain.community import Profile
from controller.domain.facts import FactKind
from controller.domain.holdings import HOLDS_ITS_TIME
from controller.domain.ids import BookingId, CredentialId, PersonId
from controller.domain.membership import Credential, CredentialKind, Person, PersonKind
from controller.errors import InputError
from controller.services.booking.answers import GuestToken
from controller.services.booking.counter import BookingRefused, Counter, How, random_id
from controller.services.people.people_cells import BadCell, name_cell
from controller.services.people.profiles import edited
from controller.services.visitors.ticket_desk import TOKEN_BYTES

GUESTS_AT_MOST = 50
"""Of one booking; for more people there are public events."""

_NO_WORD = re.compile(r"[^a-z0-9]+")


class Guests(Counter):
    """Owner and staff invite."""

    async def invite_guest(
        self, id: BookingId, name: str, email: str | None, by: PersonId, how: How = How.COMMAND
    ) -> GuestToken:
        """A guest who takes part in it, and the one time the token is told; `email` is kept for notices alone."""
        profiles = self.stores.profiles
        if email and profiles is None:
            raise InputError("this house keeps no addresses of guests — invite without one, and hand over the token")
        booking = await self.found(id)
        said = _name(name)
        known = await self.known_of(booking, by, how)
        if booking.state not in HOLDS_ITS_TIME or booking.end <= known.now:
            raise BookingRefused(Refused(RefuseReason.OVER_ALREADY, "it is over", "invite to one that is to come"))
        if not known.by_staff and by != booking.owner:
            raise BookingRefused(
                Refused(RefuseReason.NOT_YOURS, "only its owner and staff invite guests to it", "ask its owner")
            )
        if len(booking.participants) >= GUESTS_AT_MOST:
            raise InputError(f"booking {id!r} has {len(booking.participants)} people already, {GUESTS_AT_MOST} at most")
        guest = Person(_person_id(said), said, PersonKind.GUEST)
        profile = edited(Profile(guest.id), email=email)
        token = secrets.token_urlsafe(TOKEN_BYTES)
        list_digest = await self.stores.list_digest_of_token(token)
        await self.stores.guests.put_person(guest)
        # Something to show comes last: until then the guest holds nothing, whatever happens here.
        _, after = await self.rewrite(
            id,
            lambda standing: judge_edit(
                standing,
                Edit(participants=standing.participants | {guest.id}),
                _with(known, guest),
            ),
        )
        if profiles is not None and profile.email:
            await profiles.put_profile(profile)
        digest = self.stores.digests.of_token(token)
        credential = Credential(CredentialId(f"guest-{guest.id}"), guest.id, CredentialKind.TOKEN)
        await self.stores.guests.put_credential(credential, digest, list_digest)
        self.tell(FactKind.BOOKING_CHANGED, after, by, how, guest=guest.id)
        return GuestToken(guest.id, token, after.start - WAY_BEFORE, after.end + WAY_AFTER)


def _name(text: str) -> str:
    said = " ".join(text.split())
    try:
        if not name_cell(said):
            raise InputError("NAME: is empty — as people call the guest")
    except BadCell as error:
        raise InputError(f"NAME: {error}") from error
    return said


def _person_id(name: str) -> PersonId:
    word = _NO_WORD.sub("-", name.casefold()).strip("-")[:32]
    return PersonId(f"{word or 'guest'}-{random_id()}")


def _with(known: Circumstances, guest: Person) -> Circumstances:
    return replace(known, people={**known.people, guest.id: guest})
