"""Bookings, series and waiting lists as the API reads and tells them."""

from datetime import date
from typing import Annotated, Self

from pydantic import Field, StringConstraints, model_validator

from controller.domain.booking.values import Frequency, Part, SkipReason, WaitingState
from controller.domain.holdings import BookingState
from controller.web.api.models import Day, Id, Instant, Model, Moment, Page, Paged, Query, Reason, Said, Words

_WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
Weekday = Annotated[str, StringConstraints(pattern=f"^({'|'.join(_WEEKDAYS)})$")]


def weekday_number(word: str) -> int:
    return _WEEKDAYS.index(word)


def weekday_word(number: int) -> str:
    return _WEEKDAYS[number]


# --- asked ------------------------------------------------------------------------------------------------------------


class BookingQuery(Paged):
    room: Id | None = Field(None, description="Of this room alone.")
    person: Id | None = Field(
        None, description="Of this owner alone, history included; only staff name another than themselves."
    )
    start: Moment | None = Field(None, description="From here on; now, without it.")
    end: Moment | None = Field(None, description="Up to here; a week after `start`, without it.")


class WaitingQuery(Paged):
    room: Id | None = Field(None, description="Of this room alone.")


class PartQuery(Query):
    part: Part = Field(Part.ONE, description="How much of a series is meant.")


class BookingWish(Model):
    room: Id
    start: Moment
    end: Moment
    owner: Id | None = Field(None, description="Whose it is to be; the token's own person, without it.")
    participants: list[Id] = Field(default_factory=list, max_length=100)
    title: Words = ""
    is_live: bool = Field(False, description="The booth goes on air by itself when it begins.")
    walk_up: bool = Field(False, description="Somebody stands in the room: it counts as checked in.")
    holiday_confirmed: bool = Field(False, description="Staff say that it is good on a holiday and outside of hours.")


class BookingEdit(Model):
    """What is to be different; what is left away or null stays."""

    room: Id | None = None
    start: Moment | None = None
    end: Moment | None = None
    participants: list[Id] | None = Field(None, max_length=100)
    title: Words | None = None
    is_live: bool | None = None
    holiday_confirmed: bool = False


class DeclineWish(Model):
    reason: Reason


class ExtendWish(Model):
    minutes: int | None = Field(None, ge=1, le=24 * 60)
    until: Moment | None = None

    @model_validator(mode="after")
    def _one_of_two(self) -> Self:
        if (self.minutes is None) == (self.until is None):
            raise ValueError("needs minutes or until, one of the two")
        return self


class GuestWish(Model):
    name: Annotated[Words, StringConstraints(min_length=1, max_length=80)]
    email: Annotated[Words, StringConstraints(min_length=3, max_length=120)] | None = None


class NoWords(Model):
    """Nothing more to say."""


class TakeWish(Model):
    person: Words | None = Field(
        None, description="Before a room's panel alone: who takes it, by name or id; it must be who waits."
    )


class Repeats(Model):
    """How it comes again: in local days and hours of the space; it ends on `until` or after `count` dates."""

    frequency: Frequency
    interval: int = Field(1, ge=1, le=52, description="Every so many days, weeks or months.")
    weekdays: list[Weekday] = Field(default_factory=list, max_length=7, description="Of a weekly one.")
    nth: int | None = Field(
        None,
        ge=-1,
        le=4,
        description="Of a monthly one by weekday: 1 to 4, or -1 for the last; null: the day of the month.",
    )
    until: Day | None = Field(None, description="Local, inclusive.")
    count: int | None = Field(None, ge=1, le=1000)

    @model_validator(mode="after")
    def _ends(self) -> Self:
        if (self.until is None) == (self.count is None):
            raise ValueError("needs until or count, one of the two: a series always ends")
        if self.nth == 0:
            raise ValueError("nth is 1 to 4, or -1 for the last")
        return self


class SeriesWish(BookingWish):
    repeats: Repeats


# --- told -------------------------------------------------------------------------------------------------------------


class BookingOut(Said):
    """Whose it is and what it is for is told to those who take part and to staff; to others it is a time that is taken."""

    id: str
    room: str
    start: Instant
    end: Instant
    state: BookingState
    version: str = Field(description="For If-Match; another one as soon as anything has changed.")
    mine: bool = Field(description="Of the token's own person, as owner or participant.")
    owner: str | None = None
    participants: list[str] | None = None
    title: str | None = None
    is_live: bool | None = None
    made_at: Instant | None = None
    checked_in_at: Instant | None = None
    booked_end: Instant | None = Field(None, description="As it was booked, where it was released or ended before.")
    series: str | None = None
    series_day: date | None = None


class Bookings(Page[BookingOut]):
    pass


class SkippedOut(Said):
    day: date
    reason: SkipReason
    why: str


class ChangedOut(Said):
    items: list[BookingOut]
    skipped: list[SkippedOut] = Field(description="Dates of the series that were left as they are, and why.")


class RepeatsOut(Said):
    frequency: Frequency
    first: date
    interval: int
    weekdays: list[str]
    nth: int | None
    until: date | None
    count: int | None


class SeriesOut(Said):
    id: str
    room: str
    owner: str | None
    title: str | None
    zone: str = Field(description="Its hours are local ones of this zone.")
    repeats: RepeatsOut
    ended_at: Instant | None
    items: list[BookingOut]
    skipped: list[SkippedOut]


class GuestOut(Said):
    person: str
    token: str = Field(description="Told this once: make a QR code of it for the guest.")
    opens_from: Instant
    opens_until: Instant


class WaitingOut(Said):
    id: str
    room: str
    start: Instant
    end: Instant
    state: WaitingState
    mine: bool
    person: str | None = None
    title: str | None = None
    offered_until: Instant | None = None
    booking: str | None = None


class WaitingList(Page[WaitingOut]):
    pass
