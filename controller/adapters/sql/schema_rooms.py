"""The registry's tables about rooms and those who use them: series, waiting lists, calendars, tokens, profiles, notices.

Beside `schema_registry`, in the same metadata and the same database; what is said there of columns holds here too.
"""

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Date,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    Table,
    Text,
    false,
    text,
    true,
)

from controller.adapters.sql.schema_registry import metadata

booking_series = Table(
    "booking_series",
    metadata,
    Column("id", Text, primary_key=True),
    Column("area", Text, nullable=False),
    Column("owner", Text, ForeignKey("person.id", ondelete="CASCADE"), nullable=False),
    Column("participants", Text, nullable=False, server_default=text("'[]'")),  # JSON: ids of people
    Column("title", Text, nullable=False, server_default=text("''")),
    Column("rule", Text, nullable=False),  # JSON: a `Recurrence`
    Column("zone", Text, nullable=False),  # IANA: its hours are local ones
    Column("is_live", Boolean, nullable=False, server_default=false()),
    Column("holiday_confirmed", Boolean, nullable=False, server_default=false()),
    Column("made_ms", BigInteger),
    Column("ended_ms", BigInteger),  # by somebody: nothing of it comes after
    Index("booking_series_owner", "owner"),
)

waiting = Table(
    "waiting",
    metadata,
    Column("id", Text, primary_key=True),
    Column("area", Text, nullable=False),
    Column("start_ms", BigInteger, nullable=False),
    Column("end_ms", BigInteger, nullable=False),
    Column("person", Text, ForeignKey("person.id", ondelete="CASCADE"), nullable=False),
    Column("participants", Text, nullable=False, server_default=text("'[]'")),  # JSON: ids of people
    Column("title", Text, nullable=False, server_default=text("''")),
    Column("made_ms", BigInteger, nullable=False),
    Column("state", Text, nullable=False),
    Column("offered_until_ms", BigInteger),
    Column("booking", Text),  # what it became
    Index("waiting_area", "area", "start_ms"),
)

# A secret link under which a program reads a calendar; only the digest of the secret is here.
calendar_link = Table(
    "calendar_link",
    metadata,
    Column("id", Text, primary_key=True),
    Column("kind", Text, nullable=False),  # room, person, events
    Column("subject", Text, nullable=False, server_default=text("''")),  # which room or person
    Column("digest", LargeBinary, nullable=False),
    Column("made_ms", BigInteger, nullable=False),
    Column("revoked_ms", BigInteger),
    Index("calendar_link_digest", "digest", unique=True),
)

# A calendar kept elsewhere whose entries are bookings here. Its address may hold a secret of its own.
outside_calendar = Table(
    "outside_calendar",
    metadata,
    Column("id", Text, primary_key=True),
    Column("name", Text, nullable=False),
    Column("area", Text, nullable=False),
    Column("owner", Text, ForeignKey("person.id", ondelete="CASCADE"), nullable=False),  # whose bookings they are
    Column("url", Text, nullable=False),
    Column("every_s", Integer, nullable=False),
    Column("etag", Text),
    Column("modified", Text),  # the server's Last-Modified, given back to it
    Column("content", Text),  # hash of what was read last
    Column("read_ms", BigInteger),
    Column("error", Text),
    Column("report", Text),  # JSON: what became of the last reading
    Column("removed", Boolean, nullable=False, server_default=false()),
)

api_token = Table(
    "api_token",
    metadata,
    Column("id", Text, primary_key=True),
    Column("name", Text, nullable=False),
    Column("digest", LargeBinary, nullable=False),
    Column("scopes", Text, nullable=False),  # words, spaces between them
    Column("area", Text),  # the only room it is good for
    Column("person", Text, ForeignKey("person.id", ondelete="CASCADE")),  # as whom it acts
    Column("made_ms", BigInteger, nullable=False),
    Column("made_by", Text, nullable=False, server_default=text("''")),
    Column("expires_ms", BigInteger, nullable=False),
    Column("revoked_ms", BigInteger),
    Column("used_ms", BigInteger),
    Index("api_token_digest", "digest", unique=True),
)

# What was answered to a request that carried a key of its own; sealed, and forgotten after a day.
api_answer = Table(
    "api_answer",
    metadata,
    Column("key", LargeBinary, primary_key=True),  # digest of token and key
    Column("asked", LargeBinary, nullable=False),  # digest of the request
    Column("sealed", LargeBinary, nullable=False),
    Column("at_ms", BigInteger, nullable=False),
)

# What somebody chose to be asked, told and known for; without a row: nothing of it.
profile = Table(
    "profile",
    metadata,
    Column("person", Text, ForeignKey("person.id", ondelete="CASCADE"), primary_key=True),
    Column("email", Text, nullable=False, server_default=text("''")),
    Column("webhook", Text, nullable=False, server_default=text("''")),
    Column("language", Text, nullable=False, server_default=text("'en'")),
    Column("wants_notices", Boolean, nullable=False, server_default=true()),
    Column("shares_presence", Boolean, nullable=False, server_default=false()),
    Column("can_be_asked", Boolean, nullable=False, server_default=false()),
    Column("skills", Text, nullable=False, server_default=text("'[]'")),  # JSON: words of their own
    Column("about", Text, nullable=False, server_default=text("''")),
)

# Since when somebody has been coming: what tells a first visit from the others.
first_entry = Table(
    "first_entry",
    metadata,
    Column("person", Text, ForeignKey("person.id", ondelete="CASCADE"), primary_key=True),
    Column("at_ms", BigInteger, nullable=False),
)

# A message to one person on its way. `key` names what it tells, so that nobody is told twice.
notice = Table(
    "notice",
    metadata,
    Column("number", BigInteger().with_variant(Integer, "sqlite"), primary_key=True),
    Column("key", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("person", Text, ForeignKey("person.id", ondelete="CASCADE"), nullable=False),
    Column("channel", Text, nullable=False),
    Column("data", Text, nullable=False),  # JSON: what the template is filled with
    Column("made_ms", BigInteger, nullable=False),
    Column("state", Text, nullable=False),  # waiting, sent, failed
    Column("attempts", Integer, nullable=False, server_default=text("0")),
    Column("next_ms", BigInteger, nullable=False),
    Column("sent_ms", BigInteger),
    Column("error", Text),
    Index("notice_key", "key", unique=True),
    Index("notice_due", "state", "next_ms"),
)

# Days of a series that have no booking, and why.
series_skip = Table(
    "series_skip",
    metadata,
    Column("series", Text, ForeignKey("booking_series.id", ondelete="CASCADE"), primary_key=True),
    Column("day", Date, primary_key=True),
    Column("reason", Text, nullable=False),  # conflict, holiday, cancelled, ended: why there is no booking on it
)

# Each with a version of its own: none of it changes anybody's rights.
PROFILES_KEY = "profiles"
TOKENS_KEY = "tokens"
WAITING_KEY = "waiting"
CALENDARS_KEY = "calendars"
NOTICES_CURSOR_KEY = "notices_cursor"  # no version: how far the event log is told; below 0: not begun
