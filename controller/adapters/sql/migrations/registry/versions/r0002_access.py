"""The whole of the access rules: bills, teams' plans, cohorts, bookings, events, guests, visits, the house, the ledger."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"

number = sa.BigInteger().with_variant(sa.Integer, "sqlite")
NOBODY_EDITS = "the ledger is not edited: what was wrong is put right by another row"
# INSERT OR REPLACE deletes without asking the trigger of a DELETE. A number that is not given is below nought here.
NO_REPLACE = """CREATE TRIGGER ledger_no_replace BEFORE INSERT ON ledger
    WHEN NEW.number > 0 AND EXISTS (SELECT 1 FROM ledger WHERE number = NEW.number)
    BEGIN SELECT RAISE(ABORT, 'the ledger is not edited: a row of this number is there already'); END"""
# The same use again is none, by whatever words it is written.
ONE_USE_STAYS = """CREATE TRIGGER ledger_one_use_stays BEFORE INSERT ON ledger
    WHEN NEW.entry = 'used' AND EXISTS (
        SELECT 1 FROM ledger WHERE entry = 'used'
        AND kind = NEW.kind AND holder = NEW.holder AND day = NEW.day AND subject = NEW.subject
    )
    BEGIN SELECT RAISE(IGNORE); END"""


def ending() -> tuple[sa.Column[int], sa.Column[str], sa.Column[str]]:
    return sa.Column("ended_ms", sa.BigInteger), sa.Column("ended_by", sa.Text), sa.Column("ended_reason", sa.Text)


def upgrade() -> None:
    _people()
    _holdings()
    _house()
    _books()


def _people() -> None:
    op.add_column("person", sa.Column("rights", sa.Text, nullable=False, server_default=sa.text("''")))
    op.add_column("person", sa.Column("pays_as_you_go", sa.Boolean, nullable=False, server_default=sa.false()))
    op.add_column("membership", sa.Column("due_since", sa.Date))
    op.add_column("membership", sa.Column("due_cents", sa.Integer, nullable=False, server_default=sa.text("0")))
    op.add_column("credential", sa.Column("is_duress", sa.Boolean, nullable=False, server_default=sa.false()))
    op.add_column("credential", sa.Column("list_digest", sa.LargeBinary))
    op.create_table(
        "team_membership",
        sa.Column("team", sa.Text, sa.ForeignKey("team.id", ondelete="CASCADE"), primary_key=True),
        sa.Column("plan", sa.Text, sa.ForeignKey("plan.id"), primary_key=True),
        sa.Column("starts", sa.Date, primary_key=True),
        sa.Column("ends", sa.Date),
        sa.Column("standing", sa.Text, nullable=False),
        sa.Column("due_since", sa.Date),
        sa.Column("due_cents", sa.Integer, nullable=False, server_default=sa.text("0")),
    )
    op.create_table(
        "cohort",
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("plan", sa.Text, sa.ForeignKey("plan.id"), nullable=False),
        sa.Column("starts", sa.Date, nullable=False),
        sa.Column("ends", sa.Date, nullable=False),
    )
    op.create_table(
        "cohort_member",
        sa.Column("person", sa.Text, sa.ForeignKey("person.id", ondelete="CASCADE"), primary_key=True),
        sa.Column("cohort", sa.Text, sa.ForeignKey("cohort.id", ondelete="CASCADE"), primary_key=True),
    )


def _holdings() -> None:
    op.create_table(
        "booking",
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("area", sa.Text, nullable=False),
        sa.Column("start_ms", sa.BigInteger, nullable=False),
        sa.Column("end_ms", sa.BigInteger, nullable=False),
        sa.Column("owner", sa.Text, sa.ForeignKey("person.id", ondelete="CASCADE"), nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("holiday_confirmed", sa.Boolean, nullable=False, server_default=sa.false()),
    )
    op.create_index("booking_area", "booking", ["area", "start_ms"])
    op.create_index("booking_end", "booking", ["end_ms"])
    op.create_table(
        "booking_participant",
        sa.Column("booking", sa.Text, sa.ForeignKey("booking.id", ondelete="CASCADE"), primary_key=True),
        sa.Column("person", sa.Text, sa.ForeignKey("person.id", ondelete="CASCADE"), primary_key=True),
    )
    op.create_table(
        "event",
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("host", sa.Text, sa.ForeignKey("person.id"), nullable=False),
        sa.Column("area", sa.Text, nullable=False),
        sa.Column("start_ms", sa.BigInteger, nullable=False),
        sa.Column("end_ms", sa.BigInteger, nullable=False),
        sa.Column("capacity", sa.Integer, nullable=False),
        sa.Column("entry", sa.Text, nullable=False),
        sa.Column("host_entered_ms", sa.BigInteger),
        sa.Column("ended_ms", sa.BigInteger),
    )
    op.create_table(
        "event_door",
        sa.Column("event", sa.Text, sa.ForeignKey("event.id", ondelete="CASCADE"), primary_key=True),
        sa.Column("place", sa.Integer, primary_key=True),
        sa.Column("door", sa.Text, nullable=False),
    )
    op.create_table(
        "ticket",
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("event", sa.Text, sa.ForeignKey("event.id", ondelete="CASCADE"), nullable=False),
        sa.Column("name", sa.Text, nullable=False, server_default=sa.text("''")),
        sa.Column("person", sa.Text, sa.ForeignKey("person.id", ondelete="CASCADE")),
        sa.Column("is_void", sa.Boolean, nullable=False, server_default=sa.false()),
        sa.Column("digest", sa.LargeBinary, nullable=False),
        sa.Column("key_id", sa.Text, nullable=False),
        sa.Column("list_digest", sa.LargeBinary),
    )
    op.create_index("ticket_event", "ticket", ["event"])
    op.create_index("ticket_digest", "ticket", ["digest"], unique=True)
    op.create_table(
        "guest_pass",
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("guest", sa.Text, sa.ForeignKey("person.id", ondelete="CASCADE"), nullable=False),
        sa.Column("host", sa.Text, sa.ForeignKey("person.id", ondelete="CASCADE"), nullable=False),
        sa.Column("start_ms", sa.BigInteger, nullable=False),
        sa.Column("end_ms", sa.BigInteger, nullable=False),
        sa.Column("is_revoked", sa.Boolean, nullable=False, server_default=sa.false()),
    )
    op.create_table(
        "visit",
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("partner", sa.Text, nullable=False),
        sa.Column("person", sa.Text, sa.ForeignKey("person.id", ondelete="CASCADE"), nullable=False),
        sa.Column("plan", sa.Text, nullable=False),
        sa.Column("start_ms", sa.BigInteger, nullable=False),
        sa.Column("end_ms", sa.BigInteger, nullable=False),
        sa.Column("days", sa.Integer),
    )
    op.create_table(
        "revoked_pass",
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("at_ms", sa.BigInteger, nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
    )


def _house() -> None:
    op.create_table(
        "lockdown",
        sa.Column("number", number, primary_key=True, autoincrement=False),
        sa.Column("scope_kind", sa.Text, nullable=False),
        sa.Column("scope_id", sa.Text, nullable=False),
        sa.Column("since_ms", sa.BigInteger, nullable=False),
        sa.Column("by", sa.Text, nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        *ending(),
    )
    op.create_table(
        "fire",
        sa.Column("number", number, primary_key=True, autoincrement=False),
        sa.Column("since_ms", sa.BigInteger, nullable=False),
        sa.Column("device", sa.Text, nullable=False),
        sa.Column("cleared_ms", sa.BigInteger),
        *ending(),
    )
    op.create_table(
        "door_override",
        sa.Column("number", number, primary_key=True, autoincrement=False),
        sa.Column("scope_kind", sa.Text, nullable=False),
        sa.Column("scope_id", sa.Text, nullable=False),
        sa.Column("wanted", sa.Text, nullable=False),
        sa.Column("since_ms", sa.BigInteger, nullable=False),
        sa.Column("until_ms", sa.BigInteger, nullable=False),
        sa.Column("by", sa.Text, nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        *ending(),
    )
    op.create_table(
        "one_off",
        sa.Column("number", number, primary_key=True, autoincrement=False),
        sa.Column("scope_kind", sa.Text, nullable=False),
        sa.Column("scope_id", sa.Text, nullable=False),
        sa.Column("wanted", sa.Text, nullable=False),
        sa.Column("start_ms", sa.BigInteger, nullable=False),
        sa.Column("end_ms", sa.BigInteger, nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("by", sa.Text, nullable=False, server_default=sa.text("''")),
        sa.Column("removed", sa.Boolean, nullable=False, server_default=sa.false()),
    )
    op.create_table(
        "extra_holiday",
        sa.Column("day", sa.Date, primary_key=True),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("zones", sa.Text, nullable=False, server_default=sa.text("''")),
        sa.Column("by", sa.Text, nullable=False, server_default=sa.text("''")),
    )
    op.create_table(
        "window_opened",
        sa.Column("door", sa.Text, primary_key=True),
        sa.Column("schedule", sa.Text, primary_key=True),
        sa.Column("window_start_ms", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("at_ms", sa.BigInteger, nullable=False),
        sa.Column("by", sa.Text, nullable=False),
        sa.Column("closed_ms", sa.BigInteger),
    )


def _books() -> None:
    op.create_table(
        "ledger",
        sa.Column("number", number, primary_key=True),
        sa.Column("entry", sa.Text, nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("holder", sa.Text, nullable=False),
        sa.Column("day", sa.Date, nullable=False),
        sa.Column("subject", sa.Text, nullable=False, server_default=sa.text("''")),
        sa.Column("plan", sa.Text),
        sa.Column("at_ms", sa.BigInteger, nullable=False),
        sa.Column("amount", sa.Integer, nullable=False),
        sa.Column("by", sa.Text, nullable=False, server_default=sa.text("''")),
        sa.Column("reason", sa.Text, nullable=False, server_default=sa.text("''")),
        sa.Column("correlation", sa.Text),
    )
    op.create_index("ledger_day", "ledger", ["day"])
    op.create_index(
        "ledger_one_use",
        "ledger",
        ["kind", "holder", "day", "subject"],
        unique=True,
        sqlite_where=sa.text("entry = 'used'"),
        postgresql_where=sa.text("entry = 'used'"),
    )
    op.create_table(
        "alarm",
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("door", sa.Text),
        sa.Column("device", sa.Text),
        sa.Column("area", sa.Text),
        sa.Column("person", sa.Text),
        sa.Column("raised_us", sa.BigInteger, nullable=False),
        sa.Column("since_us", sa.BigInteger, nullable=False),
        sa.Column("last_us", sa.BigInteger, nullable=False),
        sa.Column("count", sa.Integer, nullable=False),
        sa.Column("late", sa.Boolean, nullable=False),
        sa.Column("cleared_us", sa.BigInteger),
        sa.Column("answered_by", sa.Text),
        sa.Column("answered_note", sa.Text),
        sa.Column("answered_us", sa.BigInteger),
        sa.Column("is_open", sa.Boolean, nullable=False),
        sa.Column("detail", sa.Text),
    )
    op.create_index("alarm_open", "alarm", ["is_open"])
    op.create_index("alarm_raised", "alarm", ["raised_us"])
    op.create_table(
        "access_list",
        sa.Column("device", sa.Text, primary_key=True),
        sa.Column("rev", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("salt", sa.LargeBinary, nullable=False),
        sa.Column("issued_ms", sa.BigInteger, nullable=False),
        sa.Column("until_ms", sa.BigInteger, nullable=False),
    )
    meta = sa.table("meta", sa.column("key", sa.Text), sa.column("value", sa.BigInteger))
    op.bulk_insert(meta, [{"key": key, "value": 0} for key in ("alarms", "ledger")])
    op.bulk_insert(meta, [{"key": "ledger_cursor", "value": -1}])  # nobody has begun to follow the log
    if op.get_bind().dialect.name == "sqlite":
        for act in ("UPDATE", "DELETE"):
            op.execute(
                f"CREATE TRIGGER ledger_no_{act.lower()} BEFORE {act} ON ledger "
                f"BEGIN SELECT RAISE(ABORT, '{NOBODY_EDITS}'); END"
            )
        op.execute(NO_REPLACE)
        op.execute(ONE_USE_STAYS)
    else:
        # Here nothing replaces a row without an UPDATE, and the same use again is refused by its index.
        op.execute(
            f"CREATE FUNCTION ledger_no_edit() RETURNS trigger LANGUAGE plpgsql AS "
            f"$$ BEGIN RAISE EXCEPTION '{NOBODY_EDITS}'; END $$"
        )
        op.execute(
            "CREATE TRIGGER ledger_no_edit BEFORE UPDATE OR DELETE OR TRUNCATE ON ledger "
            "FOR EACH STATEMENT EXECUTE FUNCTION ledger_no_edit()"
        )


def downgrade() -> None:
    for table in (
        "access_list",
        "alarm",
        "ledger",
        "window_opened",
        "extra_holiday",
        "one_off",
        "door_override",
        "fire",
        "lockdown",
        "revoked_pass",
        "visit",
        "guest_pass",
        "ticket",
        "event_door",
        "event",
        "booking_participant",
        "booking",
        "cohort_member",
        "cohort",
        "team_membership",
    ):
        op.drop_table(table)
    if op.get_bind().dialect.name != "sqlite":
        op.execute("DROP FUNCTION ledger_no_edit()")
    op.execute("DELETE FROM meta WHERE key <> 'version'")
    for table, column in (
        ("credential", "list_digest"),
        ("credential", "is_duress"),
        ("membership", "due_cents"),
        ("membership", "due_since"),
        ("person", "pays_as_you_go"),
        ("person", "rights"),
    ):
        op.drop_column(table, column)
