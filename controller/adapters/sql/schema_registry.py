"""The registry's tables, as SQLAlchemy Core sees them; its migrations build the same.

Moments are epoch milliseconds and enumerations their own text: both read the same in any database,
and ten thousand of them load without a parser. No badge number is in here, only its keyed digest.
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
    MetaData,
    Table,
    Text,
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
    Column("banned", Boolean, nullable=False, server_default=text("0")),
    Column("needs_time", Boolean, nullable=False, server_default=text("0")),
    Column("team", Text, ForeignKey("team.id")),
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
    Index("credential_person", "person"),
    Index("credential_digest", "digest", unique=True),
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

VERSION_KEY = "version"
