"""(topic, bytes) <-> message: the only JSON on the wire, its limits, and a refusal with a reason for all else.

What needs memory of earlier messages (duplicates, staleness, unknown devices and channels) is asked by who has it.

Two paths read a body. The careful one (`_decode_strictly`) checks every rule with a JSON parser of ours and serves all
kinds. Telemetry, which comes by the thousand, and badge reads, which a person waits for, first try pydantic's own parser on the bytes (`_decode_fast`, about
half the time), which cannot see a repeated member and takes huge integers as floats; when the cheap signs there leave
any doubt, the careful path decides. So the fast path answers only "surely right" or "ask the other".
"""

import hashlib
import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cache

from pydantic import ValidationError
from pydantic_core import ErrorDetails, to_json

from devices import strictjson
from devices.errors import MessageError, RefusalReason
from devices.fields import PATTERN_WORDS
from devices.messages import (
    DATA_MODELS,
    MODELS,
    Ack,
    BadgeReadData,
    ChannelSpec,
    Command,
    Desired,
    Event,
    EventType,
    Message,
    State,
    Status,
    Telemetry,
    Values,
)
from devices.times import parse_time
from devices.topics import ACTIONS, RULES, Address, Kind, Topics

__all__ = [
    "PAYLOAD_LIMIT",
    "Decoded",
    "check_desired",
    "decode",
    "encode",
    "message_key",
    "number_in",
    "parse_time",
    "sample",
]

PAYLOAD_LIMIT = 64 * 1024
SAMPLE_BYTES = 120
# A value is shown to help its sender find it; no more of it than that needs.
_SHOWN = 40
# From here on a double no longer says whether the sender wrote an integer beyond 64 bits.
_INTEGER_LIMIT = float(2**63)
# What `message_key` makes of a boot and a number; then the place in a batch.
_NUMBERED_KEY = re.compile(r"(?P<boot>.*)-(?P<seq>\d+)-[0-9a-f]{16}(?:/\d+)?", re.DOTALL)


# Members and list positions from the top of a body down.
_Place = tuple[int | str, ...]


@dataclass(frozen=True, slots=True)
class Decoded:
    """A valid message; `unknown_fields` are the paths of members no contract we know has ("v2", "channels.t.foo")."""

    address: Address
    message: Message
    unknown_fields: tuple[str, ...] = ()


def decode(topics: Topics, topic: str, payload: bytes, *, retained: bool = False) -> Decoded:
    """Read one message; whatever the bytes, raises nothing but `MessageError`."""
    address = topics.parse(topic)
    kind = address.kind
    if retained and kind in ACTIONS:
        raise MessageError(
            RefusalReason.RETAINED_EVENT,
            f"a retained {kind} is not taken",
            topic=topic,
            hint="publish it without the retain flag, and clear this one with an empty retained message",
        )
    if len(payload) > PAYLOAD_LIMIT:
        raise MessageError(
            RefusalReason.TOO_LARGE,
            f"the body has {len(payload)} bytes",
            topic=topic,
            hint=f"at most {PAYLOAD_LIMIT}; split it",
        )
    fast = _FAST.get(kind)
    if fast is not None:
        message = fast(payload)
        if message is not None:
            return Decoded(address, message)
    return _decode_strictly(address, topic, payload)


def encode(message: Message) -> bytes:
    """Compact JSON without empty members; a channel whose value is None stays, as null is "no reading"."""
    payload = to_json(message, by_alias=True, exclude_none=True)
    if len(payload) > PAYLOAD_LIMIT:
        raise MessageError(
            RefusalReason.TOO_LARGE,
            f"{type(message).__name__} would have {len(payload)} bytes",
            hint=f"at most {PAYLOAD_LIMIT}; split it",
        )
    return payload


def message_key(address: Address, message: Message, payload: bytes, boot: str, received_at: datetime) -> str:
    """What makes this message the same as another of its device: its id, else boot and seq, else its time.

    With neither id nor seq nor time the receive time stands in, so two equal readings stay two. The hash keeps apart
    what a device numbers alike: a counter that began anew within one boot, two sensors read in one millisecond.
    """
    if isinstance(message, Ack):
        return f"{message.re}-{message.phase}"
    if isinstance(message, Event | Command):
        return message.id
    if isinstance(message, Telemetry | State) and message.id is not None:
        return message.id
    body = hashlib.blake2b(payload, digest_size=8).hexdigest()
    if isinstance(message, Telemetry) and message.seq is not None:
        return f"{boot}-{message.seq}-{body}"
    moment = message.ts if isinstance(message, Telemetry | State | Status) else None
    return f"{(moment or received_at).isoformat()}-{address.kind}-{body}"


def number_in(key: str) -> tuple[str, int] | None:
    """The boot and the number that `message_key` made this of, "" for a boot nobody knew; None where it was made of others.

    A batch is kept moment by moment, each with its place behind the key.
    """
    found = _NUMBERED_KEY.fullmatch(key)
    return (found["boot"], int(found["seq"])) if found is not None else None


