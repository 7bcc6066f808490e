"""What happened, in the past tense: the rows of the event log and the lines of the live feed.

One shape for all of them, because the log, the feed and the page treat them alike; the kinds are a
closed list, and `wording` of the services turns each into a sentence.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import TypeAlias

from controller.domain.ids import AreaId, DeviceId, DoorId, PersonId

Plain: TypeAlias = "bool | int | float | str | tuple[Plain, ...] | Mapping[str, Plain] | None"
"""What JSON can hold."""


class FactKind(StrEnum):
    ENTRY_GRANTED = "entry_granted"  # the decision, not the passage
    ENTRY_DENIED = "entry_denied"
    READ_IGNORED = "read_ignored"  # replayed, stale or retained: it never had a chance to unlock
    ENTRY_TAKEN = "entry_taken"
    ENTRY_NOT_TAKEN = "entry_not_taken"
    EXIT_REQUESTED = "exit_requested"
    DOOR_OPENED = "door_opened"
    DOOR_CLOSED = "door_closed"
    DOOR_FORCED = "door_forced"
    DOOR_HELD_WARNING = "door_held_warning"
    DOOR_HELD = "door_held"
    UNLOCK_CONFIRMED = "unlock_confirmed"
    UNLOCK_REFUSED = "unlock_refused"  # by the lock, with its reason
    UNLOCK_NOT_SENT = "unlock_not_sent"  # door offline, or we are
    TAMPERED = "tampered"
    DEVICE_REPORTED = "device_reported"  # an event nothing follows from yet
    DEVICE_BORN = "device_born"
    DEVICE_READY = "device_ready"
    DEVICE_LOST = "device_lost"
    DEVICE_UNSTEADY = "device_unsteady"  # it comes and goes; told once, until it has come to rest
    NAME_SHARED = "name_shared"  # two clients log in under one name and throw each other out; ours are devices here too
    ON_AIR_CHANGED = "on_air_changed"  # detail: state, wanted, until; session, booking, how, why it ended
    ON_AIR_ASKED = "on_air_asked"  # by a command, beside the service; detail.do: start or stop
    BUTTON_PRESSED = "button_pressed"
    MESSAGE_REFUSED = "message_refused"
    GAP_FOUND = "gap_found"  # numbers of a device that never came; detail.count
    GAP_FILLED = "gap_filled"  # some of them came after all
    MESSAGES_LOST = (
        "messages_lost"  # detail: where (broker_queue, broker_session, spool), count or null where nobody knows
    )
    SERIES_CHANGED = "series_changed"  # a channel means something else now; detail: channel, was, now
    SERIES_REFUSED = "series_refused"  # more new channels than a house has; detail: count, limit
    SENDING_STOPPED = "sending_stopped"  # to the database of readings, until somebody acts; detail.why
    SENDING_RESUMED = "sending_resumed"
    POINTS_PARKED = "points_parked"  # that database will not take them; detail: count, why
    READINGS_SHED = "readings_shed"  # dropped for want of space; detail: count, why
    HISTORY_CLEANED = "history_cleaned"  # what may not be kept longer is gone; detail: what, before, count
    BACKUP_MADE = "backup_made"
    HOUSE_RESTORED = "house_restored"  # from a backup; detail.made
    CLOCK_SUSPECT = "clock_suspect"  # this machine's clock jumped; detail.by_s
    LINK_LOST = "link_lost"
    LINK_RESTORED = "link_restored"
    LOG_FAILED = "log_failed"
    LOG_RESTORED = "log_restored"
    SERVICE_STARTED = "service_started"
    SERVICE_STOPPED = "service_stopped"
    PEOPLE_CHANGED = "people_changed"
    PIN_ASKED = "pin_asked"  # the badge was read; the door waits for its PIN
    LOCAL_GRANTED = "local_granted"  # by the door alone, from its access list, while nobody answered
    LOCAL_DENIED = "local_denied"
    ALARM_RAISED = "alarm_raised"
    ALARM_ACKNOWLEDGED = "alarm_acknowledged"
    ALARM_CLEARED = "alarm_cleared"
    DOOR_MODE_CHANGED = "door_mode_changed"
    LOCKDOWN_BEGAN = "lockdown_began"
    LOCKDOWN_LIFTED = "lockdown_lifted"
    FIRE_BEGAN = "fire_began"
    FIRE_CLEARED = "fire_cleared"  # by the panel
    FIRE_CONFIRMED = "fire_confirmed"  # by staff: doors may lock again
    DOOR_OVERRIDDEN = "door_overridden"
    CALENDAR_CHANGED = "calendar_changed"  # an exception or a holiday was added or removed
    EVENT_STARTED = "event_started"  # its host has entered
    EVENT_ENDED = "event_ended"
    EVENT_FULL = "event_full"  # every place is taken; detail: event, name, heads, capacity
    TICKET_ADMITTED = (
        "ticket_admitted"  # by somebody with a phone; the nonce is the correlation; detail: event, ticket, answer
    )
    TICKET_LEFT = "ticket_left"
    TICKET_REFUSED = "ticket_refused"
    WHEREABOUTS_FORGIVEN = "whereabouts_forgiven"
    QUOTA_OVERSHOT = "quota_overshot"  # an entry decided offline went beyond what was left; flagged, not charged
    BOOKING_MADE = "booking_made"  # of all these, detail: booking, start, end; and what the kind needs
    BOOKING_REQUESTED = "booking_requested"  # it waits for approval
    BOOKING_APPROVED = "booking_approved"
    BOOKING_DECLINED = "booking_declined"
    BOOKING_CHANGED = "booking_changed"  # moved, extended, other people; detail: what was and is
    BOOKING_ENDED = "booking_ended"  # by somebody, before its time
    BOOKING_CANCELLED = "booking_cancelled"
    BOOKING_CHECKED_IN = "booking_checked_in"  # detail.how: door, panel, page, command, booked_late
    BOOKING_IN_USE = "booking_in_use"  # not checked in when its time ran out, but somebody is in the room: not released
    BOOKING_RELEASED = "booking_released"  # nobody came
    WAITING_OFFERED = "waiting_offered"  # a time somebody waits for has become free
    WAITING_WON = "waiting_won"  # they took it
    WAITING_LAPSED = "waiting_lapsed"  # they did not, or somebody else was quicker
    SERIES_MISSED = "series_missed"  # three times in a row nobody came: staff are asked to end it
    CALENDAR_READ = "calendar_read"  # an outside calendar; detail: made, changed, gone, conflicts
    ROOM_CHANGED = "room_changed"  # what is shown of it: status, or a level that staff would act upon
    GUEST_ARRIVED = "guest_arrived"
    FIRST_VISIT = "first_visit"  # somebody's first entry ever
    NOTICE_FAILED = "notice_failed"  # a message to a person could not be delivered, and is given up
    POLICY_PUBLISHED = "policy_published"  # another version of the space file counts now


@dataclass(frozen=True, slots=True)
class Fact:
    """One thing that happened; `at` is aware UTC, `correlation` ties one tap's facts together."""

    kind: FactKind
    at: datetime
    door: DoorId | None = None
    device: DeviceId | None = None
    area: AreaId | None = None
    person: PersonId | None = None
    message_id: str | None = None  # the sender's own id; unique per device among decisions
    correlation: str | None = None
    detail: Mapping[str, Plain] = field(default_factory=dict)
