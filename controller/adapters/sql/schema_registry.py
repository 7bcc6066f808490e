"""The registry's tables, as SQLAlchemy Core sees them; its migrations build the same.

Moments are epoch milliseconds (`_ms`; `_us` where a fact's own moment must come back exactly) and enumerations their
own text: both read the same in any database, and ten thousand of them load without a parser. No badge number is in
here, only its keyed digest.
"""

from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Date,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
    false,
    text,
)

metadata = MetaData()

_number = BigInteger().with_variant(Integer, "sqlite")

team = Table(
    "team",
    metadata,
    Column("id", Text, primary_key=True),
    Column("name", Text, nullable=False),
)

person = Table(
    "person",
    metadata,
    Column("id", Text, primary_key=True),
    Column("name", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("banned", Boolean, nullable=False, server_default=false()),
    Column("needs_time", Boolean, nullable=False, server_default=false()),
    Column("team", Text, ForeignKey("team.id")),
    Column("rights", Text, nullable=False, server_default=text("''")),  # words of `Right`, spaces between them
    Column("pays_as_you_go", Boolean, nullable=False, server_default=false()),
)

# A mirror of the space file's plans, so that no membership names one that never was. A plan that left the file stays
# while anybody holds it.
plan = Table(
    "plan",
    metadata,
    Column("id", Text, primary_key=True),
    Column("name", Text, nullable=False),
    Column("in_space", Boolean, nullable=False),
)

membership = Table(
    "membership",
    metadata,
    Column("person", Text, ForeignKey("person.id", ondelete="CASCADE"), primary_key=True),
    Column("plan", Text, ForeignKey("plan.id"), primary_key=True),
    Column("starts", Date, primary_key=True),
    Column("ends", Date),
    Column("standing", Text, nullable=False),
    Column("due_since", Date),
    Column("due_cents", Integer, nullable=False, server_default=text("0")),
)

team_membership = Table(
    "team_membership",
    metadata,
    Column("team", Text, ForeignKey("team.id", ondelete="CASCADE"), primary_key=True),
    Column("plan", Text, ForeignKey("plan.id"), primary_key=True),
    Column("starts", Date, primary_key=True),
    Column("ends", Date),
    Column("standing", Text, nullable=False),
    Column("due_since", Date),
    Column("due_cents", Integer, nullable=False, server_default=text("0")),
)

cohort = Table(
    "cohort",
    metadata,
    Column("id", Text, primary_key=True),
    Column("name", Text, nullable=False),
    Column("plan", Text, ForeignKey("plan.id"), nullable=False),
    Column("starts", Date, nullable=False),
    Column("ends", Date, nullable=False),
)

cohort_member = Table(
    "cohort_member",
    metadata,
    Column("person", Text, ForeignKey("person.id", ondelete="CASCADE"), primary_key=True),
    Column("cohort", Text, ForeignKey("cohort.id", ondelete="CASCADE"), primary_key=True),
)

lease = Table(
    "lease",
    metadata,
    Column("team", Text, ForeignKey("team.id"), primary_key=True),
    Column("area", Text, primary_key=True),
    Column("starts", Date, primary_key=True),
    Column("ends", Date),
)

credential = Table(
    "credential",
    metadata,
    Column("id", Text, primary_key=True),
    Column("person", Text, ForeignKey("person.id", ondelete="CASCADE"), nullable=False),
    Column("kind", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("valid_from_ms", BigInteger),
    Column("valid_until_ms", BigInteger),
    Column("last_two", Text, nullable=False, server_default=text("''")),
    Column("digest", LargeBinary, nullable=False),
    Column("key_id", Text, nullable=False),  # which key made the digest: for its rotation
    Column("is_duress", Boolean, nullable=False, server_default=false()),
    Column("list_digest", LargeBinary),  # how doors' own lists know it; NULL: enrolled before there were any
    Index("credential_person", "person"),
    Index("credential_digest", "digest", unique=True),
)

booking = Table(
    "booking",
    metadata,
    Column("id", Text, primary_key=True),
    Column("area", Text, nullable=False),
    Column("start_ms", BigInteger, nullable=False),
    Column("end_ms", BigInteger, nullable=False),
    Column("owner", Text, ForeignKey("person.id", ondelete="CASCADE"), nullable=False),
    Column("state", Text, nullable=False),
    Column("holiday_confirmed", Boolean, nullable=False, server_default=false()),
    # `end_ms` and the room's buffer after it: what may not overlap, by triggers in SQLite, else by a constraint.
    Column("held_ms", BigInteger, nullable=False, server_default=text("0")),
    Column("title", Text, nullable=False, server_default=text("''")),
    Column("made_ms", BigInteger),
    Column("checked_in_ms", BigInteger),
    Column("series", Text),
    Column("series_day", Date),
    Column("is_live", Boolean, nullable=False, server_default=false()),
    Column("booked_end_ms", BigInteger),
    Column("origin", Text, nullable=False, server_default=text("''")),
    Index("booking_held", "area", "held_ms"),
    Index("booking_end", "end_ms"),
    Index("booking_owner", "owner", "start_ms"),
    Index("booking_series_day", "series", "series_day"),
)

booking_participant = Table(
    "booking_participant",
    metadata,
    Column("booking", Text, ForeignKey("booking.id", ondelete="CASCADE"), primary_key=True),
    Column("person", Text, ForeignKey("person.id", ondelete="CASCADE"), primary_key=True),
)

event = Table(
    "event",
    metadata,
    Column("id", Text, primary_key=True),
    Column("name", Text, nullable=False),
    Column("host", Text, ForeignKey("person.id"), nullable=False),
    Column("area", Text, nullable=False),
    Column("start_ms", BigInteger, nullable=False),
    Column("end_ms", BigInteger, nullable=False),
    Column("capacity", Integer, nullable=False),
    Column("entry", Text, nullable=False),
    Column("host_entered_ms", BigInteger),
    Column("ended_ms", BigInteger),
    Column("is_public", Boolean, nullable=False, server_default=false()),
)

event_door = Table(
    "event_door",
    metadata,
    Column("event", Text, ForeignKey("event.id", ondelete="CASCADE"), primary_key=True),
    Column("place", Integer, primary_key=True),  # on the way, 0 the street's
    Column("door", Text, nullable=False),
)

ticket = Table(
    "ticket",
    metadata,
    Column("id", Text, primary_key=True),
    Column("event", Text, ForeignKey("event.id", ondelete="CASCADE"), nullable=False),
    Column("name", Text, nullable=False, server_default=text("''")),
    Column("person", Text, ForeignKey("person.id", ondelete="CASCADE")),
    Column("is_void", Boolean, nullable=False, server_default=false()),
    Column("digest", LargeBinary, nullable=False),
    Column("key_id", Text, nullable=False),
    Column("list_digest", LargeBinary),  # as of a credential
    Index("ticket_event", "event"),
    Index("ticket_digest", "digest", unique=True),
)

guest_pass = Table(
    "guest_pass",
    metadata,
    Column("id", Text, primary_key=True),
    Column("guest", Text, ForeignKey("person.id", ondelete="CASCADE"), nullable=False),
    Column("host", Text, ForeignKey("person.id", ondelete="CASCADE"), nullable=False),
    Column("start_ms", BigInteger, nullable=False),
    Column("end_ms", BigInteger, nullable=False),
    Column("is_revoked", Boolean, nullable=False, server_default=false()),
)

visit = Table(
    "visit",
    metadata,
    Column("id", Text, primary_key=True),
    Column("partner", Text, nullable=False),
    Column("person", Text, ForeignKey("person.id", ondelete="CASCADE"), nullable=False),
    Column("plan", Text, nullable=False),
    Column("start_ms", BigInteger, nullable=False),
    Column("end_ms", BigInteger, nullable=False),
    Column("days", Integer),
)

# Kept apart from the visits: a pass may be revoked before anybody has shown it here.
revoked_pass = Table(
    "revoked_pass",
    metadata,
    Column("id", Text, primary_key=True),
    Column("at_ms", BigInteger, nullable=False),
    Column("reason", Text, nullable=False),
)

# What has ended stays, with who ended it and why; only what has no end yet is the state of the house.


def _ending() -> tuple[Column[Any], ...]:
    return Column("ended_ms", BigInteger), Column("ended_by", Text), Column("ended_reason", Text)


lockdown = Table(
    "lockdown",
    metadata,
    Column("number", _number, primary_key=True, autoincrement=False),
    Column("scope_kind", Text, nullable=False),
    Column("scope_id", Text, nullable=False),
    Column("since_ms", BigInteger, nullable=False),
    Column("by", Text, nullable=False),
    Column("reason", Text, nullable=False),
    *_ending(),
)

fire = Table(
    "fire",
    metadata,
    Column("number", _number, primary_key=True, autoincrement=False),
    Column("since_ms", BigInteger, nullable=False),
    Column("device", Text, nullable=False),
    Column("cleared_ms", BigInteger),
    *_ending(),
)

door_override = Table(
    "door_override",
    metadata,
    Column("number", _number, primary_key=True, autoincrement=False),
    Column("scope_kind", Text, nullable=False),
    Column("scope_id", Text, nullable=False),
    Column("wanted", Text, nullable=False),
    Column("since_ms", BigInteger, nullable=False),
    Column("until_ms", BigInteger, nullable=False),
    Column("by", Text, nullable=False),
    Column("reason", Text, nullable=False),
    *_ending(),
)

one_off = Table(
    "one_off",
    metadata,
    Column("number", _number, primary_key=True, autoincrement=False),
    Column("scope_kind", Text, nullable=False),
    Column("scope_id", Text, nullable=False),
    Column("wanted", Text, nullable=False),
    Column("start_ms", BigInteger, nullable=False),
    Column("end_ms", BigInteger, nullable=False),
    Column("reason", Text, nullable=False),
    Column("by", Text, nullable=False, server_default=text("''")),
    Column("removed", Boolean, nullable=False, server_default=false()),
)

extra_holiday = Table(
    "extra_holiday",
    metadata,
    Column("day", Date, primary_key=True),
    Column("name", Text, nullable=False),
    Column("zones", Text, nullable=False, server_default=text("''")),  # spaces between them; none: everywhere
    Column("by", Text, nullable=False, server_default=text("''")),
)

window_opened = Table(
    "window_opened",
    metadata,
    Column("door", Text, primary_key=True),
    Column("schedule", Text, primary_key=True),
    Column("window_start_ms", BigInteger, primary_key=True, autoincrement=False),
    Column("at_ms", BigInteger, nullable=False),
    Column("by", Text, nullable=False),
    Column("closed_ms", BigInteger),
)

# Rows are added and never edited: triggers see to that. Whoever they name may be gone, the row stays.
ledger = Table(
    "ledger",
    metadata,
    Column("number", _number, primary_key=True),
    Column("entry", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("holder", Text, nullable=False),
    Column("day", Date, nullable=False),
    Column("subject", Text, nullable=False, server_default=text("''")),  # '' and not NULL, which is unlike itself
    Column("plan", Text),
    Column("at_ms", BigInteger, nullable=False),
    Column("amount", Integer, nullable=False),
    Column("by", Text, nullable=False, server_default=text("''")),
    Column("reason", Text, nullable=False, server_default=text("''")),
    Column("correlation", Text),
    Index("ledger_day", "day"),
    Index(
        "ledger_one_use",
        "kind",
        "holder",
        "day",
        "subject",
        unique=True,
        sqlite_where=text("entry = 'used'"),
        postgresql_where=text("entry = 'used'"),
    ),
)

alarm = Table(
    "alarm",
    metadata,
    Column("id", Text, primary_key=True),
    Column("kind", Text, nullable=False),
    Column("door", Text),
    Column("device", Text),
    Column("area", Text),
    Column("person", Text),
    Column("raised_us", BigInteger, nullable=False),
    Column("since_us", BigInteger, nullable=False),
    Column("last_us", BigInteger, nullable=False),
    Column("count", Integer, nullable=False),
    Column("late", Boolean, nullable=False),
    Column("cleared_us", BigInteger),
    Column("answered_by", Text),
    Column("answered_note", Text),
    Column("answered_us", BigInteger),
    Column("is_open", Boolean, nullable=False),  # follows from the rest; here so that a start need not read them all
    Column("detail", Text),  # JSON, NULL for none
    Index("alarm_open", "is_open"),
    Index("alarm_raised", "raised_us"),
)

access_list = Table(
    "access_list",
    metadata,
    Column("device", Text, primary_key=True),
    Column("rev", BigInteger, primary_key=True, autoincrement=False),
    Column("salt", LargeBinary, nullable=False),
    Column("issued_ms", BigInteger, nullable=False),
    Column("until_ms", BigInteger, nullable=False),
)

# What each committed change touched, written in its transaction: how every process learns of it.
change = Table(
    "change",
    metadata,
    Column("version", _number, primary_key=True, autoincrement=False),
    Column("subject", Text, primary_key=True),
)

meta = Table(
    "meta",
    metadata,
    Column("key", Text, primary_key=True),
    Column("value", BigInteger, nullable=False),
)

# Of everything that decides who may enter: what the access index follows.
VERSION_KEY = "version"
# Each with a version of its own: an alarm raised or a day used is no change of anybody's rights.
ALARMS_KEY = "alarms"
LEDGER_KEY = "ledger"
LEDGER_CURSOR_KEY = "ledger_cursor"  # no version: how far the event log is in the ledger; below 0: not begun
