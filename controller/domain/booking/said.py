"""What is said of a booking beside its room, its time and its people: its title, and that it goes on air.

Whether a booth goes on air, and when, is in `domain.rooms`.
"""

import unicodedata

from controller.domain.booking.wishes import Edit, Refused, RefuseReason, Wish
from controller.domain.building import Area, Space
from controller.domain.holdings import Booking
from controller.domain.rooms.lights import booths_of

LONGEST_TITLE = 120
"""Letters of a title: what is read at a glance, on a screen as well."""

# They join the letters of Persian and of Indian scripts, and the parts of one picture.
_JOINERS = frozenset("\u200c\u200d")
# What moves a cursor or turns the writing round: whoever reads a list would read something else than what is there.
_UNSEEN = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})


def said_refusal(wish: Wish, area: Area, space: Space) -> Refused | None:
    """What is wrong with what a wish says."""
    return _title_refusal(wish.title) or (_live_refusal(area, space) if wish.is_live else None)


def said_anew_refusal(booking: Booking, edit: Edit, space: Space) -> Refused | None:
    """What is wrong with what an edit says anew; a booking that goes on air moves to no room where nothing would."""
    refused = _title_refusal(edit.title) if edit.title is not None and edit.title != booking.title else None
    is_live = booking.is_live if edit.is_live is None else edit.is_live
    area = space.areas.get(edit.area or booking.area)
    if refused is not None or not is_live or area is None:
        return refused
    return None if booking.is_live and area.id == booking.area else _live_refusal(area, space)


def _title_refusal(title: str) -> Refused | None:
    """Of a title that nobody could read as it was meant. A title is never repeated: it may be on its way to a screen."""
    if len(title) > LONGEST_TITLE:
        return Refused(
            RefuseReason.INVALID, f"the title has {len(title)} characters", f"a title of {LONGEST_TITLE} at most"
        )
    unseen = [one for one in title if unicodedata.category(one) in _UNSEEN and one not in _JOINERS]
    if unseen:
        return Refused(
            RefuseReason.INVALID,
            f"the title has a character that nobody sees, U+{ord(unseen[0]):04X}",
            "a title of letters, digits and signs, on one line",
        )
    return None


def _live_refusal(area: Area, space: Space) -> Refused | None:
    """Of a booking that is to go on air where nothing would: in a room without an on-air light."""
    booths = booths_of(space)
    if area.id in booths:
        return None
    names = sorted(space.areas[each].name for each in booths)
    right = f"book {' or '.join(names)} for that, or leave it away" if names else "no room here has one: leave it away"
    return Refused(RefuseReason.INVALID, f"{area.name} has no on-air light, and nothing there goes live", right)
