"""Alarms in words: one sentence for each kind, the same on the page, in the stream and at the command line."""

from controller.domain.alarm import AlarmKind

ALARMS: dict[AlarmKind, str] = {
    AlarmKind.DOOR_FORCED: "{place} was forced open",
    AlarmKind.DOOR_HELD: "{place} is held open",
    AlarmKind.DOOR_AJAR: "{place} is closed and not locked",
    AlarmKind.LOCK_FAULT: "The lock of {place} is stuck",
    AlarmKind.EXIT_BUTTON_STUCK: "The exit button of {place} is stuck",
    AlarmKind.TAMPER: "Somebody is tampering with {device}",
    AlarmKind.DURESS: "{who} is being forced at {place}: a duress PIN was used",
    AlarmKind.PIN_LOCKED_OUT: "Too many wrong PINs at {place}",
    AlarmKind.CREDENTIAL_LOST_USED: "A badge reported lost was shown at {place}: {who}'s",
    AlarmKind.CREDENTIAL_BLOCKED_USED: "A blocked badge was shown at {place}: {who}'s",
    AlarmKind.PASSBACK: "{who} came in twice without leaving, at {place}",
    AlarmKind.CAPACITY: "{place} has more people in it than it may",
    AlarmKind.FIRE: "Fire: doors on the way out are released",
    AlarmKind.LOCKDOWN: "Lockdown of {place}",
    AlarmKind.ACCESS_LIST_BEHIND: "{place} would decide from an old access list",
    AlarmKind.DOOR_DEVICE_LOST: "{place} has lost its device",
    AlarmKind.QUOTA_OVERSHOOT: "{who} came in beyond the days left, at {place}",
    AlarmKind.TICKET_TWICE: "One ticket came in twice without leaving, while doors decided alone, at {place}: {who}",
    AlarmKind.LOG_UNAVAILABLE: "The event log cannot be written",
    AlarmKind.SENDING_STOPPED: "Readings are not sent on to the database: it does not let us write",
    AlarmKind.SERIES_MISSED: "{who} has missed a series in {place} three times in a row: ask them, or end it",
    AlarmKind.PAUSED_WITH_BOOKINGS: "{who} is paused and has bookings to come that open nothing",
    AlarmKind.BANNED_WITH_BOOKINGS: "{who} is banned and has bookings to come: cancel them, or lift the ban",
    AlarmKind.MESSAGES_LOST: "Messages of devices were lost on their way: natoma telemetry gaps says which and where",
    AlarmKind.NAME_SHARED: "Two clients log in as {device} and throw each other out: give one a name of its own",
    AlarmKind.CLOCK_SUSPECT: "The clock of this machine cannot be trusted",
    AlarmKind.BOOKED_ROOM_GONE: "{place} is not in the space file and has bookings to come: move or cancel them",
}

TOLD_BY_A_FACT_OF_ITS_OWN = frozenset(
    {
        AlarmKind.DOOR_FORCED,
        AlarmKind.DOOR_HELD,
        AlarmKind.TAMPER,
        AlarmKind.FIRE,
        AlarmKind.LOCKDOWN,
        AlarmKind.QUOTA_OVERSHOOT,
        AlarmKind.LOG_UNAVAILABLE,
        AlarmKind.CLOCK_SUSPECT,
        AlarmKind.SENDING_STOPPED,
        AlarmKind.SERIES_MISSED,
        AlarmKind.MESSAGES_LOST,
        AlarmKind.NAME_SHARED,
    }
)
"""What happened is in the stream already; that it is an alarm shows in the list of alarms."""


def sentence(kind: str) -> str:
    """The template for this kind; of one that a newer program knows, its own words."""
    return ALARMS[AlarmKind(kind)] if kind in set(AlarmKind) else f"{kind.replace('_', ' ')} at {{place}}"
