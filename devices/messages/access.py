"""Whom a door admits when the controller is gone, as the controller tells it.

What it means, and what is signed, is in `devices.accesslist`.
"""

from enum import StrEnum
from typing import Annotated, Self

from pydantic import Field, StringConstraints, model_validator

from devices.fields import DATE, HASH, Count, Flag, Int, Label, Moment, PassId, PublicKey, Real
from devices.messages.body import Message

MINUTES_A_DAY = 24 * 60
MINUTES_A_WEEK = 7 * MINUTES_A_DAY


class AccessRight(StrEnum):
    BLOCKED = "blocked"
    EMERGENCY = "emergency"
    STAFF = "staff"
    MEMBER = "member"


Minute = Annotated[Int, Field(ge=0, le=MINUTES_A_WEEK + MINUTES_A_DAY)]
Period = tuple[Moment, Moment]
Day = Annotated[str, StringConstraints(pattern=DATE)]


class AccessEntry(Message):
    """One right of one badge in the offline list; a badge may have several, and any one suffices.

    `weekly` are [from, to) minutes after Monday 00:00 in the space's zone; a window belongs to the day it starts, so
    that of Sunday night runs past the end of the week. `once` are [from, to) moments: a booking, an event, a visit.
    """

    h: Annotated[str, StringConstraints(pattern=HASH)] = Field(repr=False)
    right: AccessRight = AccessRight.MEMBER
    weekly: tuple[tuple[Minute, Minute], ...] = ()
    once: tuple[Period, ...] | None = None
    since: Moment | None = None
    until: Moment | None = None
    # How many different business days were left when the list was issued; none stated: no quota.
    days: Annotated[Int, Field(ge=0, le=366)] | None = None
    # Open on the list's closed dates too.
    holidays: Flag | None = None
    # How long the door stays released for this holder, where that is not the door's own time.
    hold_s: Annotated[Real, Field(gt=0, le=86_400)] | None = None

    @model_validator(mode="after")
    def _windows_go_forward(self) -> Self:
        if any(start >= end or start >= MINUTES_A_WEEK for start, end in self.weekly):
            raise ValueError("weekly has a window that ends before it starts; one over midnight ends after 1440 more")
        if any(start >= end for start, end in self.once or ()):
            raise ValueError("once has a period that ends before it starts; exchange its moments")
        return self


class AccessIssuer(Message):
    """A partner space: the door verifies its visiting passes itself, and the entries of `h` say what one opens.

    Any of its passes is good, never seen before or not, that is not among `revoked` and began after its holder's `subs`.
    """

    iss: PassId
    key: PublicKey
    h: Annotated[str, StringConstraints(pattern=HASH)]
    revoked: tuple[PassId, ...] | None = None
    subs: dict[PassId, Moment] | None = None


class AccessList(Message):
    """Whom a door admits when the controller is gone. Blocked first, so that a cut-off transfer blocks too much.

    What it means, and what is signed, is in `accesslist`.
    """

    rev: Count
    issued: Moment
    until: Moment
    salt: Annotated[str, StringConstraints(pattern=HASH)] = Field(repr=False)
    entries: tuple[AccessEntry, ...]
    sig: Annotated[str, StringConstraints(min_length=16, max_length=512)] = Field(repr=False)
    # Of a list in several messages: how many there are; the topic says which one this is.
    pages: Annotated[Int, Field(ge=1, le=10_000)] | None = None
    # In which `weekly` is meant, like Europe/Paris; none stated: UTC.
    zone: Label | None = None
    # Minutes after midnight at which a business day begins.
    cut_off: Annotated[Int, Field(ge=0, lt=MINUTES_A_DAY)] | None = None
    # Local dates on which only entries with `holidays` are good.
    closed: tuple[Day, ...] | None = None
    # On the first page only.
    issuers: tuple[AccessIssuer, ...] | None = None

    @model_validator(mode="after")
    def _blocked_first(self) -> Self:
        blocked = [entry.right is AccessRight.BLOCKED for entry in self.entries]
        if blocked != sorted(blocked, reverse=True):
            raise ValueError("entries must begin with the blocked ones")
        if self.until <= self.issued:
            raise ValueError("until must be after issued")
        return self
