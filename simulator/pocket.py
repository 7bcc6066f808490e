"""What somebody has for a reader: a badge or a pass in the pocket, a PIN in the head.

None of it is in a repr or an error. What is done with it at a door is in `hands`.
"""

import re
from dataclasses import dataclass, field

from devices.badges import WIEGAND26, read
from devices.errors import BadgeError
from devices.fields import PIN
from devices.messages import BadgeReadData
from simulator.errors import InputError
from simulator.people import Outsider, SimPerson

# The contract's: what a QR code of a ticket or a visitor's pass holds is shorter.
_LONGEST_TOKEN = 256


@dataclass(frozen=True, slots=True)
class Pocket:
    """Something to show, a PIN to type, or one after the other."""

    shown: BadgeReadData | None = field(default=None, repr=False)
    pin: str | None = field(default=None, repr=False)


def pocket_of(person: SimPerson | None, direction: str, *, token: str = "", pin: str = "") -> Pocket:
    """With one thing to show at most: somebody's badge, or a token. Raises InputError for what no reader would send."""
    if person is not None and token:
        raise InputError("a badge or a token: one thing is shown at a time")
    if person is None and not token and not pin:
        raise InputError("nothing to show: give a badge, a token or a PIN")
    if person is not None and not person.badge:
        raise InputError(f"{person.name} has no badge in the people file")
    if pin and re.fullmatch(PIN, pin) is None:
        raise InputError("a PIN is 1 to 16 digits, * or #")
    if len(token) > _LONGEST_TOKEN:
        raise InputError(f"a token has at most {_LONGEST_TOKEN} characters; this one has {len(token)}")
    shown = badge_data(person, direction) if person is not None else token_data(token, direction) if token else None
    return Pocket(shown, pin or None)


def badge_data(person: SimPerson, direction: str) -> BadgeReadData:
    """What a reader says of this person's badge, or of an outsider's ticket."""
    if isinstance(person, Outsider):
        return token_data(person.token, direction)
    badge_format = person.badge_format or "iso14443a"
    bits = len(person.badge) * 4
    return BadgeReadData(
        card=person.badge, bits=bits, format=badge_format, direction="out" if direction == "out" else "in"
    )


def token_data(token: str, direction: str) -> BadgeReadData:
    """What a reader says of a QR code: a ticket, or the pass of a visitor."""
    return BadgeReadData(token=token, direction="out" if direction == "out" else "in")


def person_with_number(number: str) -> SimPerson:
    """A stranger's badge: somebody the people file does not know. Raises InputError for what no reader would send."""
    try:
        badge = read(number)
    except BadgeError as exc:
        raise InputError(str(exc)) from None
    # Three bytes are what a 26-bit reader passes on.
    badge_format = WIEGAND26 if badge.size == 3 else badge.format
    return SimPerson(id="stranger", name="a stranger", kind="guest", badge=badge.number, badge_format=badge_format)
