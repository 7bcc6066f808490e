"""Facts in words: what staff read on the page and at the command line.

One sentence for what happened and, where there is one, one for why. Nothing is decided here.
"""

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from controller.domain.alarm import Alarm
from controller.domain.building import Passback, Space
from controller.domain.facts import Fact, FactKind
from controller.domain.holidays import holidays_of
from controller.domain.house import HouseState
from controller.domain.ids import PersonId
from controller.domain.membership import Person
from controller.domain.shared_steps import zones_entered
from controller.services.doors.alarm_words import sentence
from controller.services.screens.booking_words import BOOKING_LINES
from controller.services.screens.calendar_words import CALENDAR_LINES
from controller.services.screens.history_words import HISTORY_LINES
from controller.services.screens.lines import Line, moment
from controller.services.screens.room_words import room_sentence
from controller.services.screens.ticket_words import ticket_line

__all__ = ["CAME_IN_JUST_NOW", "GRANTS", "ON_AIR", "REASONS", "UNLOCK_PROBLEMS", "Line", "Wording", "moment"]

REASONS: dict[str, str] = {
    "replayed": "this read was a repeat of an earlier one",
    "stale_read": "the read was too old when it arrived",
    "unknown_door": "this reader stands at no door",
    "door_disabled": "this door is switched off",
    "door_in_maintenance": "this door is being repaired",
    "unknown_credential": "this badge is not known here",
    "credential_lost": "this badge was reported lost",
    "credential_blocked": "this badge is blocked",
    "credential_not_yet_valid": "this badge is not valid yet",
    "credential_expired": "this badge has expired",
    "pin_timeout": "no PIN was entered in time",
    "pin_wrong": "the PIN was wrong",
    "pin_locked_out": "too many wrong PINs at this reader: PINs are locked here for some minutes",
    "banned": "this person may not enter any more",
    "no_membership": "there is no membership for today",
    "pass_revoked": "the pass was taken back",
    "membership_ended": "the membership has ended",
    "membership_paused": "the membership is paused",
    "membership_overdue": "a payment is overdue",
    "lockdown": "there is a lockdown",
    "outside_hours": "the plan does not cover this hour",
    "booking_too_early": "the booking has not begun",
    "booking_over": "the booking is over",
    "event_not_started": "the event has not begun: its host has not come in yet",
    "event_over": "the event is over",
    "event_full": "the event is full",
    "ticket_used": "this ticket is in use: its holder is inside",
    "pass_not_yet_valid": "the pass is not valid yet",
    "pass_over": "the pass has run out",
    "quota_used_up": "the days of this week are used up",
    "no_right": "nothing this person holds opens this door",
    "on_air": "it is on air: only the people of its booking come in",
    "interlock": "another door of this interlock is open",
    "anti_passback": "this badge is inside already",
    "occupancy_full": "the place is full",
    "second_person_missing": "this door opens for two people together",
    "log_unavailable": "the event log could not be written, and this door then stays shut",
}
"""A sentence for every reason a read can be refused; a test holds it against the closed list."""

CAME_IN_JUST_NOW = "this badge came in here a moment ago"

GRANTS: dict[str, str] = {
    "staff": "staff",
    "lease": "lease of {via}",
    "plan": "plan {via}",
    "exit": "leaving is always allowed",
    "booking": "booking of {via}",
    "event": "ticket for {via}",
    "host": "host of {via}",
    "guest": "guest of {via}",
    "visiting": "visiting pass from {via}",
    "pay_as_you_go": "pay as you go, plan {via}",
}

UNLOCK_PROBLEMS: dict[str, str] = {
    "door_offline": "the door does not answer",
    "not_connected": "we are not connected to the broker",
    "no_answer": "the lock did not confirm",
    "expired": "the command came too late",
    "jammed": "the lock is jammed",
    "busy": "the lock is busy",
    "duplicate": "the lock had done this before",
    "retained": "the command was a leftover",
    "unknown_channel": "the device has no such lock",
}


