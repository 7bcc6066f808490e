"""What a space file says of who may do what, and what is wrong with saying it so."""

from datetime import date
from textwrap import dedent

import pytest

from controller.domain.building import AtCapacity, DoorTimings, Grace, Partner, Passback, PinMode, Zone
from controller.domain.ids import AreaId, DoorId, PartnerId, PersonId, PlanId, ZoneId
from controller.space import check_text, parse
from controller.space.errors import Severity

BASE = """\
natoma: 1
id: small
name: Small
zone: Europe/Paris
floors:
  ground: {size: [10, 8]}
areas:
  lobby: {outline: [0, 0, 5, 8], zones: [house]}
  hall: {outline: [5, 0, 5, 8], zones: [inner]}
doors:
  front: {from: outside, to: lobby}
  middle: {from: lobby, to: hall}
"""
KEY = "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"
OTHER_KEY = "PUAXw-hDiVqStwqnTRt-vJyYLM8uxJaMwM1V8Sr0Zgw"


def with_front(keys: str) -> str:
    return BASE.replace("to: lobby}", f"to: lobby, {keys}}}")


def with_lobby_room(keys: str) -> str:
    return BASE.replace("[0, 0, 5, 8],", f"[0, 0, 5, 8], room: {{kind: meeting, {keys}}},")


def told(text: str, severity: Severity = Severity.ERROR) -> list[str]:
    return [str(found) for found in check_text(text, "s.yaml").problems if found.severity is severity]


# --- what is meant --------------------------------------------------------------------------------


def test_doors_say_what_they_ask_for():
    text = BASE.replace(
        "to: lobby}",
        "to: lobby, pin: required, two_person: true, interlock: lock, timings: {second_person: 20, flap: 0.5}}",
    ).replace("to: hall}", "to: hall, interlock: lock, pin: allowed}")

    front, middle = parse(text).doors.values()

    assert (front.pin, front.two_person, front.interlock) == (PinMode.REQUIRED, True, "lock")
    assert front.timings == DoorTimings(second_person=20, flap=0.5, exit_fault=30)
    assert (middle.pin, middle.two_person, middle.interlock) == (PinMode.ALLOWED, False, "lock")


def test_a_door_asks_for_nothing_beside_a_badge_unless_the_file_says_so():
    front = parse(BASE).doors[DoorId("front")]

    assert (front.pin, front.two_person, front.interlock) == (PinMode.NEVER, False, None)
    assert (front.first_person_in, front.any_staff_first, front.last_out) == (frozenset(), False, False)


def test_an_unlock_window_waits_for_people_by_id_or_for_any_staff():
    text = with_front("unlock_schedule: always, first_person_in: [staff, Zoë@example]").replace("Zoë", "zoe")

    front = parse(text + "schedules: {}\n").doors[DoorId("front")]

    assert (front.first_person_in, front.any_staff_first) == ({PersonId("zoe@example")}, True)


def test_a_lone_word_is_a_list_of_one_and_last_out_may_end_the_window():
    front = parse(with_front("unlock_schedule: always, first_person_in: staff, last_out: true")).doors[DoorId("front")]

    assert (front.first_person_in, front.any_staff_first, front.last_out) == (frozenset(), True, True)


def test_a_zone_has_rules_and_one_without_only_groups():
    text = BASE + "zones:\n  house: {name: House, passback: timed, passback_s: 20, capacity: 50, at_capacity: deny}\n"

    assert parse(text).zones == {
        "house": Zone(ZoneId("house"), "House", Passback.TIMED, 20, 50, AtCapacity.DENY),
        "inner": Zone(ZoneId("inner"), "inner"),
    }


def test_passback_off_is_a_word_and_no_truth_of_yaml_1_1():
    assert parse(BASE + "zones: {house: {passback: off}}\n").zones[ZoneId("house")].passback is Passback.OFF


def test_who_is_in_a_part_of_an_area_is_in_its_zones():
    text = BASE.replace("  hall:", "  nook: {outline: [5, 6, 5, 2], within: hall, zones: [quiet]}\n  hall:")
    text = text.replace("[5, 0, 5, 8]", "[5, 0, 5, 6]")

    assert parse(text).areas[AreaId("nook")].zones == {"quiet", "inner"}


def test_areas_and_rooms_say_what_an_entry_uses_and_what_stays_between_bookings():
    text = BASE.replace("[0, 0, 5, 8],", "[0, 0, 5, 8], counted: false, room: {kind: meeting, buffer_minutes: 15},")

    lobby, hall = parse(text).areas.values()

    assert (lobby.counted, hall.counted) == (False, True)
    assert lobby.room is not None
    assert lobby.room.buffer_minutes == 15


