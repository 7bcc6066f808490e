"""Rooms and who uses them: bookings that never overlap, series, waiting lists, calendars, tokens, profiles, notices."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"

number = sa.BigInteger().with_variant(sa.Integer, "sqlite")
HOLDS = "('requested', 'booked')"
# The plus keeps SQLite to the index by `held_ms`: of a room's years, only what is not over yet is looked at.
OVERLAPS = f"""SELECT 1 FROM booking WHERE area = NEW.area AND held_ms > NEW.start_ms
        AND +start_ms < NEW.held_ms AND id <> NEW.id AND state IN {HOLDS}"""  # noqa: S608  # words of ours alone
# A transaction of ours holds the write lock from its beginning, so what the trigger sees is what will be there.
NO_OVERLAP = f"""CREATE TRIGGER booking_no_overlap_{{act}} BEFORE {{when}} ON booking
    WHEN NEW.state IN {HOLDS} AND EXISTS ({OVERLAPS})
    BEGIN SELECT RAISE(ABORT, 'booking_no_overlap'); END"""


def upgrade() -> None:
    _bookings()
    _around_them()
    _people()
    meta = sa.table("meta", sa.column("key", sa.Text), sa.column("value", sa.BigInteger))
    op.bulk_insert(meta, [{"key": key, "value": 0} for key in ("profiles", "tokens", "waiting", "calendars")])
    op.bulk_insert(meta, [{"key": "notices_cursor", "value": -1}])  # nobody has begun to follow the log


def _bookings() -> None:
    op.add_column("booking", sa.Column("held_ms", sa.BigInteger, nullable=False, server_default=sa.text("0")))
    op.execute("UPDATE booking SET held_ms = end_ms")
    op.add_column("booking", sa.Column("title", sa.Text, nullable=False, server_default=sa.text("''")))
    op.add_column("booking", sa.Column("made_ms", sa.BigInteger))
    op.add_column("booking", sa.Column("checked_in_ms", sa.BigInteger))
    op.add_column("booking", sa.Column("series", sa.Text))
    op.add_column("booking", sa.Column("series_day", sa.Date))
    op.add_column("booking", sa.Column("is_live", sa.Boolean, nullable=False, server_default=sa.false()))
    op.add_column("booking", sa.Column("booked_end_ms", sa.BigInteger))
    op.add_column("booking", sa.Column("origin", sa.Text, nullable=False, server_default=sa.text("''")))
    op.drop_index("booking_area")
    op.create_index("booking_held", "booking", ["area", "held_ms"])
    op.create_index("booking_owner", "booking", ["owner", "start_ms"])
    op.create_index("booking_series_day", "booking", ["series", "series_day"])
    if op.get_bind().dialect.name == "sqlite":
        for act, when in (("insert", "INSERT"), ("update", "UPDATE OF area, start_ms, held_ms, state")):
            op.execute(NO_OVERLAP.format(act=act, when=when))
    else:
        op.execute("CREATE EXTENSION IF NOT EXISTS btree_gist")
        op.execute(
            "ALTER TABLE booking ADD CONSTRAINT booking_no_overlap EXCLUDE USING gist "
            f"(area WITH =, int8range(start_ms, held_ms) WITH &&) WHERE (state IN {HOLDS})"
        )


def _around_them() -> None:
    op.add_column("event", sa.Column("is_public", sa.Boolean, nullable=False, server_default=sa.false()))
    op.create_table(
        "booking_series",
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("area", sa.Text, nullable=False),
        sa.Column("owner", sa.Text, sa.ForeignKey("person.id", ondelete="CASCADE"), nullable=False),
        sa.Column("participants", sa.Text, nullable=False, server_default=sa.text("'[]'")),
        sa.Column("title", sa.Text, nullable=False, server_default=sa.text("''")),
        sa.Column("rule", sa.Text, nullable=False),
        sa.Column("zone", sa.Text, nullable=False),
        sa.Column("is_live", sa.Boolean, nullable=False, server_default=sa.false()),
        sa.Column("holiday_confirmed", sa.Boolean, nullable=False, server_default=sa.false()),
        sa.Column("made_ms", sa.BigInteger),
        sa.Column("ended_ms", sa.BigInteger),
    )
    op.create_index("booking_series_owner", "booking_series", ["owner"])
    op.create_table(
        "waiting",
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("area", sa.Text, nullable=False),
        sa.Column("start_ms", sa.BigInteger, nullable=False),
        sa.Column("end_ms", sa.BigInteger, nullable=False),
        sa.Column("person", sa.Text, sa.ForeignKey("person.id", ondelete="CASCADE"), nullable=False),
        sa.Column("participants", sa.Text, nullable=False, server_default=sa.text("'[]'")),
        sa.Column("title", sa.Text, nullable=False, server_default=sa.text("''")),
        sa.Column("made_ms", sa.BigInteger, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("offered_until_ms", sa.BigInteger),
        sa.Column("booking", sa.Text),
    )
    op.create_index("waiting_area", "waiting", ["area", "start_ms"])
    op.create_table(
        "calendar_link",
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("subject", sa.Text, nullable=False, server_default=sa.text("''")),
        sa.Column("digest", sa.LargeBinary, nullable=False),
        sa.Column("made_ms", sa.BigInteger, nullable=False),
        sa.Column("revoked_ms", sa.BigInteger),
    )
    op.create_index("calendar_link_digest", "calendar_link", ["digest"], unique=True)
    op.create_table(
        "outside_calendar",
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("area", sa.Text, nullable=False),
        sa.Column("owner", sa.Text, sa.ForeignKey("person.id", ondelete="CASCADE"), nullable=False),
        sa.Column("url", sa.Text, nullable=False),
        sa.Column("every_s", sa.Integer, nullable=False),
        sa.Column("etag", sa.Text),
        sa.Column("modified", sa.Text),
        sa.Column("content", sa.Text),
        sa.Column("read_ms", sa.BigInteger),
        sa.Column("error", sa.Text),
        sa.Column("report", sa.Text),
        sa.Column("removed", sa.Boolean, nullable=False, server_default=sa.false()),
    )
    op.create_table(
        "series_skip",
        sa.Column("series", sa.Text, sa.ForeignKey("booking_series.id", ondelete="CASCADE"), primary_key=True),
        sa.Column("day", sa.Date, primary_key=True),
        sa.Column("reason", sa.Text, nullable=False),
    )


def _people() -> None:
    op.create_table(
        "api_token",
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("digest", sa.LargeBinary, nullable=False),
        sa.Column("scopes", sa.Text, nullable=False),
        sa.Column("area", sa.Text),
        sa.Column("person", sa.Text, sa.ForeignKey("person.id", ondelete="CASCADE")),
        sa.Column("made_ms", sa.BigInteger, nullable=False),
        sa.Column("made_by", sa.Text, nullable=False, server_default=sa.text("''")),
        sa.Column("expires_ms", sa.BigInteger, nullable=False),
        sa.Column("revoked_ms", sa.BigInteger),
        sa.Column("used_ms", sa.BigInteger),
    )
    op.create_index("api_token_digest", "api_token", ["digest"], unique=True)
    op.create_table(
        "api_answer",
        sa.Column("key", sa.LargeBinary, primary_key=True),
        sa.Column("asked", sa.LargeBinary, nullable=False),
        sa.Column("sealed", sa.LargeBinary, nullable=False),
        sa.Column("at_ms", sa.BigInteger, nullable=False),
    )
    op.create_table(
        "profile",
        sa.Column("person", sa.Text, sa.ForeignKey("person.id", ondelete="CASCADE"), primary_key=True),
        sa.Column("email", sa.Text, nullable=False, server_default=sa.text("''")),
        sa.Column("webhook", sa.Text, nullable=False, server_default=sa.text("''")),
        sa.Column("language", sa.Text, nullable=False, server_default=sa.text("'en'")),
        sa.Column("wants_notices", sa.Boolean, nullable=False, server_default=sa.true()),
        sa.Column("shares_presence", sa.Boolean, nullable=False, server_default=sa.false()),
        sa.Column("can_be_asked", sa.Boolean, nullable=False, server_default=sa.false()),
        sa.Column("skills", sa.Text, nullable=False, server_default=sa.text("'[]'")),
        sa.Column("about", sa.Text, nullable=False, server_default=sa.text("''")),
    )
    op.create_table(
        "first_entry",
        sa.Column("person", sa.Text, sa.ForeignKey("person.id", ondelete="CASCADE"), primary_key=True),
        sa.Column("at_ms", sa.BigInteger, nullable=False),
    )
    op.create_table(
        "notice",
        sa.Column("number", number, primary_key=True),
        sa.Column("key", sa.Text, nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("person", sa.Text, sa.ForeignKey("person.id", ondelete="CASCADE"), nullable=False),
        sa.Column("channel", sa.Text, nullable=False),
        sa.Column("data", sa.Text, nullable=False),
        sa.Column("made_ms", sa.BigInteger, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("attempts", sa.Integer, nullable=False, server_default=sa.text("0")),
        sa.Column("next_ms", sa.BigInteger, nullable=False),
        sa.Column("sent_ms", sa.BigInteger),
        sa.Column("error", sa.Text),
    )
    op.create_index("notice_key", "notice", ["key"], unique=True)
    op.create_index("notice_due", "notice", ["state", "next_ms"])


def downgrade() -> None:
    op.drop_column("event", "is_public")
    for table in (
        "notice",
        "first_entry",
        "profile",
        "api_answer",
        "api_token",
        "outside_calendar",
        "calendar_link",
        "waiting",
        "series_skip",
        "booking_series",
    ):
        op.drop_table(table)
    op.execute("DELETE FROM meta WHERE key IN ('profiles', 'tokens', 'waiting', 'calendars', 'notices_cursor')")
    if op.get_bind().dialect.name == "sqlite":
        op.execute("DROP TRIGGER booking_no_overlap_insert")
        op.execute("DROP TRIGGER booking_no_overlap_update")
    else:
        op.execute("ALTER TABLE booking DROP CONSTRAINT booking_no_overlap")
    for index in ("booking_series_day", "booking_owner", "booking_held"):
        op.drop_index(index)
    op.create_index("booking_area", "booking", ["area", "start_ms"])
    for column in (
        "origin",
        "booked_end_ms",
        "is_live",
        "series_day",
        "series",
        "checked_in_ms",
        "made_ms",
        "title",
        "held_ms",
    ):
        op.drop_column("booking", column)