class Wording:
    """Turns facts into lines, with the names of this space and these people."""

    def __init__(
        self,
        space: Callable[[], Space],
        people: Callable[[], Mapping[PersonId, Person]],
        house: Callable[[], HouseState] = HouseState,
    ) -> None:
        self._space = space
        self._people = people
        self._house = house  # for the holidays that were announced

    def line(self, fact: Fact) -> Line:
        """What happened, and why."""
        special = _SPECIAL.get(fact.kind)
        if special is not None:
            return special(self, fact)
        template, tone = _PLAIN[fact.kind]
        return Line(
            template.format_map(
                _Texts(
                    _texts(fact),
                    door=self.door(fact),
                    device=self.device(fact),
                    area=self.area(fact),
                    who=self.who(fact),
                )
            ),
            None,
            tone,
        )

    def who(self, fact: Fact) -> str:
        if fact.person is None:
            last_two = fact.detail.get("last_two")
            return f"An unknown badge (…{last_two})" if last_two else "An unknown badge"
        return self.person(fact.person)

    def person(self, id: PersonId) -> str:
        person = self._people().get(id)
        return person.name if person is not None else "Somebody who has left"

    @property
    def zone(self) -> ZoneInfo:
        return self._space().zone

    def door(self, fact: Fact) -> str:
        if fact.door is None:
            return f"reader {fact.device}" if fact.device else "an unknown door"
        door = self._space().doors.get(fact.door)
        return door.name if door is not None else str(fact.door)

    def area(self, fact: Fact) -> str:
        if fact.area is None:
            return "a room"
        area = self._space().areas.get(fact.area)
        return area.name if area is not None else str(fact.area)

    def device(self, fact: Fact) -> str:
        if fact.device is None:
            return "an unknown device"
        known = self._space().devices.get(fact.device)
        if known is not None and known.door is not None and known.door in self._space().doors:
            return f"{fact.device} ({self._space().doors[known.door].name})"
        if known is not None and known.area is not None and known.area in self._space().areas:
            return f"{fact.device} ({self._space().areas[known.area].name})"
        return str(fact.device)

    def alarm(self, alarm: Alarm) -> str:
        """What is wrong, in a sentence."""
        about = alarm.subject
        return self.alarm_of(
            Fact(
                FactKind.ALARM_RAISED,
                alarm.since,
                door=about.door,
                device=about.device,
                area=about.area,
                person=about.person,
                detail={**alarm.detail, "alarm": alarm.kind},
            )
        )

    def alarm_of(self, fact: Fact) -> str:
        """The same, of the fact that tells of it."""
        place = self.door(fact) if fact.door is not None else self.area(fact) if fact.area is not None else None
        place = place or str(fact.detail.get("scope", "the building"))
        names = {"place": place, "device": self.device(fact), "who": self.who(fact)}
        return sentence(str(fact.detail.get("alarm", ""))).format_map(_Texts(_texts(fact), **names))

    def reason(self, fact: Fact, seen_from: datetime | None = None) -> str:
        """Why a read was refused, and when it would work, told on the day of the read or `seen_from` another."""
        code = str(fact.detail.get("reason", ""))
        text = REASONS.get(code, code.replace("_", " "))
        next_time = fact.detail.get("next_time")
        if code == "anti_passback" and (next_time is not None or self._is_timed(fact)):
            text = CAME_IN_JUST_NOW  # a rule of time, which does not know whether they are inside
        if code == "outside_hours" and (name := self._holiday(fact)):
            text += f" (closed: {name})"
        if isinstance(next_time, str):
            text += f"; it would work from {_soon(next_time, self._space().zone, fact.at, seen_from)}"
        return text

    def _is_timed(self, fact: Fact) -> bool:
        """Whether anti-passback at this door goes by the time alone."""
        space = self._space()
        door = space.doors.get(fact.door) if fact.door is not None else None
        rules = {zone.passback for zone in zones_entered(door, space)} if door is not None else set()
        return Passback.TIMED in rules and Passback.HARD not in rules

    def _holiday(self, fact: Fact) -> str | None:
        """What the day of this read is called where the door leads, if it is a holiday there."""
        space = self._space()
        door = space.doors.get(fact.door) if fact.door is not None else None
        if door is None:
            return None
        return holidays_of(door.inner, space, self._house()).name_of(fact.at.astimezone(space.zone).date())

    def when(self, fact: Fact, key: str) -> str | None:
        """A moment among a fact's details, told on the day of the fact; None where there is none."""
        try:
            return moment(str(fact.detail[key]), self._space().zone, fact.at)
        except (KeyError, ValueError):
            return None

    def grant(self, fact: Fact) -> str:
        """What let somebody in."""
        via = str(fact.detail.get("via") or "")
        space = self._space()
        for plan_id, plan in space.plans.items():
            if plan_id == via:
                via = plan.name
        for area_id, area in space.areas.items():
            if area_id == via:
                via = area.name
        return GRANTS.get(str(fact.detail.get("grant")), "{via}").format(via=via)


