"""Facts in words: everything that can happen has a sentence, and each says who, where, and why."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from controller.domain.alarm import AlarmKind, Subject, first
from controller.domain.building import Passback, Zone
from controller.domain.facts import Fact, FactKind
from controller.domain.grants import GrantKind
from controller.domain.house import ExtraHoliday, HouseState, Scope
from controller.domain.ids import AlarmId, PersonId, ZoneId
from controller.domain.rights import DenyReason
from controller.domain.rooms.booth import OnAir
from controller.domain.rooms.on_air import Ended
from controller.domain.ticket_scan import ScanAnswer
from controller.services.ports import LoggedFact
from controller.services.screens.live import LiveFeed
from controller.services.screens.story import QUIET, Story
from controller.services.screens.ticket_words import SCANS
from controller.services.screens.wording import GRANTS, OFF_AIR, ON_AIR, REASONS, UNLOCK_PROBLEMS, Wording, moment
from devices.messages import AckReason
from tests.support.flat import EGRESS, Flat
from tests.support.services import ALICE, BOOTH, FULL, LIGHT, NOON, SENSOR, SF, SPACE, STREET, STREET_UNIT

WORDS = Wording(lambda: SPACE, lambda: {ALICE.id: ALICE})

DETAILS: dict[FactKind, dict[str, object]] = {
    FactKind.ENTRY_GRANTED: {"grant": "plan", "via": FULL},
    FactKind.ENTRY_DENIED: {"reason": "no_right"},
    FactKind.READ_IGNORED: {"reason": "stale_read"},
    FactKind.UNLOCK_NOT_SENT: {"reason": "door_offline"},
    FactKind.UNLOCK_REFUSED: {"reason": "jammed"},
    FactKind.MESSAGE_REFUSED: {"topic": "t", "reason": "schema", "why": "v is missing", "hint": "add it", "count": 1},
    FactKind.ON_AIR_CHANGED: {"state": "on"},
    FactKind.ROOM_CHANGED: {"of": "air", "was": "good", "is": "stuffy", "since": NOON.isoformat()},
    FactKind.DEVICE_REPORTED: {"type": "fire"},
    FactKind.GAP_FOUND: {"count": 3},
    FactKind.GAP_FILLED: {"count": 2},
    FactKind.MESSAGES_LOST: {"where": "broker_queue", "count": 4000},
    FactKind.SERIES_CHANGED: {"channel": "co2", "was": "ppm", "now": "text"},
    FactKind.SERIES_REFUSED: {"count": 12, "limit": 1000},
    FactKind.SENDING_STOPPED: {"why": "401: the token is not known there"},
    FactKind.POINTS_PARKED: {"count": 2, "why": "field type conflict"},
    FactKind.READINGS_SHED: {"count": 5000, "why": "the disk is full"},
    FactKind.HISTORY_CLEANED: {"what": "Readings", "before": "2026-08-01T00:00:00+00:00"},
    FactKind.HOUSE_RESTORED: {"made": "2026-11-01T00:00:00+00:00"},
    FactKind.CLOCK_SUSPECT: {"by_s": 3600.0},
    FactKind.LINK_LOST: {"link": "access"},
    FactKind.LINK_RESTORED: {"link": "access"},
    FactKind.ALARM_RAISED: {"alarm": "door_ajar"},
    FactKind.ALARM_ACKNOWLEDGED: {"alarm": "door_ajar", "by": "Dana", "note": "seen"},
    FactKind.ALARM_CLEARED: {"alarm": "door_ajar"},
    FactKind.DOOR_MODE_CHANGED: {"mode": "unlocked"},
    FactKind.LOCKDOWN_BEGAN: {"scope": "the whole space", "by": "Dana", "reason": "intruder"},
    FactKind.LOCKDOWN_LIFTED: {"scope": "the whole space", "by": "Dana", "reason": "all clear"},
    FactKind.FIRE_CONFIRMED: {"by": "Dana", "reason": "burnt toast"},
    FactKind.DOOR_OVERRIDDEN: {
        "by": "Dana",
        "scope": "Street door",
        "wanted": "unlocked",
        "until": "18:00",
        "reason": "open day",
    },
    FactKind.CALENDAR_CHANGED: {"by": "Dana", "said": "2026-12-24, Christmas Eve, is a holiday"},
    FactKind.CALENDAR_READ: {"name": "Town hall", "made": 3, "changed": 1, "gone": 0, "conflicts": 2},
    FactKind.EVENT_STARTED: {"event": "Evening of talks"},
    FactKind.EVENT_ENDED: {"event": "Evening of talks"},
    FactKind.EVENT_FULL: {"event": "talks", "name": "Evening of talks", "heads": 3, "capacity": 3},
    FactKind.WHEREABOUTS_FORGIVEN: {"by": "Dana"},
    FactKind.POLICY_PUBLISHED: {"version": "0f3a"},
    **{
        kind: {"start": "2026-11-23T22:00:00+00:00", "end": "2026-11-23T23:00:00+00:00", "times": 3}
        for kind in FactKind
        if kind.startswith(("booking_", "waiting_", "series_missed"))
    },
}


def line(kind: FactKind, **more: object):
    detail = more.pop("detail", DETAILS.get(kind, {}))
    known = {"door": STREET.id, "device": STREET_UNIT, "area": BOOTH, "person": ALICE.id, **more}
    return WORDS.line(Fact(kind, NOON, detail=detail, **known))


# --- why a read was refused ---------------------------------------------------------------------------------------


def refused(reason: str, at: datetime = NOON, words: Wording = WORDS, **detail: object) -> str | None:
    return words.line(Fact(FactKind.ENTRY_DENIED, at, door=STREET.id, detail={"reason": reason, **detail})).why


def test_outside_hours_on_a_holiday_names_it():
    thanksgiving = replace(SPACE, holidays={NOON.astimezone(SF).date(): "Thanksgiving"})
    words = Wording(lambda: thanksgiving, dict)

    assert refused("outside_hours", words=words) == "the plan does not cover this hour (closed: Thanksgiving)"
    assert refused("outside_hours", NOON + timedelta(days=1), words) == "the plan does not cover this hour"
    assert refused("membership_paused", words=words) == "the membership is paused"


def test_outside_hours_on_a_holiday_that_was_announced_names_it():
    announced = HouseState(holidays=(ExtraHoliday(NOON.astimezone(SF).date(), "Strike"),))
    words = Wording(lambda: SPACE, dict, lambda: announced)

    assert refused("outside_hours", words=words) == "the plan does not cover this hour (closed: Strike)"


def test_a_holiday_of_another_zone_is_no_reason():
    day = NOON.astimezone(SF).date()
    upstairs = replace(SPACE, holidays={day: "Floor polish"}, holiday_zones={day: frozenset({ZoneId("upstairs")})})

    assert refused("outside_hours", words=Wording(lambda: upstairs, dict)) == "the plan does not cover this hour"


def test_a_timed_anti_passback_says_that_the_badge_came_in_a_moment_ago_and_never_that_it_is_inside():
    soon, later = (NOON + timedelta(seconds=seconds) for seconds in (25, 300))

    assert refused("anti_passback", next_time=soon.isoformat()) == (
        f"this badge came in here a moment ago; it would work from today {soon.astimezone(SF):%H:%M:%S}"
    )
    assert refused("anti_passback", next_time=later.isoformat()) == (
        f"this badge came in here a moment ago; it would work from today {later.astimezone(SF):%H:%M}"
    )
    assert refused("anti_passback") == "this badge is inside already"


@pytest.mark.parametrize(
    ("rule", "said"),
    [
        (Passback.TIMED, "this badge came in here a moment ago"),  # though it opens nothing afterwards
        (Passback.HARD, "this badge is inside already"),
    ],
)
def test_an_anti_passback_is_told_by_the_rule_of_its_zone(rule, said):
    zone = ZoneId("inside")
    area = replace(SPACE.areas[SPACE.doors[STREET.id].inner], zones=frozenset({zone}))
    ruled = replace(SPACE, areas={**SPACE.areas, area.id: area}, zones={zone: Zone(zone, passback=rule)})

    assert refused("anti_passback", words=Wording(lambda: ruled, dict)) == said


# --- closed lists -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", FactKind)
def test_everything_that_can_happen_has_words(kind):
    said = line(kind)

    assert said.text.strip()
    assert "{" not in said.text
    assert "?" not in said.text
    assert said.tone in {"good", "bad", "note", "alarm"}


@pytest.mark.parametrize("kind", sorted(set(FactKind) - {FactKind.ON_AIR_CHANGED}))
def test_a_fact_with_nothing_but_its_kind_is_still_a_line(kind):
    assert WORDS.line(Fact(kind, NOON)).text


def test_every_reason_to_refuse_has_a_sentence_and_no_other_has():
    assert set(REASONS) == set(DenyReason)


def test_every_way_in_has_a_sentence_and_no_other_has():
    assert set(GRANTS) == set(GrantKind)


def test_everything_a_light_can_show_has_a_sentence_and_nothing_else_has():
    assert set(ON_AIR) == set(OnAir)


def test_every_reason_a_lock_can_give_has_words():
    assert set(UNLOCK_PROBLEMS) >= set(AckReason) | {"door_offline", "not_connected", "no_answer"}


# --- sentences --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("said", "text", "why"),
    [
        (line(FactKind.ENTRY_GRANTED), "Alice was let in at Street door", "plan Full-time"),
        (
            line(FactKind.ENTRY_GRANTED, detail={"grant": "exit", "via": "street"}),
            "Alice was let out at Street door",
            "leaving is always allowed",
        ),
        (
            line(FactKind.ENTRY_GRANTED, detail={"grant": "lease", "via": "lab"}),
            "Alice was let in at Street door",
            "lease of Lab",
        ),
        (
            line(FactKind.ENTRY_DENIED, detail={"reason": "outside_hours", "next_time": "2026-11-24T17:00:00+00:00"}),
            "Alice was refused at Street door",
            "the plan does not cover this hour; it would work from tomorrow 09:00",
        ),
        (
            line(FactKind.ENTRY_DENIED, person=None, detail={"reason": "unknown_credential", "last_two": "80"}),
            "An unknown badge (…80) was refused at Street door",
            "this badge is not known here",
        ),
        (
            line(FactKind.ENTRY_DENIED, detail={"reason": "a_reason_of_tomorrow"}),
            "Alice was refused at Street door",
            "a reason of tomorrow",
        ),
        (
            line(FactKind.READ_IGNORED),
            "A read at Street door was ignored",
            "the read was too old when it arrived",
        ),
        (line(FactKind.UNLOCK_NOT_SENT), "Street door was not unlocked", "the door does not answer"),
        (line(FactKind.UNLOCK_REFUSED), "The lock of Street door refused to open", "the lock is jammed"),
        (line(FactKind.DOOR_FORCED), "Street door was forced open", None),
        (line(FactKind.ENTRY_NOT_TAKEN), "Alice did not go through Street door", None),
        (line(FactKind.GAP_FOUND, device=SENSOR), "3 messages of sensor-study (Study) are missing", None),
        (
            line(FactKind.GAP_FOUND, device=SENSOR, detail={"count": 1}),
            "1 message of sensor-study (Study) is missing",
            None,
        ),
        (
            line(FactKind.MESSAGES_LOST),
            "4,000 messages were lost on the way",
            "the broker dropped them: its queue was full",
        ),
        (
            line(FactKind.MESSAGES_LOST, detail={"where": "broker_session", "count": None}),
            "Messages may have been lost on their way",
            "the broker has forgotten our session, and what waited in it",
        ),
        (
            line(FactKind.SERIES_REFUSED),
            "12 new channels were refused",
            "at most 1,000 may begin in a minute",
        ),
        (line(FactKind.DEVICE_LOST), "door-street (Street door) is lost", None),
        (line(FactKind.DEVICE_LOST, device="gone"), "gone is lost", None),
        (
            line(FactKind.ON_AIR_CHANGED, detail={"state": "unknown"}),
            "Nobody can say whether Podcast booth is on air: its light does not answer",
            None,
        ),
        (
            line(FactKind.MESSAGE_REFUSED),
            "A message was refused from door-street (Street door)",
            "schema: v is missing — add it",
        ),
        (
            line(
                FactKind.MESSAGE_REFUSED,
                device=None,
                detail={"topic": "x/y", "reason": "bad_json", "why": "…", "count": 5},
            ),
            "A message was refused from topic x/y (5 times)",
            "bad_json: …",
        ),
    ],
    ids=lambda value: value if isinstance(value, str) and " " in value else "",
)
def test_a_line_says_what_happened_and_why(said, text, why):
    assert (said.text, said.why) == (text, why)


def test_whoever_was_removed_and_whatever_was_taken_down_still_has_a_line():
    said = line(FactKind.ENTRY_TAKEN, person=PersonId("gone"), door="gone-door")

    assert said.text == "Somebody who has left went through gone-door"
    assert line(FactKind.ON_AIR_CHANGED, area="gone-room").text == "gone-room is on air"


def test_a_door_nobody_knows_is_named_by_its_reader():
    denied = {"reason": "unknown_door"}

    assert line(FactKind.ENTRY_DENIED, door=None, detail=denied).text == "Alice was refused at reader door-street"
    assert line(FactKind.ENTRY_DENIED, door=None, device=None, detail=denied).text.endswith("at an unknown door")


@pytest.mark.parametrize(
    ("days", "said"),
    [
        (0, "today 12:00"),
        (1, "tomorrow 12:00"),
        (3, "Thu 12:00"),
        (7, "Mon 30 Nov 2026 12:00"),
        (-1, "Sun 22 Nov 2026 12:00"),
    ],
    ids=["today", "tomorrow", "this week", "in a week", "yesterday"],
)
def test_a_time_is_told_as_the_desk_would(days, said):
    assert moment((NOON + timedelta(days=days)).isoformat(), SF, NOON) == said


def test_a_time_is_told_in_the_houses_own_zone():
    evening = datetime.fromisoformat("2026-11-24T02:00:00+00:00")  # still Monday in San Francisco

    assert moment("2026-11-24T07:30:00+00:00", SF, evening) == "today 23:30"


def test_a_name_with_braces_is_only_a_name():
    words = Wording(lambda: SPACE, lambda: {ALICE.id: replace(ALICE, name="{who} {0}")})

    assert words.line(Fact(FactKind.ENTRY_TAKEN, NOON, door=STREET.id, person=ALICE.id)).text.startswith(
        "{who} {0} went"
    )


# --- the stream -------------------------------------------------------------------------------------------------------


def test_the_stream_shows_a_fact_with_its_place_and_its_words():
    feed = LiveFeed()
    Story(feed, WORDS).tell(
        LoggedFact(41, Fact(FactKind.DOOR_FORCED, NOON, door=STREET.id, device=STREET_UNIT, area=BOOTH))
    )

    assert feed.snapshot()["facts"] == [
        {
            "position": 41,
            "at": NOON.isoformat(),
            "kind": "door_forced",
            "tone": "alarm",
            "text": "Street door was forced open",
            "why": None,
            "door": "street",
            "room": None,
        }
    ]


def test_a_fact_of_a_room_names_the_room():
    story = Story(LiveFeed(), WORDS)

    assert (
        story.as_line(
            LoggedFact(1, Fact(FactKind.ON_AIR_CHANGED, NOON, device=LIGHT, area=BOOTH, detail={"state": "on"}))
        )["room"]
        == BOOTH
    )


@pytest.mark.parametrize("kind", sorted(QUIET))
def test_the_small_steps_of_an_ordinary_passage_are_not_in_the_stream(kind):
    feed = LiveFeed()

    Story(feed, WORDS).tell(LoggedFact(1, Fact(kind, NOON, door=STREET.id)))

    assert feed.snapshot()["facts"] == []


def test_no_alarm_and_no_refusal_is_ever_quiet():
    loud = {kind for kind in FactKind if line(kind).tone in ("alarm", "bad")}

    assert loud & QUIET == set()


# --- alarms -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", AlarmKind)
def test_every_alarm_has_a_sentence_with_the_names_of_this_space(kind):
    alarm = first(AlarmId("a1"), kind, Subject(STREET.id, STREET_UNIT, None, ALICE.id), NOON, {})

    said = WORDS.alarm(alarm)

    assert "{" not in said
    assert "?" not in said
    assert said != kind


def test_a_full_event_is_told_by_its_name_as_a_note():
    said = line(FactKind.EVENT_FULL)

    assert (said.text, said.tone) == ("Evening of talks is full (3 of 3)", "note")


def test_an_alarm_says_where_it_is_and_a_late_one_that_it_is_late():
    said = line(FactKind.ALARM_RAISED, detail={"alarm": "door_ajar", "late": True})

    assert (said.text, said.why) == ("Street door is closed and not locked", "told late: it may be over")


def test_a_lockdown_s_alarm_says_what_is_locked_down():
    alarm = first(AlarmId("a1"), AlarmKind.LOCKDOWN, Subject(), NOON, {"scope": "floor Attic"})

    assert WORDS.alarm(alarm) == "Lockdown of floor Attic"
    assert WORDS.alarm(replace(alarm, detail={})) == "Lockdown of the building"  # as an earlier version raised it


def test_a_silent_alarm_is_never_in_the_stream():
    feed = LiveFeed()
    duress = Fact(FactKind.ALARM_RAISED, NOON, door=STREET.id, detail={"alarm": "duress", "silent": True})

    Story(feed, WORDS).tell(LoggedFact(1, duress))

    assert feed.snapshot()["facts"] == []


def test_an_alarm_whose_event_is_in_the_stream_is_not_told_there_twice():
    feed = LiveFeed()
    story = Story(feed, WORDS)
    story.tell(LoggedFact(1, Fact(FactKind.DOOR_FORCED, NOON, door=STREET.id)))
    story.tell(LoggedFact(2, Fact(FactKind.ALARM_RAISED, NOON, door=STREET.id, detail={"alarm": "door_forced"})))
    story.tell(LoggedFact(3, Fact(FactKind.ALARM_RAISED, NOON, door=STREET.id, detail={"alarm": "door_ajar"})))

    lines = [line["text"] for line in feed.snapshot()["facts"]]
    assert lines == ["Street door was forced open", "Street door is closed and not locked"]


# --- door modes -------------------------------------------------------------------------------------------------------


def test_a_mode_is_told_with_its_end_and_its_reason():
    until = (NOON + timedelta(hours=2)).isoformat()
    unlocked = line(
        FactKind.DOOR_MODE_CHANGED, detail={"mode": "unlocked", "until": until, "why": "unlock schedule hours"}
    )
    locked = line(FactKind.DOOR_MODE_CHANGED, detail={"mode": "locked", "until": until, "why": "lockdown: a stranger"})

    assert (unlocked.text, unlocked.why) == ("Street door is unlocked now, until today 14:00", "unlock schedule hours")
    assert (locked.text, locked.why) == ("Street door is locked now", "lockdown: a stranger")


def test_what_is_set_by_hand_is_told_with_who_until_when_and_why():
    said = {"by": "Dana", "scope": "Street door", "wanted": "unlocked", "reason": "delivery"}
    until = (NOON + timedelta(hours=2)).isoformat()
    begun = line(FactKind.DOOR_OVERRIDDEN, detail={**said, "until": until})
    ended = line(FactKind.DOOR_OVERRIDDEN, detail={**said, "until": until, "reason": "came early", "ended": True})

    assert (begun.text, begun.why) == ("Dana set Street door unlocked until today 14:00", "delivery")
    assert ended.text == "Dana ended what was set by hand: Street door is as its hours say"
    assert ended.why == "came early"


@pytest.mark.parametrize(
    ("was", "mode", "lines"),
    [
        ("locked", "locked", 0),
        ("unlocked", "locked", 1),
        ("locked", "unlocked", 1),
        ("locked", "released", 0),
        ("released", "locked", 0),
        ("released", "unlocked", 1),
    ],
)
def test_a_door_of_which_one_line_tells_beside_all_others_is_no_line_of_its_own(was, mode, lines):
    feed = LiveFeed(epoch="test")
    detail = {"mode": mode, "was": was, "why": "lockdown: a stranger"}
    Story(feed, WORDS).tell(LoggedFact(1, Fact(FactKind.DOOR_MODE_CHANGED, NOON, door=STREET.id, detail=detail)))

    assert len(feed.snapshot()["facts"]) == lines


async def test_the_end_of_a_lockdown_and_of_a_fire_is_one_line_as_its_beginning_is():
    flat = Flat(EGRESS).begin()
    told = len(flat.told)
    await flat.store.begin_lockdown(Scope(), ALICE.id, "a stranger", NOON)
    await flat.changed()
    await flat.store.lift_lockdown(Scope(), ALICE.id, "the plumber", NOON)
    await flat.changed()
    flat.fire()
    flat.fire(active=False)
    await flat.written()
    await flat.store.confirm_fire(ALICE.id, "burnt toast", flat.clock.now())
    await flat.changed()
    feed = LiveFeed(epoch="test")
    story = Story(feed, Wording(lambda: flat.index.space, lambda: flat.index.people.people))
    for logged in flat.log[told:]:
        story.tell(logged)

    lines = [line["text"] for line in feed.snapshot()["facts"] if line["kind"] != FactKind.ALARM_CLEARED]
    assert len(flat.facts(FactKind.DOOR_MODE_CHANGED)) == 6
    assert [line for line in lines if not line.startswith("sensor-study")] == [
        "Lockdown of the whole house, by Alice: a stranger",
        "The lockdown of the whole house was lifted by Alice: the plumber",
        "Fire: doors on the way out are released",
        "The fire panel says it is over; doors stay released until somebody confirms",
        "Alice confirmed that the fire is over: burnt toast",
    ]


# --- rooms and the booth ------------------------------------------------------------------------------------------


def test_every_end_of_a_recording_has_words():
    assert set(OFF_AIR) == set(Ended)


@pytest.mark.parametrize(
    ("detail", "why"),
    [
        ({"state": "on", "until": (NOON + timedelta(hours=1)).isoformat()}, "until today 13:00"),
        ({"state": "ending", "why": "empty"}, "nobody had been in it for 5 min"),
        ({"state": "off"}, None),
    ],
    ids=["on", "ending", "off"],
)
def test_on_air_says_until_when_and_off_air_why(detail, why):
    assert line(FactKind.ON_AIR_CHANGED, detail=detail).why == why


def test_a_press_that_came_to_nothing_says_why():
    assert line(FactKind.BUTTON_PRESSED, detail={"outcome": "refused", "why": "not booked"}).why == "not booked"


def test_somebody_who_asked_by_a_command_is_named():
    asked = line(FactKind.ON_AIR_ASKED, detail={"do": "stop"})

    assert asked.text == "Alice asked Podcast booth to go off air"


@pytest.mark.parametrize(
    ("of", "word", "text"),
    [
        ("air", "stuffy", "Podcast booth is not well ventilated"),
        ("quiet", "loud", "Podcast booth is too loud"),
        ("sensors", "silent", "The sensors of Podcast booth are silent"),
        ("light", "very_dim", "Podcast booth: light is very dim"),
    ],
)
def test_what_changed_about_a_room_is_a_sentence(of, word, text):
    assert line(FactKind.ROOM_CHANGED, detail={"of": of, "is": word}).text == text


@pytest.mark.parametrize(
    ("of", "word", "told"),
    [("status", "in_use", 0), ("status", "unavailable", 1), ("air", "bad", 1)],
)
def test_a_room_that_is_taken_and_left_is_no_news(of, word, told):
    feed = LiveFeed()
    Story(feed, WORDS).tell(LoggedFact(1, Fact(FactKind.ROOM_CHANGED, NOON, area=BOOTH, detail={"of": of, "is": word})))

    assert len(feed.snapshot()["facts"]) == told


def test_every_answer_to_a_scan_has_words():
    assert set(SCANS) == set(ScanAnswer)


def test_a_scan_is_told_with_the_visitor_the_event_and_why():
    detail = {"event": "talk", "name": "A talk", "answer": "full"}
    refused = WORDS.line(Fact(FactKind.TICKET_REFUSED, NOON, person=ALICE.id, detail=detail))
    offline = WORDS.line(Fact(FactKind.TICKET_ADMITTED, NOON, person=ALICE.id, detail={**detail, "conflict": True}))
    unknown = WORDS.line(Fact(FactKind.TICKET_REFUSED, NOON, detail={**detail, "answer": "unknown"}))

    assert (refused.text, refused.why) == ("Alice showed a ticket at A talk and was refused", "the event is full")
    assert (offline.text, offline.why, offline.tone) == (
        "Alice was let in to A talk while the phone had no connection",
        "but the event is full",
        "bad",
    )
    assert unknown.text == "Somebody showed a ticket at A talk and was refused"