def test_rooms_say_how_they_are_booked():
    text = BASE.replace(
        "[0, 0, 5, 8],",
        "[0, 0, 5, 8], room: {kind: meeting, needs_approval: true, longest: 4 h, hours: always, quiet_for: hall},",
    ).replace("zones: [inner]}", "zones: [inner], room: booth}")

    lobby, hall = (area.room for area in parse(text).areas.values())

    assert lobby is not None
    assert (lobby.needs_approval, lobby.longest_minutes, lobby.hours, lobby.quiet_for) == (
        True,
        240,
        "always",
        {"hall"},
    )
    assert hall is not None
    assert (hall.needs_approval, hall.longest_minutes, hall.hours, hall.quiet_for) == (False, None, None, frozenset())


@pytest.mark.parametrize(
    ("written", "minutes"),
    [("90", 90), ("'90'", None), ("4h", 240), ("45 min", 45), ("1 h 30 min", 90), ("1h30min", 90), ("0", None)],
)
def test_the_longest_booking_is_minutes_or_hours_and_minutes(written: str, minutes: int | None):
    text = BASE.replace("[0, 0, 5, 8],", f"[0, 0, 5, 8], room: {{kind: meeting, longest: {written}}},")

    space = check_text(text).space

    assert (space.areas[AreaId("lobby")].room.longest_minutes if space is not None else None) == minutes


def test_plans_say_how_much_their_holders_book():
    text = BASE + dedent("""\
        plans:
          full:
            where: house
            booking_hours_per_month: 7.5
            booking_days_ahead: 30
            longest_booking_hours: 4
          alumni: {where: house, may_book: false}
          visiting: {where: house, kind: visiting}
          friends: {where: house, kind: visiting, may_book: true}
        """)

    full, alumni, visiting, friends = parse(text).plans.values()

    assert (full.may_book, full.booking_hours_per_month, full.booking_days_ahead) == (True, 7.5, 30)
    assert full.longest_booking_hours == 4
    assert (alumni.may_book, visiting.may_book, friends.may_book) == (False, False, True)
    assert (friends.booking_hours_per_month, friends.booking_days_ahead) == (None, 90)


def test_plans_say_how_many_guests_and_whether_a_booking_uses_a_day():
    text = (
        BASE
        + "plans:\n  full: {where: house, guest_days_per_month: 4, booking_uses_day: true}\n  none: {where: house, guest_days_per_month: 0}\n"
    )

    plans = parse(text).plans

    assert (plans[PlanId("full")].guest_days_per_month, plans[PlanId("full")].booking_uses_day) == (4, True)
    assert (plans[PlanId("none")].guest_days_per_month, plans[PlanId("none")].booking_uses_day) == (0, False)


def test_a_holiday_is_a_name_or_a_name_and_the_zones_it_closes():
    text = BASE + "holidays:\n  2026-12-25: Christmas\n  2026-12-24: {name: Christmas Eve, zones: [inner]}\n"

    space = parse(text)

    assert space.holidays == {date(2026, 12, 24): "Christmas Eve", date(2026, 12, 25): "Christmas"}
    assert space.holiday_zones == {date(2026, 12, 24): {"inner"}}


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("", Grace(7, 20_000)),
        ("grace: {days: 14}\n", Grace(14, 20_000)),
        ("grace: {amount: 19.9}\n", Grace(7, 1_990)),
        ('grace: {days: 0, amount: "0.29"}\n', Grace(0, 29)),
        ("grace: {amount: 300}\n", Grace(7, 30_000)),
        ("grace:\n", Grace(7, 20_000)),
    ],
)
def test_grace_is_days_and_an_amount_in_the_spaces_own_money(written: str, meant: Grace):
    assert parse(BASE + written).grace == meant


def test_a_partner_is_a_key_a_plan_and_free_days():
    text = (
        BASE
        + f"plans: {{visiting: {{where: house}}}}\npartners:\n  paris: {{name: Trudaine, public_key: {KEY}, plan: visiting, days: 3}}\n"
    )

    assert parse(text).partners == {"paris": Partner(PartnerId("paris"), "Trudaine", KEY, PlanId("visiting"), 3)}


def test_the_padding_of_a_key_is_no_part_of_it():
    text = (
        BASE + f"plans: {{visiting: {{where: house}}}}\npartners: {{paris: {{public_key: '{KEY}=', plan: visiting}}}}\n"
    )

    assert parse(text).partners[PartnerId("paris")].public_key == KEY


