"""The event log's one table, as SQLAlchemy Core sees it; its migrations build the same."""

from sqlalchemy import BigInteger, Column, Index, Integer, MetaData, Table, Text, text

from controller.domain.facts import FactKind

DECISIONS = (
    FactKind.ENTRY_GRANTED,
    FactKind.ENTRY_DENIED,
    FactKind.READ_IGNORED,
    FactKind.LOCAL_GRANTED,
    FactKind.LOCAL_DENIED,
)
"""The answers to a read, ours or a door's own: one message has one of them, whatever is delivered twice."""

ONE_DECISION = "kind IN ({}) AND message_id IS NOT NULL".format(", ".join(f"'{kind}'" for kind in DECISIONS))

metadata = MetaData()

fact = Table(
    "fact",
    metadata,
    # SQLite counts only a plain INTEGER PRIMARY KEY as its row's own number.
    Column("position", BigInteger().with_variant(Integer, "sqlite"), primary_key=True),
    Column("at_us", BigInteger, nullable=False),  # epoch microseconds, UTC
    Column("kind", Text, nullable=False),
    Column("door", Text),
    Column("device", Text),
    Column("area", Text),
    Column("person", Text),
    Column("message_id", Text),
    # A device without randomness counts its ids anew after a reset; an id names a message for 24 h only.
    Column("reuse", Integer, nullable=False, server_default=text("0")),
    Column("correlation", Text),
    Column("detail", Text),  # JSON, NULL for none
    Index(
        "fact_one_decision",
        "device",
        "message_id",
        "reuse",
        unique=True,
        sqlite_where=text(ONE_DECISION),
        postgresql_where=text(ONE_DECISION),
    ),
)
