"""What a member of a message may be: numbers, names, codes, moments, readings, each strict in the contract's way.

Which message has which members is in `messages`.
"""

from datetime import datetime
from typing import Annotated

from pydantic import BeforeValidator, Field, PlainSerializer, PlainValidator, StringConstraints, WithJsonSchema

from devices.channels import is_no_reading
from devices.times import parse_time

# A longer integer is a fault of its sender: no counter of a device gets there.
MIN_INT, MAX_INT = -(2**63), 2**63 - 1


def _rfc3339(moment: datetime) -> str:
    return moment.isoformat().replace("+00:00", "Z")


def _text(value: object) -> object:
    """Boot counters come as numbers from small firmware; they are names, so they are kept as text."""
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else value


def _reading(value: object) -> object:
    """`"nan"`, `"unavailable"` and their like are no reading: neither an error nor a zero."""
    return None if is_no_reading(value) else value


def is_class(text: str) -> bool:
    """Can a channel's class be called this? It becomes a name in databases, and a word on screens."""
    return text.isprintable() and "\\" not in text


# Every pattern of the contract, in words for whoever sent something else.
MINOR = r"^1\.[0-9]{1,4}$"
CODE = r"^[a-z0-9][a-z0-9_.-]{0,79}$"
ID = r"^[!-~]{1,80}$"
NAME = r"^[A-Za-z0-9][A-Za-z0-9_.:-]{0,63}$"
PIN = r"^[0-9*#]{1,16}$"
HASH = r"^[0-9a-f]{16,64}$"
VISIT_ID = r"^[A-Za-z0-9][A-Za-z0-9_.@-]{0,63}$"
PUBLIC_KEY = r"^[A-Za-z0-9_-]{43}$"
# What a schema can say of it; `is_class` says the whole.
CLASS = r"^[^\x00-\x1f\x7f-\x9f\\]*$"
DATE = r"^[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])$"
PATTERN_WORDS = {
    MINOR: 'a minor version of contract 1, like "1.0"',
    CODE: "a code of lower-case letters, digits, '_', '.' and '-', at most 80",
    ID: "1 to 80 printable characters without spaces: a ULID, a UUID or <boot>-<seq>",
    NAME: "a channel name of letters, digits, '_', '.', ':' and '-', at most 64",
    PIN: "1 to 16 digits, * or #",
    HASH: "16 to 64 lower-case hex digits",
    VISIT_ID: "letters, digits, '_', '.', '@' and '-', at most 64, beginning with a letter or digit",
    PUBLIC_KEY: "an Ed25519 public key as 43 characters of base64url, as `natoma visits key` prints it",
    CLASS: "printable characters without a backslash",
    DATE: "a date like 2026-05-04",
}

# Numbers are strict: "21" and true are not numbers, or a broken mapping would look like a working sensor.
Int = Annotated[int, Field(strict=True, ge=MIN_INT, le=MAX_INT)]
Count = Annotated[int, Field(strict=True, ge=0, le=MAX_INT)]
Real = Annotated[float, Field(strict=True)]
Flag = Annotated[bool, Field(strict=True)]
Label = Annotated[str, StringConstraints(max_length=200)]
# A class that is none is its channel's fault alone: `ChannelSpec.fault` says it, and the rest of the birth is taken.
DeviceClass = Annotated[Label, WithJsonSchema({"type": "string", "maxLength": 200, "pattern": CLASS})]
Code = Annotated[str, StringConstraints(pattern=CODE)]
PassId = Annotated[str, StringConstraints(pattern=VISIT_ID)]
PublicKey = Annotated[str, StringConstraints(pattern=PUBLIC_KEY)]
MessageId = Annotated[str, StringConstraints(pattern=ID)]
ChannelName = Annotated[str, StringConstraints(pattern=NAME)]
Boot = Annotated[
    str,
    StringConstraints(pattern=ID),
    BeforeValidator(_text),
    WithJsonSchema({"anyOf": [{"type": "string", "pattern": ID}, {"type": "integer"}]}),
]
Moment = Annotated[
    datetime,
    PlainValidator(parse_time),
    PlainSerializer(_rfc3339, return_type=str, when_used="json"),
    WithJsonSchema(
        {
            "description": "RFC 3339 with offset, or epoch seconds or milliseconds (the magnitude decides)",
            "anyOf": [{"type": "string", "format": "date-time"}, {"type": "number", "minimum": 0}],
        }
    ),
]
# A reading that may be absent: the words for "no reading" become None before anything else is asked.
NumberOrNone = Annotated[Real | None, BeforeValidator(_reading)]
IntOrNone = Annotated[Int | None, BeforeValidator(_reading)]
Setting = Int | Real | Flag | str
Scalar = Setting | None
Values = dict[ChannelName, Scalar]
