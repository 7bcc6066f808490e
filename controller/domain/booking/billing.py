"""What a booking that is over is billed as: the time it kept its room from others, and nothing that was given back.

The same time counts towards the hours of a month (`maximums`). Prices and the ledger's rows are not decided here.
"""

from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from controller.domain.booking.clock_words import by_the_wall
from controller.domain.holdings import Booking, BookingState
from controller.domain.schedule import local_date


class BilledAs(StrEnum):
    USED = "used"
    ENDED_EARLY = "ended_early"  # to the moment it was ended
    NO_SHOW = "no_show"  # to the moment it was released, ten minutes as a rule
    NOTHING = "nothing"  # cancelled, however late; declined; never answered


@dataclass(frozen=True, slots=True)
class Billed:
    """One line: whole minutes, rounded down, counted on the local day the booking began."""

    minutes: int
    how: BilledAs
    day: date


def billed(booking: Booking, zone: ZoneInfo) -> Billed:
    """What a booking comes to, once it is over; over a clock change by the wall or by the hour, whichever is less."""
    how = _how(booking)
    time = by_the_wall(booking.start, booking.end, zone) if how is not BilledAs.NOTHING else timedelta()
    return Billed(int(time / timedelta(minutes=1)), how, local_date(booking.start, zone))


def _how(booking: Booking) -> BilledAs:
    if booking.state is BookingState.RELEASED:
        return BilledAs.NO_SHOW
    if booking.state is not BookingState.BOOKED:
        return BilledAs.NOTHING
    ended_early = booking.booked_end is not None and booking.end < booking.booked_end
    return BilledAs.ENDED_EARLY if ended_early else BilledAs.USED
