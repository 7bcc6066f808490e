"""What a token lets a program do: its scopes, the one room it may be bound to, the person it acts as, and its end.

Values and questions only. The secret itself is nobody's but its holder's: how it is spelt and recognised is in
`services.tokens`, which address answers to which scope in the web part.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from controller.domain.ids import AreaId, PersonId, TokenId

USUAL_LIFE = timedelta(days=90)
# A program that nobody looked at for a year is one that nobody remembers.
LONGEST_LIFE = timedelta(days=365)


class TokenScope(StrEnum):
    """Everything a token can be good for; what is not named is not allowed."""

    ROOMS_READ = "rooms:read"
    BOOKINGS_READ = "bookings:read"
    BOOKINGS_WRITE = "bookings:write"  # waiting lists and guests too
    CHECK_IN = "check_in"
    PANEL = "panel"  # what the screen beside a room's door does, in that room
    EVENTS_READ = "events:read"
    EVENTS_WRITE = "events:write"
    TICKETS_SCAN = "tickets:scan"
    BOOTH_READ = "booth:read"
    BOOTH_WRITE = "booth:write"
    PEOPLE_READ = "people:read"  # names, to find whom a booking is for
    TELEMETRY_READ = "telemetry:read"  # what was measured, in one room or everywhere
    COMMUNITY_READ = "community:read"  # who is here, of those who chose to be seen


INCLUDES: Mapping[TokenScope, frozenset[TokenScope]] = {
    TokenScope.BOOKINGS_WRITE: frozenset({TokenScope.BOOKINGS_READ}),
    TokenScope.EVENTS_WRITE: frozenset({TokenScope.EVENTS_READ}),
    TokenScope.BOOTH_WRITE: frozenset({TokenScope.BOOTH_READ}),
    TokenScope.TICKETS_SCAN: frozenset({TokenScope.EVENTS_READ}),  # which event it scans for, and how full that is
    TokenScope.PANEL: frozenset({TokenScope.ROOMS_READ, TokenScope.BOOKINGS_READ, TokenScope.CHECK_IN}),
}
"""What a scope brings along: nobody changes what they may not see."""

OF_THE_HOUSE = frozenset(
    {TokenScope.EVENTS_WRITE, TokenScope.EVENTS_READ, TokenScope.TICKETS_SCAN}
    | {TokenScope.PEOPLE_READ, TokenScope.COMMUNITY_READ}
)
"""About no room in particular, so that no token of a single room has them."""


class TokenState(StrEnum):
    ACTIVE = "active"
    EXPIRED = "expired"
    REVOKED = "revoked"


@dataclass(frozen=True, slots=True)
class Token:
    """A right-bearing record of a program; its secret is known by a digest alone. Moments are aware UTC."""

    id: TokenId
    name: str  # of the program, for whoever looks through the list
    scopes: frozenset[TokenScope]
    made_at: datetime
    expires_at: datetime  # exclusive
    area: AreaId | None = None  # the only room it sees and changes
    person: PersonId | None = None  # as whom it acts
    made_by: str = ""
    revoked_at: datetime | None = None
    used_at: datetime | None = None  # to the minute


def all_of(scopes: Iterable[TokenScope]) -> frozenset[TokenScope]:
    """These, and what they bring along."""
    given = frozenset(scopes)
    return given.union(*(INCLUDES.get(one, frozenset()) for one in given))


def may(token: Token, *any_of: TokenScope) -> bool:
    """Whether one of these is among its scopes."""
    return not all_of(token.scopes).isdisjoint(any_of)


def reaches(token: Token, area: AreaId) -> bool:
    """Whether it is good for this room."""
    return token.area is None or token.area == area


def state_of(token: Token, at: datetime) -> TokenState:
    if token.revoked_at is not None:
        return TokenState.REVOKED
    return TokenState.EXPIRED if at >= token.expires_at else TokenState.ACTIVE