def _soon(iso: str, zone: ZoneInfo, at: datetime, seen_from: datetime | None) -> str:
    """The same, with seconds where the minute has begun already."""
    told = moment(iso, zone, seen_from or at)
    then = datetime.fromisoformat(iso)
    return f"{told}:{then:%S}" if then - at <= timedelta(minutes=1) else told


class _Texts(dict[str, str]):
    """A fact of an older version may lack a detail; its line has a gap then, and the stream goes on."""

    def __missing__(self, _: str) -> str:
        return "?"


def _texts(fact: Fact) -> dict[str, str]:
    return {key: str(value) for key, value in fact.detail.items()}


def _granted(words: Wording, fact: Fact) -> Line:
    way = "let out" if fact.detail.get("grant") == "exit" else "let in"
    return Line(f"{words.who(fact)} was {way} at {words.door(fact)}", words.grant(fact), "good")


def _denied(words: Wording, fact: Fact) -> Line:
    return Line(f"{words.who(fact)} was refused at {words.door(fact)}", words.reason(fact), "bad")


def _ignored(words: Wording, fact: Fact) -> Line:
    return Line(f"A read at {words.door(fact)} was ignored", words.reason(fact), "note")


def _not_sent(words: Wording, fact: Fact) -> Line:
    code = str(fact.detail.get("reason", ""))
    return Line(f"{words.door(fact)} was not unlocked", UNLOCK_PROBLEMS.get(code, code.replace("_", " ")), "bad")


def _unlock_refused(words: Wording, fact: Fact) -> Line:
    code = str(fact.detail.get("reason", ""))
    return Line(
        f"The lock of {words.door(fact)} refused to open", UNLOCK_PROBLEMS.get(code, code.replace("_", " ")), "alarm"
    )


def _message_refused(words: Wording, fact: Fact) -> Line:
    count = fact.detail.get("count", 1)
    times = f" ({count} times)" if isinstance(count, int) and count > 1 else ""
    sender = words.device(fact) if fact.device is not None else f"topic {fact.detail.get('topic', '?')}"
    hint = fact.detail.get("hint") or ""
    why = f"{fact.detail.get('reason')}: {fact.detail.get('why')}" + (f" — {hint}" if hint else "")
    return Line(f"A message was refused from {sender}{times}", why, "note")


ON_AIR: dict[str, str] = {
    "on": "{area} is on air",
    "off": "{area} is off air",
    "requested": "{area} is going on air",
    "ending": "{area} is going off air",
    "unknown": "Nobody can say whether {area} is on air: its light does not answer",
}


OFF_AIR: dict[str, str] = {
    "stopped": "it was stopped",
    "over": "its booking is over",
    "empty": "nobody had been in it for 5 min",
    "gone": "its booking was cancelled, released or moved",
}


