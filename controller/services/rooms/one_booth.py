"""One booth as it is held, and what of it is written down: its session, its light's last report, what the log says."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from controller.domain.facts import Fact, Plain
from controller.domain.ids import AreaId, BookingId, DeviceId, PersonId
from controller.domain.rooms.booth import SHOWN, WANTED, BoothState, OnAir, Report, Wish
from controller.domain.rooms.on_air import Ended, How, Refusal
from controller.errors import InputError


class NotOnAirError(InputError):
    """A booth is not put on air, or not taken off: its text says what would be right, `refusal` why."""

    def __init__(self, refusal: Refusal) -> None:
        super().__init__(f"{refusal.words} — {refusal.right}")
        self.refusal = refusal


@dataclass(frozen=True, slots=True)
class Session:
    """One time on air, from being asked for; it has begun once the light has confirmed."""

    id: str
    booking: BookingId | None
    asked_at: datetime
    until: datetime | None
    how: How
    by: PersonId | None = None
    has_begun: bool = False


_NOTHING_NOTED: Mapping[str, Plain] = {"state": str(OnAir.UNKNOWN), "wanted": False, "until": None}


@dataclass(slots=True)
class OneBooth:
    area: AreaId
    light: DeviceId
    state: BoothState = BoothState.UNKNOWN
    session: Session | None = None  # the one that goes on, or the last
    why: Ended | None = None  # the last one ended
    wish: Wish = field(default_factory=Wish)
    is_told: bool = True  # the light, of what is wanted
    tries: int = 0
    retry_at: float | None = None  # monotonic
    report: Report | None = None
    boot: str | None = None  # of the light that said so
    tells_rev: bool = False  # the light has said which wish it answers, whether or not its birth says that it does
    noted: Mapping[str, Plain] = field(default_factory=lambda: dict(_NOTHING_NOTED))  # what the log says

    @property
    def shown(self) -> OnAir:
        return SHOWN[self.state]

    @property
    def running(self) -> Session | None:
        """The session that is asked for, or on."""
        return self.session if self.state in WANTED else None

    def as_detail(self) -> dict[str, Plain]:
        """How it is, as the log has it."""
        session = self.session
        until = session.until if session is not None and self.running is not None else None
        detail: dict[str, Plain] = {
            "state": str(self.shown),
            "wanted": self.running is not None,
            "until": until.isoformat() if until is not None else None,
        }
        if session is not None:
            detail |= {
                "session": session.id,
                "booking": session.booking,
                "asked_at": session.asked_at.isoformat(),
                "how": str(session.how),
                "rev": self.wish.rev,
            }
        if self.why is not None:
            detail["why"] = str(self.why)
        return detail


def session_from(fact: Fact) -> Session | None:
    """As the log has it; None where it names none."""
    id_, booking, until = fact.detail.get("session"), fact.detail.get("booking"), fact.detail.get("until")
    if not isinstance(id_, str):
        return None
    return Session(
        id_,
        BookingId(booking) if isinstance(booking, str) else None,
        datetime.fromisoformat(str(fact.detail["asked_at"])),
        datetime.fromisoformat(until) if isinstance(until, str) else None,
        How(str(fact.detail["how"])),
        fact.person,
    )