def check_desired(topic: str, desired: Desired, channels: Mapping[str, ChannelSpec]) -> None:
    """A retained wish may name stateful channels only: it would press a momentary one again at every reconnect."""
    for name in desired.v:
        spec = channels.get(name)
        path = f"v.{name}"
        if spec is None:
            hint = f"its birth names {', '.join(sorted(channels)) or 'no channel'}"
            raise MessageError(
                RefusalReason.UNKNOWN_CHANNEL, "the device has no such channel", topic=topic, path=path, hint=hint
            )
        if spec.momentary or not spec.settable:
            what = "is momentary" if spec.momentary else "cannot be set"
            hint = "send a command" if spec.momentary else "only channels with set: true can be desired"
            raise MessageError(RefusalReason.SCHEMA, f"the channel {what}", topic=topic, path=path, hint=hint)


# --- reading ----------------------------------------------------------------------------------------------------------


def _decode_fast(payload: bytes) -> Telemetry | None:
    """Telemetry that is right beyond doubt, else None.

    Each member of the body costs at least one colon that follows a quote or white space, and the model holds each
    different member it knows once. So when there are no more such colons than members held, no member was repeated
    and none is unknown; all being known and typed, NaN, Infinity and deep nesting cannot have slipped by either. Left
    are integers beyond 64 bits, which would be doubles here. A text that itself holds such a colon only sends us to
    the careful path.
    """
    try:
        message = Telemetry.model_validate_json(payload, by_alias=True, by_name=False)
    except ValidationError:
        return None
    members = len(message.model_fields_set)
    if message.v is not None:
        members += len(message.v)
        if _has_huge(message.v):
            return None
    else:
        for one in message.batch or ():
            members += len(one.model_fields_set) + len(one.v)
            if _has_huge(one.v):
                return None
    return message if _colons(payload) == members else None


def _decode_read_fast(payload: bytes) -> Event | None:
    """A badge read that is right beyond doubt, else None; by the same count as telemetry. A person waits for it."""
    try:
        message = Event.model_validate_json(payload, by_alias=True, by_name=False)
    except ValidationError:
        return None
    data = message.data
    # Free details may hold huge integers; what was shown at a reader has none that its type would take.
    if not isinstance(data, BadgeReadData):
        return None
    members = len(message.model_fields_set) + len(data.model_fields_set)
    return message if _colons(payload) == members else None


_FAST: dict[Kind, Callable[[bytes], Message | None]] = {
    Kind.TELEMETRY: _decode_fast,
    Kind.EVENT: _decode_read_fast,
}


def _colons(payload: bytes) -> int:
    """Colons that can only follow a member's name, or stand in a text."""
    count = payload.count
    return count(b'":') + count(b" :") + count(b"\n:") + count(b"\t:") + count(b"\r:")


def _has_huge(values: Values) -> bool:
    # A loop, not any(): the generator would cost as much as the rest of the check.
    for value in values.values():  # noqa: SIM110
        if type(value) is float and not -_INTEGER_LIMIT < value < _INTEGER_LIMIT:
            return True
    return False


def _decode_strictly(address: Address, topic: str, payload: bytes) -> Decoded:
    kind = address.kind
    try:
        body = strictjson.parse(payload)
    except strictjson.StrictJsonError as exc:
        path = _safe_key(kind, exc.key) if exc.key is not None else ""
        raise MessageError(
            RefusalReason.BAD_JSON, f"the body {exc.why}", topic=topic, path=path, hint=exc.hint
        ) from None
    if not isinstance(body, dict):
        raise MessageError(RefusalReason.SCHEMA, "the body is not an object", topic=topic, hint="send {...}")
    model = MODELS[kind]
    try:
        message = model.model_validate_json(payload, by_alias=True, by_name=False)
    except ValidationError as exc:
        # Not chained: the library's error is about its own schema, and its traceback would be logged with ours.
        raise _refusal(kind, topic, exc.errors(include_url=False)) from None
    return Decoded(address, message, tuple(_path(kind, place) for place in _unknown_fields(message, body, ())))


def _unknown_fields(message: Message, body: Mapping[str, object], place: _Place) -> Iterator[_Place]:
    known = _members(type(message))
    for key, value in body.items():
        name = known.get(key)
        if name is None:
            yield (*place, key)
        elif isinstance(value, dict | list):
            yield from _unknown_below(getattr(message, name), value, (*place, key))


@cache
def _members(model: type[Message]) -> Mapping[str, str]:
    """Names on the wire to names in Python."""
    return {str(field.validation_alias or name): name for name, field in model.model_fields.items()}


def _unknown_below(part: object, value: object, place: _Place) -> Iterator[_Place]:
    if isinstance(part, Message) and isinstance(value, dict):
        yield from _unknown_fields(part, value, place)
    elif isinstance(part, dict) and isinstance(value, dict):
        for key, below in part.items():
            yield from _unknown_below(below, value.get(key), (*place, key))
    elif isinstance(part, tuple) and isinstance(value, list):
        for index, (below, raw) in enumerate(zip(part, value, strict=True)):
            yield from _unknown_below(below, raw, (*place, index))


