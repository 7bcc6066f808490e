"""Which service hears which kind of message."""

from collections.abc import Callable, Mapping

from controller.domain.ids import DeviceId
from controller.services.doors.doors import Doors
from controller.services.doors.modes import Modes
from controller.services.entry.reads import Reads
from controller.services.inbound import Handler, Inbound
from controller.services.offline.access_lists import AccessLists
from controller.services.offline.local_decisions import LocalDecisions
from controller.services.presence import Presence
from controller.services.repeats import Repeats
from controller.services.rooms.booth import Booths
from controller.services.rooms.rooms import Rooms
from controller.services.rooms.telemetry import Telemetry
from devices.messages import Ack, Birth, Event, EventType, Health, State, Status
from devices.messages import Telemetry as TelemetryMessage
from devices.topics import Kind

READS = frozenset({EventType.BADGE_READ, EventType.PIN_ENTERED})
OF_DOORS = frozenset({EventType.DOOR_OPENED, EventType.DOOR_CLOSED, EventType.REX, EventType.TAMPER})


LOCAL = frozenset({EventType.LOCAL_GRANTED, EventType.LOCAL_DENIED})


def handlers(
    reads: Reads,
    doors: Doors,
    modes: Modes,
    booths: Booths,
    rooms: Rooms,
    presence: Presence,
    telemetry: Telemetry,
    lists: AccessLists,
    local: LocalDecisions,
) -> Mapping[Kind, Handler]:
    """The one table from what devices say to who listens. Each entry sees to the acknowledgement."""
    events = _events(reads, doors, modes, booths, local)

    def event(inbound: Inbound) -> None:
        assert isinstance(inbound.message, Event)  # the codec's promise for this kind
        _sign_of_life(presence, inbound)
        events(inbound, inbound.message)

    def state(inbound: Inbound) -> None:
        message = inbound.message
        assert isinstance(message, State)
        _sign_of_life(presence, inbound)
        rooms.state_reported(inbound, message)
        modes.state_reported(inbound, message)
        booths.state_reported(inbound, message)
        doors.state_reported(inbound, message)

    def birth(inbound: Inbound) -> None:
        assert isinstance(inbound.message, Birth)
        presence.born(inbound, inbound.message)

    def status(inbound: Inbound) -> None:
        assert isinstance(inbound.message, Status)
        presence.status_said(inbound, inbound.message)

    def ack(inbound: Inbound) -> None:
        assert isinstance(inbound.message, Ack)
        _sign_of_life(presence, inbound)
        lists.acknowledged(DeviceId(inbound.device), inbound.message)
        doors.acknowledged(inbound, inbound.message)

    def health(inbound: Inbound) -> None:
        assert isinstance(inbound.message, Health)
        lists.health_said(DeviceId(inbound.device), inbound.message)
        presence.health_said(inbound, inbound.message)

    def readings(inbound: Inbound) -> None:
        assert isinstance(inbound.message, TelemetryMessage)
        telemetry.taken(inbound, inbound.message)

    return {
        Kind.EVENT: event,
        Kind.STATE: state,
        Kind.BIRTH: birth,
        Kind.STATUS: status,
        Kind.ACK: ack,
        Kind.HEALTH: health,
        Kind.TELEMETRY: readings,
    }


def _events(
    reads: Reads, doors: Doors, modes: Modes, booths: Booths, local: LocalDecisions
) -> Callable[[Inbound, Event], None]:
    repeats = Repeats()

    def event(inbound: Inbound, message: Event) -> None:
        if message.type in READS:
            reads.happened(inbound, message)
        elif message.type in LOCAL:
            local.happened(inbound, message)
        elif repeats.is_repeat(inbound.device, message.id, inbound.received_mono):
            inbound.acknowledge()
        elif message.type in OF_DOORS:
            doors.event_happened(inbound, message)
        elif message.type is EventType.FIRE:
            modes.fire_event(inbound, message)
        else:
            assert message.type is EventType.BUTTON  # the last of the closed list
            booths.button_pressed(inbound, message)

    return event


def _sign_of_life(presence: Presence, inbound: Inbound) -> None:
    """Whatever a device says now proves that it is there; readings and health say so by themselves."""
    if not inbound.retained and not inbound.backlog:
        presence.heard(DeviceId(inbound.device), inbound.received_mono)