def _on_air(words: Wording, fact: Fact) -> Line:
    state = str(fact.detail.get("state"))
    text = ON_AIR[state].format(area=words.area(fact))
    until = words.when(fact, "until")
    why = f"until {until}" if until is not None else OFF_AIR.get(str(fact.detail.get("why")))
    return Line(text, why, "bad" if state == "unknown" else "note")


def _on_air_asked(words: Wording, fact: Fact) -> Line:
    wish = "go off air" if fact.detail.get("do") == "stop" else "go on air"
    return Line(f"{words.who(fact)} asked {words.area(fact)} to {wish}", "at the command line")


def _pressed(words: Wording, fact: Fact) -> Line:
    return Line(f"Button pressed at {words.device(fact)}", _why(fact), "note")


def _room_changed(words: Wording, fact: Fact) -> Line:
    text, tone = room_sentence(fact, words.area(fact))
    return Line(text, None, tone)


def _alarm_raised(words: Wording, fact: Fact) -> Line:
    return Line(words.alarm_of(fact), "told late: it may be over" if fact.detail.get("late") else None, "alarm")


def _alarm_acknowledged(words: Wording, fact: Fact) -> Line:
    note = fact.detail.get("note")
    return Line(f"{fact.detail.get('by', '?')} has seen: {words.alarm_of(fact)}", str(note) if note else None, "note")


def _alarm_cleared(words: Wording, fact: Fact) -> Line:
    return Line(f"Over: {words.alarm_of(fact)}", None, "good")


def _ticket(words: Wording, fact: Fact) -> Line:
    return ticket_line(words.who(fact), fact)


def _mode_changed(words: Wording, fact: Fact) -> Line:
    mode = str(fact.detail.get("mode", "in another mode"))
    until = words.when(fact, "until") if mode == "unlocked" else None
    return Line(f"{words.door(fact)} is {mode} now" + (f", until {until}" if until else ""), _why(fact))


def _overridden(words: Wording, fact: Fact) -> Line:
    said = _Texts(_texts(fact))
    if fact.detail.get("ended"):
        return Line(f"{said['by']} ended what was set by hand: {said['scope']} is as its hours say", _why(fact))
    until = words.when(fact, "until") or said["until"]
    return Line(f"{said['by']} set {said['scope']} {said['wanted']} until {until}", _why(fact))


def _why(fact: Fact) -> str | None:
    why = fact.detail.get("why") or fact.detail.get("reason")
    return str(why) if why else None