# --- refusing, without telling secrets --------------------------------------------------------------------------------

# Events carry badges, PINs and tokens, and an access list the hashes of all of them. What came in either is shown
# only where it is a word of the contract itself.
_SECRET_KINDS = frozenset({Kind.EVENT, Kind.ACCESS})
_MEMBER_NAMES = frozenset(name for model in (*MODELS.values(), *DATA_MODELS.values()) for name in _members(model))
_CONTRACT_WORDS = _MEMBER_NAMES | {str(event_type) for event_type in EventType} | {"true", "false", "null", "in", "out"}
_KIND_OF_TOPIC = {f"{rule.direction}/{kind}": kind for kind, rule in RULES.items()}
_MASK = "…"
_WORD = re.compile(r"""[^\s{}\[\]:,"]+""")

# pydantic says what it wanted; these it says badly.
_WANTED = {
    "missing": "add it",
    "int_type": "send a whole number, without quotes",
    "float_type": "send a number, without quotes",
    "bool_type": "send true or false, without quotes",
    "string_type": "send a text in quotes",
    "finite_number": "send a finite number, or null for no reading",
    "model_type": "send an object",
    "dict_type": "send an object",
    "tuple_type": "send a list",
}
_SCALAR = "send a number, true or false, a text, or null for no reading"
_BEYOND_A_BOUND = frozenset({"greater_than", "greater_than_equal", "less_than", "less_than_equal"})
# What pydantic adds to a place for itself: which alternative of a union failed, and that a name failed, not its value.
_NOT_A_PLACE = re.compile(r"(constrained-.*|function-.*|dict\[.*|float|int|bool|str|\[key\])")


def sample(source: Kind | str, payload: bytes) -> str:
    """The first bytes of a body, by its kind or its topic, as text that may be stored and shown.

    A topic of no kind hides as much as an event: a reader with a mistyped topic still sends badges.
    """
    text = payload[:SAMPLE_BYTES].decode("utf-8", "replace")
    kind = source if isinstance(source, Kind) else _KIND_OF_TOPIC.get("/".join(source.split("/")[-2:]))
    if kind is None or kind in _SECRET_KINDS:
        # Anything but punctuation and the contract's own words is masked, which works on broken JSON as well.
        text = _WORD.sub(lambda found: found[0] if found[0] in _CONTRACT_WORDS else _MASK, text)
    return "".join(char if char.isprintable() else " " for char in text)


def _safe_key(kind: Kind, key: str) -> str:
    """A member's name as it may be shown: a broken reader can put the number itself where a name belongs."""
    if kind in _SECRET_KINDS and key not in _MEMBER_NAMES:
        return _MASK
    return "".join(char if char.isprintable() else "?" for char in key[:_SHOWN])


def _path(kind: Kind, place: _Place) -> str:
    """Where in the body, as its sender would say it."""
    return ".".join(_safe_key(kind, part) if isinstance(part, str) else str(part) for part in place)


def _refusal(kind: Kind, topic: str, errors: list[ErrorDetails]) -> MessageError:
    first = errors[0]
    what, loc = first["type"], first["loc"]
    if what == "json_invalid":
        # The one thing our own parser takes and pydantic's does not.
        hint = "half of a surrogate pair is not a character"
        return MessageError(RefusalReason.BAD_JSON, "the body is not JSON", topic=topic, hint=hint)
    place = tuple(part for part in loc if not (isinstance(part, str) and _NOT_A_PLACE.fullmatch(part)))
    reason = RefusalReason.OUT_OF_RANGE if what in _BEYOND_A_BOUND else RefusalReason.SCHEMA
    why = "is missing" if what == "missing" else f"is {_shown(kind, first['input'])}"
    if what == "value_error":
        # Raised by the models and parse_time, whose words never repeat a value.
        words, _, hint = str(first["ctx"]["error"]).partition("; ")
        why = words if isinstance(first["input"], dict) else f"{why}, which {words}"
    elif what == "string_pattern_mismatch":
        hint = f"it should be {PATTERN_WORDS[first['ctx']['pattern']]}"
    elif len(place) < len(loc) and len(errors) > 1:
        # Every alternative of a reading failed; each alone would mislead.
        hint = _SCALAR
    else:
        hint = _WANTED.get(what) or re.sub("^(Input|String|Value) should", "it should", first["msg"])
    return MessageError(reason, why, topic=topic, path=_path(kind, place), hint=hint)


def _shown(kind: Kind, value: object) -> str:
    if kind in _SECRET_KINDS:
        return "not as the contract has it"
    if isinstance(value, dict | list):
        return "an object" if isinstance(value, dict) else "a list"
    text = json.dumps(value, default=str)
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}{_MASK}"