def test_doors_decide_alone_for_a_day_unless_the_file_says_otherwise():
    assert parse(BASE).offline_valid_h == 24
    assert parse(BASE + "offline_valid_h: 720\n").offline_valid_h == 720


# --- what cannot be meant -------------------------------------------------------------------------

PLAN = "plans: {visiting: {where: house}}\n"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        pytest.param(
            BASE.replace("to: hall}", "to: hall, staff_only: true}") + "plans:\n  full: {where: hall}\n",
            "s.yaml:14: plan full, where: opens no door — name an area that a door leads to which is not for staff alone",
            id="plan that names no door",
        ),
        pytest.param(
            with_front("interlock: airlock"),
            "s.yaml:11: door front, interlock: 'airlock' has this one door only — "
            "write the same interlock at the other door, or delete this one",
            id="interlock of one door",
        ),
        pytest.param(
            with_front("interlock: airlock, contact: false").replace("to: hall}", "to: hall, interlock: airlock}"),
            "s.yaml:11: door front, interlock: 'airlock' needs a contact: without one nobody knows whether this door "
            "is shut — fit one, or take the door out of it",
            id="interlock without a contact",
        ),
        pytest.param(
            with_front("first_person_in: staff"),
            "s.yaml:11: door front, first_person_in: has no unlock window to delay — "
            "write unlock_schedule: the hours that need no badge, or delete this key",
            id="first person in without an unlock schedule",
        ),
        pytest.param(
            with_front("last_out: true"),
            "s.yaml:11: door front, last_out: has no unlock window to end — "
            "write unlock_schedule: the hours that need no badge, or delete this key",
            id="last out without an unlock schedule",
        ),
        pytest.param(
            with_front("unlock_schedule: always, first_person_in: [the hosts]"),
            "s.yaml:11: door front, first_person_in no. 1: 'the hosts' is no id of a person — "
            "write ids as your people file has them, or staff",
            id="first person who can be nobody",
        ),
        pytest.param(
            with_front("pin: always"),
            "s.yaml:11: door front, pin: 'always' is not known here — write 'never', 'required' or 'allowed'",
            id="unknown PIN mode",
        ),
        pytest.param(
            with_front("pin: required")
            + "devices:\n  door-front: {kind: door_unit, channels: [door.contact, door.lock]}\n",
            "s.yaml:11: door front, pin: 'required' is asked for where nothing reads badges or PINs — "
            "give the door a reader, or write badge among the channels of its unit",
            id="PIN door that reads nothing",
        ),
        pytest.param(
            with_front("timings: {second_person: 1}"),
            "s.yaml:11: door front, timings second_person: 1 is too small — write 3 or more",
            id="no time for a second person",
        ),
        pytest.param(
            with_lobby_room("longest: 4 hours"),
            "s.yaml:8: area lobby, room longest: '4 hours' is no length of time — "
            "write minutes, or a length like '4 h' or '1 h 30 min'",
            id="length in words of its own",
        ),
        pytest.param(
            with_lobby_room("longest: 8 d"),
            "s.yaml:8: area lobby, room longest: '8 d' is no length of time — "
            "write minutes, or a length like '4 h' or '1 h 30 min'",
            id="length in days",
        ),
        pytest.param(
            with_lobby_room("longest: 0"),
            "s.yaml:8: area lobby, room longest: 0 is too small — write 1 or more",
            id="a booking of no length",
        ),
        pytest.param(
            with_lobby_room("longest: 169 h"),
            "s.yaml:8: area lobby, room longest: 10140 is too large — write 10080 or less",
            id="a booking of more than a week",
        ),
        pytest.param(
            with_lobby_room("hours: oppening") + "schedules: {opening: daily 08:00-20:00}\n",
            "s.yaml:8: area lobby, room hours: 'oppening' is not a schedule of this file — did you mean 'opening'?",
            id="hours of no schedule",
        ),
        pytest.param(
            with_lobby_room("quiet_for: both"),
            "s.yaml:8: area lobby, room quiet_for no. 1: 'both' is not an area of this file — write one of lobby, hall",
            id="quiet for nothing",
        ),
        pytest.param(
            with_lobby_room("quiet_for: [hall]"),
            "s.yaml:8: area lobby, room quiet_for no. 1: 'hall' is no booth — write kind: booth for a room that goes on air",
            id="quiet for what never goes on air",
        ),
        pytest.param(
            with_lobby_room("quiet_for: [lobby]").replace("zones: [inner]}", "zones: [inner], room: booth}"),
            "s.yaml:8: area lobby, room quiet_for no. 1: 'lobby' is this room itself — name the booths next to it",
            id="quiet for itself",
        ),
        pytest.param(
            BASE + "plans:\n  full: {where: house, booking_days_ahead: -1}\n",
            "s.yaml:14: plan full, booking_days_ahead: -1 is too small — write 0 or more",
            id="bookings of yesterday",
        ),
        pytest.param(
            BASE + "plans:\n  full: {where: house, booking_hours_per_month: 0}\n",
            "s.yaml:14: plan full, booking_hours_per_month: 0 is too small — write more than 0",
            id="no hours at all",
        ),
        pytest.param(
            BASE + "plans:\n  full: {where: house, may_book: sometimes}\n",
            "s.yaml:14: plan full, may_book: 'sometimes' is not true or false — write true or false",
            id="may book perhaps",
        ),
        pytest.param(
            BASE + "zones:\n  hose: {capacity: 4}\n",
            "s.yaml:14: zone hose: is a zone that no area has — did you mean 'house'?",
            id="rules for a zone no area has",
        ),
        pytest.param(
            BASE + "zones:\n  house: {capacity: 0}\n",
            "s.yaml:14: zone house, capacity: 0 is too small — write 1 or more",
            id="zone for nobody",
        ),
        pytest.param(
            BASE + "zones:\n  house: {passback: strict}\n",
            "s.yaml:14: zone house, passback: 'strict' is not known here — write 'off', 'soft', 'hard' or 'timed'",
            id="unknown passback",
        ),
        pytest.param(
            BASE + "zones:\n  house: {pasback: soft}\n",
            "s.yaml:14: zone house, pasback: is no key of this format — did you mean 'passback' or 'passback_s'?",
            id="misspelt key of a zone",
        ),
        pytest.param(
            BASE + "holidays:\n  2026-12-24: {name: Eve, zones: [inner, garden]}\n",
            "s.yaml:14: holiday 2026-12-24, zones no. 2: 'garden' is a zone that no area has — "
            "name a zone that some area has",
            id="holiday of an unknown zone",
        ),
        pytest.param(
            BASE + "holidays:\n  2026-12-24: {zones: [inner]}\n",
            "s.yaml:14: holiday 2026-12-24, name: is missing — add 'name: Christmas'",
            id="holiday without a name",
        ),
        pytest.param(
            BASE + "holidays:\n  2026-12-24:\n",
            "s.yaml:14: holiday 2026-12-24: has no value — write one, such as Christmas, or delete the key",
            id="holiday of nothing",
        ),
        pytest.param(
            BASE + "grace: {amount: 19.999}\n",
            "s.yaml:13: grace amount: 19.999 is not an amount of money — "
            "write it in your own money, such as 200 or 19.90",
            id="money in tenths of a cent",
        ),
        pytest.param(
            BASE + "grace: {amount: a lot}\n",
            "s.yaml:13: grace amount: 'a lot' is not an amount of money — "
            "write it in your own money, such as 200 or 19.90",
            id="money that is none",
        ),
        pytest.param(
            BASE + "grace: {days: -1}\n", "s.yaml:13: grace days: -1 is too small — write 0 or more", id="grace before"
        ),
        pytest.param(
            BASE + "offline_valid_h: 721\n",
            "s.yaml:13: offline_valid_h: 721 is too large — write 720 or less",
            id="list valid for more than 30 days",
        ),
        pytest.param(
            BASE + PLAN + f"partners:\n  paris: {{public_key: {KEY[:-1]}, plan: visiting}}\n",
            "s.yaml:15: partner paris, public_key: is no Ed25519 public key (42 characters) — "
            "paste the 43 characters that `natoma visits key` prints over there: 32 bytes in base64url",
            id="key too short",
        ),
        pytest.param(
            BASE + PLAN + f"partners:\n  paris: {{public_key: {'A' * 43}, plan: visiting}}\n",
            "s.yaml:15: partner paris, public_key: is no Ed25519 public key (43 characters) — "
            "paste the 43 characters that `natoma visits key` prints over there: 32 bytes in base64url",
            id="key of zeros",
        ),
        pytest.param(
            BASE + PLAN + f"partners:\n  paris: {{public_key: {KEY}, plan: visting}}\n",
            "s.yaml:15: partner paris, plan: 'visting' is not a plan of this file — did you mean 'visiting'?",
            id="partner with an unknown plan",
        ),
        pytest.param(
            BASE
            + PLAN
            + f"partners:\n  paris: {{public_key: {KEY}, plan: visiting}}\n  oslo: {{public_key: {KEY}, plan: visiting}}\n",
            "s.yaml:16: partner oslo, public_key: is that of partner paris, too — "
            "each space has a key of its own: ask one of the two for theirs",
            id="two partners with one key",
        ),
        pytest.param(
            BASE + PLAN + f"partners:\n  small: {{public_key: {KEY}, plan: visiting}}\n",
            "s.yaml:15: partner small: is this space itself — name the other space by its own id, as it signs",
            id="partner of itself",
        ),
        pytest.param(
            BASE + PLAN + f"partners:\n  paris: {{public_key: {KEY}, plan: visiting, days: 31}}\n",
            "s.yaml:15: partner paris, days: 31 is too large — write 30 or less",
            id="more free days than the month has",
        ),
    ],
)
def test_one_mistake_of_policy_is_one_line_that_says_what_would_be_right(text: str, said: str):
    assert told(text) == [said]
    assert check_text(text).space is None