_PLAIN: dict[FactKind, tuple[str, str]] = {
    FactKind.ENTRY_TAKEN: ("{who} went through {door}", "good"),
    FactKind.ENTRY_NOT_TAKEN: ("{who} did not go through {door}", "note"),
    FactKind.EXIT_REQUESTED: ("Exit button pressed at {door}", "note"),
    FactKind.DOOR_OPENED: ("{door} opened", "note"),
    FactKind.DOOR_CLOSED: ("{door} closed", "note"),
    FactKind.DOOR_FORCED: ("{door} was forced open", "alarm"),
    FactKind.DOOR_HELD_WARNING: ("{door} has been open for a while", "bad"),
    FactKind.DOOR_HELD: ("{door} is held open", "alarm"),
    FactKind.UNLOCK_CONFIRMED: ("{door} unlocked", "good"),
    FactKind.TAMPERED: ("Somebody is tampering with {device}", "alarm"),
    FactKind.DEVICE_REPORTED: ("{device} reported {type}", "note"),
    FactKind.DEVICE_BORN: ("{device} said what it is", "note"),
    FactKind.DEVICE_READY: ("{device} is there", "note"),
    FactKind.DEVICE_LOST: ("{device} is lost", "bad"),
    FactKind.DEVICE_UNSTEADY: ("{device} comes and goes: its power, its network or its name is in trouble", "bad"),
    FactKind.NAME_SHARED: ("Two clients log in as {device} and throw each other out", "alarm"),
    FactKind.LINK_LOST: ("The {link} link to the broker is down", "alarm"),
    FactKind.LINK_RESTORED: ("The {link} link to the broker is back", "good"),
    FactKind.LOG_FAILED: ("The event log cannot be written", "alarm"),
    FactKind.LOG_RESTORED: ("The event log is written again", "good"),
    FactKind.SERVICE_STARTED: ("Natoma started", "note"),
    FactKind.SERVICE_STOPPED: ("Natoma stopped", "note"),
    FactKind.PIN_ASKED: ("{who} is asked for a PIN at {door}", "note"),
    FactKind.LOCAL_GRANTED: ("{door} let {who} in by itself", "good"),
    FactKind.LOCAL_DENIED: ("{door} refused {who} by itself", "bad"),
    FactKind.LOCKDOWN_BEGAN: ("Lockdown of {scope}, by {by}: {reason}", "alarm"),
    FactKind.LOCKDOWN_LIFTED: ("The lockdown of {scope} was lifted by {by}: {reason}", "good"),
    FactKind.FIRE_BEGAN: ("Fire: doors on the way out are released", "alarm"),
    FactKind.FIRE_CLEARED: ("The fire panel says it is over; doors stay released until somebody confirms", "bad"),
    FactKind.FIRE_CONFIRMED: ("{by} confirmed that the fire is over: {reason}", "good"),
    FactKind.CALENDAR_CHANGED: ("{by}: {said}", "note"),
    FactKind.EVENT_STARTED: ("{event} has begun", "good"),
    FactKind.EVENT_ENDED: ("{event} is over", "note"),
    FactKind.EVENT_FULL: ("{name} is full ({heads} of {capacity})", "note"),
    FactKind.WHEREABOUTS_FORGIVEN: ("{by} forgave where {who} was thought to be", "note"),
    FactKind.QUOTA_OVERSHOT: ("{who} came in beyond the days left, by a door that decided alone", "bad"),
    FactKind.POLICY_PUBLISHED: ("Another version of the space file counts now: {version}", "note"),
    FactKind.GUEST_ARRIVED: ("{who}, a guest, has arrived", "good"),
    FactKind.FIRST_VISIT: ("{who} is here for the first time", "good"),
    FactKind.NOTICE_FAILED: ("A message to {who} could not be delivered", "bad"),
    FactKind.PEOPLE_CHANGED: ("People or their rights changed", "note"),
}

_SPECIAL: dict[FactKind, Callable[[Wording, Fact], Line]] = {
    **BOOKING_LINES,
    **CALENDAR_LINES,
    **HISTORY_LINES,
    FactKind.ENTRY_GRANTED: _granted,
    FactKind.ENTRY_DENIED: _denied,
    FactKind.READ_IGNORED: _ignored,
    FactKind.UNLOCK_NOT_SENT: _not_sent,
    FactKind.UNLOCK_REFUSED: _unlock_refused,
    FactKind.MESSAGE_REFUSED: _message_refused,
    FactKind.ON_AIR_CHANGED: _on_air,
    FactKind.ON_AIR_ASKED: _on_air_asked,
    FactKind.BUTTON_PRESSED: _pressed,
    FactKind.ROOM_CHANGED: _room_changed,
    FactKind.DOOR_MODE_CHANGED: _mode_changed,
    FactKind.DOOR_OVERRIDDEN: _overridden,
    FactKind.ALARM_RAISED: _alarm_raised,
    FactKind.ALARM_ACKNOWLEDGED: _alarm_acknowledged,
    FactKind.ALARM_CLEARED: _alarm_cleared,
    FactKind.TICKET_ADMITTED: _ticket,
    FactKind.TICKET_LEFT: _ticket,
    FactKind.TICKET_REFUSED: _ticket,
}
