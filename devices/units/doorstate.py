"""What a door unit is and knows: its profile, its parts, and how they are reported.

What changes them is in `door`, `bolt` and `mode`.
"""

from dataclasses import dataclass, field
from datetime import datetime

from devices.channels import DOOR_CONTACT, DOOR_LOCK, DOOR_MODE, DOOR_REX, Bolt, Mode
from devices.messages import Birth, ChannelSpec, Scalar, State
from devices.topics import Kind
from devices.units.commands import CommandLog
from devices.units.own_list import OwnList
from devices.units.reading import Reading
from devices.units.steps import Effects, Publish
from devices.units.voice import Voice


@dataclass(frozen=True, slots=True)
class DoorProfile:
    """What this unit is and what it was told at installation."""

    name: str = ""
    reads_badges: bool = False
    # Readers apart from the unit send their reads themselves, so an unlock may answer an id the unit never gave.
    other_readers: bool = False
    has_contact: bool = True
    default_hold_s: float = 5.0
    # A controller gone mad must not leave a door open all day: three times the longest accessible release.
    longest_hold_s: float = 30.0
    exit_release_s: float = 5.0
    # A motor lock needs under a second; one that has not arrived by now is stuck.
    bolt_time_s: float = 2.0


@dataclass(frozen=True, slots=True)
class DoorState:
    """Everything a door unit remembers."""

    voice: Voice
    profile: DoorProfile = DoorProfile()
    own: OwnList = field(default=OwnList())
    log: CommandLog = field(default=CommandLog())
    reading: Reading = field(default=Reading())
    mode: Mode = Mode.LOCKED
    lock: Bolt = Bolt.LOCKED
    is_open: bool = False
    is_exit_pressed: bool = False
    target: Bolt = Bolt.LOCKED  # where the bolt is driven to while it moves
    moving_for: str | None = None  # the command to answer when it arrives
    hold_s: float = 0.0
    given_up: tuple[str, ...] = ()  # requests of the readers beside it, which they have decided alone

    @property
    def stands_unlocked(self) -> bool:
        """Whether the bolt stays drawn, whoever comes and goes."""
        return self.mode is not Mode.LOCKED

    def birth(self) -> Birth:
        channels = {
            DOOR_LOCK: ChannelSpec(device_class="lock", momentary=True),
            DOOR_MODE: ChannelSpec(device_class="enum", settable=True),
            DOOR_REX: ChannelSpec(device_class="rex"),
        }
        if self.profile.has_contact:
            channels[DOOR_CONTACT] = ChannelSpec(device_class="door")
        if self.profile.reads_badges:
            channels["badge"] = ChannelSpec(device_class="badge", momentary=True)
        return Birth(
            contract="1.0",
            rev=2,
            name=self.profile.name or None,
            model="door unit",
            vendor="Natoma",
            channels=channels,
        )


def reports(was: DoorState, now: datetime) -> Effects:
    """The whole snapshot; nothing while nobody listens, as it is said again at the next connect."""
    if not was.voice.online:
        return ()
    values: dict[str, Scalar] = {
        DOOR_LOCK: was.lock.value,
        DOOR_MODE: was.mode.value,
        DOOR_REX: was.is_exit_pressed,
    }
    if was.profile.has_contact:
        values[DOOR_CONTACT] = "open" if was.is_open else "closed"
    return (Publish(Kind.STATE, State(ts=now, v=values)),)
