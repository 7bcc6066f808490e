"""What everything at the booking desk stands on: the stores, who may do what, how a refusal is said, what is noted.

What may be booked is judged in `domain.booking.rules`; here is what a judge must be told, and who asks.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Protocol

from controller.domain.building import Space
from controller.domain.facts import Fact
from controller.domain.ids import PersonId
from controller.errors import InputError
from controller.services.booking.stores import BookingStore, SeriesStore, WaitingStore
from controller.services.ports import RegistrySnapshot
from controller.services.stores import GuestStore
from controller.services.visitors.visits import CredentialStore

if TYPE_CHECKING:
    from controller.domain.booking.rules import Refused


class How(StrEnum):
    """By which way somebody asks; told in each fact."""

    COMMAND = "command"
    PAGE = "page"
    API = "api"
    PANEL = "panel"  # the panel of a room acts for its room, for whoever stands before it
    CALENDAR = "calendar"  # an outside calendar acts for its owner
    DOOR = "door"
    HOUSE = "house"  # nobody asked: its time had come


class BookingRefused(InputError):
    """The desk says no: `refused` has the reason as a word, its text the sentence for a person."""

    def __init__(self, refused: "Refused") -> None:
        super().__init__(f"{refused.words} — {refused.right}" if refused.right else refused.words)
        self.refused = refused


class Digests(Protocol):
    """The keyed digest of a guest's token, as the registry knows it."""

    def of_token(self, token: str) -> bytes: ...


@dataclass(frozen=True, slots=True)
class BookingStores:
    """Where the desk reads and writes."""

    bookings: BookingStore
    series: SeriesStore
    waiting: WaitingStore
    guests: GuestStore
    credentials: CredentialStore
    digests: Digests
    list_digest_of_token: Callable[[str], Awaitable[bytes]] = field(repr=False)  # as doors' own lists know it; slow


class Counter:
    """One view of the house for everything the desk does. `people` and `space` are asked anew for each question."""

    def __init__(
        self,
        stores: BookingStores,
        *,
        space: Callable[[], Space],
        people: Callable[[], RegistrySnapshot],
        note: Callable[[Fact], None],
        now: Callable[[], datetime],
    ) -> None:
        self.stores = stores
        self.space = space
        self.people = people
        self.note = note
        self.now = now


@dataclass(frozen=True, slots=True)
class GuestToken:
    """A guest who is part of a booking; the token is told this once, to be made a QR code of."""

    person: PersonId
    token: str = field(repr=False)
    opens_from: datetime
    opens_until: datetime