def test_a_key_that_is_none_is_never_shown():
    secret = "-----BEGIN PRIVATE KEY-----MC4CAQAwBQYDK2VwBCIEIJ1hsZ3v"
    text = BASE + PLAN + f"partners: {{paris: {{public_key: '{secret}', plan: visiting}}}}\n"

    assert all("MC4CAQ" not in problem and "BEGIN" not in problem for problem in told(text))
    assert len(told(text)) == 1


def test_two_partners_have_two_keys():
    text = dedent(f"""\
        partners:
          paris: {{public_key: {KEY}, plan: visiting}}
          oslo: {{public_key: {OTHER_KEY}, plan: visiting}}
        """)

    assert told(BASE + PLAN + text) == []


@pytest.mark.parametrize(
    ("text", "said"),
    [
        pytest.param(
            BASE + "zones:\n  house: {passback: hard}\n",
            "s.yaml:14: warning: zone house, passback: 'hard' cannot tell who leaves by front, middle — "
            "give each a reader with direction: out, or write passback: soft or timed",
            id="hard passback where nobody badges out",
        ),
        pytest.param(
            BASE + "zones:\n  house: {passback_s: 20}\n",
            "s.yaml:14: warning: zone house, passback_s: 20.0 is never waited for: passback is off — "
            "write passback: timed, or delete it",
            id="seconds of a passback that is off",
        ),
        pytest.param(
            BASE + "zones:\n  house: {at_capacity: deny}\n",
            "s.yaml:14: warning: zone house, at_capacity: 'deny' has no capacity to go by — "
            "write capacity: how many people may be in, or delete it",
            id="full without a capacity",
        ),
        pytest.param(
            BASE.replace("[0, 0, 5, 8],", "[0, 0, 5, 8], room: {kind: office, longest: 2 h},"),
            "s.yaml:8: warning: area lobby, room longest: says nothing: this room is not booked — "
            "write bookable: true, or delete it",
            id="how long a room is booked that is not",
        ),
        pytest.param(
            BASE + "plans:\n  talk: {where: house, kind: event, booking_days_ahead: 7}\n",
            "s.yaml:14: warning: plan talk, booking_days_ahead: limits nothing: this plan books no rooms — "
            "write may_book: true, or delete it",
            id="maximum of a plan that books nothing",
        ),
    ],
)
def test_policy_that_only_looks_odd_is_a_warning(text: str, said: str):
    assert told(text, Severity.WARNING) == [said]
    assert told(text) == []


def test_a_hard_passback_is_fine_where_every_door_of_the_zone_has_a_reader_to_go_out():
    readers = "devices:\n  a: {kind: reader, door: front, direction: out}\n  b: {kind: reader, door: middle, direction: out}\n"

    assert told(BASE + "zones: {house: {passback: hard}}\n" + readers, Severity.WARNING) == []
    assert "by middle —" in told(
        BASE + "zones: {inner: {passback: hard}}\n" + readers.splitlines(keepends=True)[0] + readers.splitlines()[1],
        Severity.WARNING,
    )[0]  # fmt: skip


def test_a_pin_door_with_a_reader_or_a_unit_that_reads_is_fine():
    unit = "  door-front: {kind: door_unit, channels: [door.contact, door.lock%s]}\n"

    assert told(with_front("pin: required")) == [], "a unit reads badges unless it says what it has"
    assert told(with_front("pin: required") + "devices:\n" + unit % ", badge") == []
    assert told(with_front("pin: required, readers: [pole]") + "devices:\n" + unit % "") == []
