"""The words of the house that a scenario may expect: what it tells all who listen, and why a reader says no.

They are the controller's, which is never imported here; a test compares them with its own.
"""

from devices.accesslist.deciding import Reason
from devices.messages import IN_GRACE
from devices.messages.down import HELD_OPEN, SECOND_PERSON_MISSING

NONE = "none"
"""Of what is over, and of what it does not know, the house says nothing."""

ON_OFF = ["on", "off", NONE]

# Of a door, by the name that `live/door` has for each.
OF_A_DOOR = {
    "alarm": ["forced", "tamper", "held", "lock_fault", "ajar", "exit_button_stuck", NONE],
    "state": ["unknown", "locked", "released", "ajar", "lock_fault", "open", "propped", "held", "forced", NONE],
    "mode": ["locked", "unlocked", "released", "lockdown", "fire", NONE],
    "device": ["ready", "sleeping", "lost", "silent", "never_seen", NONE],
}
OF_A_ROOM = {
    "status": ["free", "booked", "in_use", "on_air", "unavailable", NONE],
    "on_air": ["off", "requested", "on", "ending", "unknown", NONE],
    "on_air_wanted": ON_OFF,
    "lit": ON_OFF,
    "in_use_unchecked": ON_OFF,
    "unavailable": ["fire", "lockdown", "its door is out of order", NONE],
    "comfort": ["good", "cold", "warm", "dry", "humid", "unknown", NONE],
    "air": ["good", "stuffy", "bad", "unknown", NONE],
    "quiet": ["quiet", "loud", "unknown", NONE],
    "sensor": ["live", "silent", "never_seen", NONE],
}
# None: a number.
OF_THE_HOUSE = {"people_in": None, "capacity": None, "mode": ["normal", "lockdown", "fire", NONE]}

_OF_THE_CONTROLLER = [
    "replayed", "stale_read", "unknown_door", "door_disabled", "door_in_maintenance", "unknown_credential",
    "credential_lost", "credential_blocked", "credential_not_yet_valid", "credential_expired", "pin_timeout",
    "pin_wrong", "pin_locked_out", "banned", "no_membership", "pass_revoked", "membership_ended", "membership_paused",
    "membership_overdue", "lockdown", "outside_hours", "booking_too_early", "booking_over", "event_not_started",
    "event_over", "event_full", "ticket_used", "pass_not_yet_valid", "pass_over", "quota_used_up", "no_right", "on_air",
    "interlock", "anti_passback", "occupancy_full", "log_unavailable", "try_again", "enter_pin",
]  # fmt: skip
# What a reader says by itself, where nobody answers or somebody is before it.
_OF_READERS = ["no_answer", "busy", *(reason.value for reason in Reason)]
REASONS = sorted({*_OF_THE_CONTROLLER, IN_GRACE, HELD_OPEN, SECOND_PERSON_MISSING, *_OF_READERS})
