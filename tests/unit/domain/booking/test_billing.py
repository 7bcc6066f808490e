"""What a booking comes to, once it is over; and how lengths and times are said."""

from datetime import date, timedelta

import pytest

from controller.domain.booking.billing import Billed, BilledAs, billed
from controller.domain.booking.clock_words import by_the_wall, clock, length, moment
from controller.domain.holdings import Booking, BookingState
from tests.unit.domain.booking.at_the_desk import pine
from tests.unit.domain.house import SF, local

MONDAY = date(2026, 11, 23)


@pytest.mark.parametrize(
    ("booking", "minutes", "how"),
    [
        pytest.param(pine(), 60, BilledAs.USED, id="used"),
        pytest.param(pine("2026-11-23 14:00", "2026-11-23 14:20:59"), 20, BilledAs.USED, id="whole minutes"),
        pytest.param(
            pine("2026-11-23 14:00", "2026-11-23 14:20", booked_end=local("2026-11-23 15:00")),
            20,
            BilledAs.ENDED_EARLY,
            id="ended early",
        ),
        pytest.param(
            pine("2026-11-23 14:00", "2026-11-23 16:00", booked_end=local("2026-11-23 15:00")),
            120,
            BilledAs.USED,
            id="ended early, and extended again",
        ),
        pytest.param(
            pine(
                "2026-11-23 14:00",
                "2026-11-23 14:10",
                state=BookingState.RELEASED,
                booked_end=local("2026-11-23 15:00"),
            ),
            10,
            BilledAs.NO_SHOW,
            id="nobody came",
        ),
        pytest.param(pine(state=BookingState.CANCELLED), 0, BilledAs.NOTHING, id="cancelled"),
        pytest.param(pine(state=BookingState.DECLINED), 0, BilledAs.NOTHING, id="declined"),
        pytest.param(pine(state=BookingState.REQUESTED), 0, BilledAs.NOTHING, id="never answered"),
    ],
)
def test_what_is_billed_is_the_time_a_booking_kept_its_room(booking: Booking, minutes: int, how: BilledAs) -> None:
    assert billed(booking, SF) == Billed(minutes, how, MONDAY)


def test_an_evening_is_billed_on_its_local_day() -> None:
    assert billed(pine("2026-11-23 20:00", "2026-11-24 02:00"), SF) == Billed(360, BilledAs.USED, MONDAY)


def test_the_hour_that_comes_twice_is_billed_once() -> None:
    assert billed(pine("2026-11-01 00:00", "2026-11-01 04:00"), SF).minutes == 240
    assert by_the_wall(local("2027-03-14 00:00"), local("2027-03-14 04:00"), SF) == timedelta(hours=3)
    second = local("2026-11-01 01:15", fold=1)
    assert by_the_wall(local("2026-11-01 01:45"), second, SF) == timedelta(), "by the wall it ends before it starts"


@pytest.mark.parametrize(
    ("minutes", "words"), [(0, "0 min"), (45, "45 min"), (60, "1 h"), (150, "2 h 30 min"), (1500, "25 h")]
)
def test_a_length_in_words(minutes: int, words: str) -> None:
    assert length(timedelta(minutes=minutes, seconds=59)) == words


def test_a_moment_is_said_without_its_day_on_the_day_that_is_talked_about() -> None:
    assert moment(local("2026-11-23 09:05"), SF, MONDAY) == "09:05"
    assert moment(local("2026-11-24 09:05"), SF, MONDAY) == "2026-11-24 09:05"
    assert (clock(9 * 60 + 5), clock(25 * 60)) == ("09:05", "01:00")
