"""The booths as the API tells of them: the light, and what was marked on recordings."""

from pydantic import Field

from controller.domain.rooms.booth import OnAir
from controller.domain.rooms.timeline import MarkKind
from controller.web.api.models import Instant, Model, Moment, Page, Paged, Said, Words


class OnAirWish(Model):
    person: Words | None = Field(
        None, description="Before a room's panel alone: who asks, by name or id; they must be of the booking."
    )


class SessionOut(Said):
    """One time on air, from being asked for."""

    id: str
    booking: str | None
    asked_at: Instant
    until: Instant | None
    by: str | None = Field(description="Who asked; told to staff and to themselves.")
    has_begun: bool = Field(description="The light has confirmed it.")


class BoothOut(Said):
    room: str
    name: str
    on_air: OnAir = Field(description="What everybody is shown: on only while the light itself says so.")
    wanted: bool = Field(description="It is asked for, or on: there is something to stop, whatever the light says.")
    session: SessionOut | None


class Booths(Page[BoothOut]):
    pass


class SessionQuery(Paged):
    since: Moment | None = Field(None, description="Those that began from here on; the last 30 days, without it.")


class MarkOut(Said):
    at: Instant
    offset_s: float = Field(description="Seconds from the beginning of the recording.")
    kind: MarkKind
    door: str | None
    text: str


class RecordingOut(Said):
    id: str
    room: str
    booking: str | None
    began: Instant = Field(description="The light's first confirmation.")
    ended: Instant | None
    why: str | None = Field(description="What ended it.")
    marks: list[MarkOut]


class Recordings(Page[RecordingOut]):
    pass
