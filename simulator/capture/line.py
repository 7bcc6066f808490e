"""One message as one line of JSON: `{"t", "topic", "qos", "retain", "dup", "payload" | "payload_b64", "props"}`.

The contract's rule 15: what records, replays and checks share. `payload` is the body as text, byte for byte; a body
that is no UTF-8 is `payload_b64`. `t` is RFC 3339, or epoch seconds in captures of others.
"""

import base64
import binascii
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from simulator.errors import InputError

# Of one line: the contract's largest body, written as base64, and the rest.
_LONGEST = 2 * 1024 * 1024
# Made once: a simulated week writes a million lines.
_WRITTEN = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"))
_WORDS = {False: "false", True: "true"}


@dataclass(frozen=True, slots=True)
class Line:
    """One message, as it was heard or said."""

    at: datetime  # aware
    topic: str
    payload: bytes = field(repr=False)  # it may hold a badge number or a PIN
    qos: int = 0
    retain: bool = False
    dup: bool = False
    props: Mapping[str, object] = field(default_factory=dict)


def text_of(line: Line) -> str:
    """As it is written, without its line break."""
    at = line.at.astimezone(UTC).isoformat(timespec="milliseconds")
    try:
        body = f'"payload":{_WRITTEN.encode(line.payload.decode())}'
    except UnicodeDecodeError:
        body = f'"payload_b64":"{base64.b64encode(line.payload).decode()}"'
    props = f',"props":{_WRITTEN.encode(dict(line.props))}' if line.props else ""
    # By hand, for the encoder takes three times as long over the whole as over its two texts.
    return (
        f'{{"t":"{at}","topic":{_WRITTEN.encode(line.topic)},"qos":{line.qos},'
        f'"retain":{_WORDS[line.retain]},"dup":{_WORDS[line.dup]},{body}{props}}}'
    )


def read(path: Path) -> Iterator[Line]:
    """The lines of a capture, in order; raises InputError with file and line for what is none of them."""
    try:
        file = path.open("rb")
    except OSError as exc:
        raise InputError(f"{path}: cannot be read: {exc.strerror}") from exc
    with file:
        number = 0
        while written := file.readline(_LONGEST):
            number += 1
            if written.strip():
                yield _parsed(written, f"{path}:{number}")


def _parsed(written: bytes, where: str) -> Line:
    try:
        said = json.loads(written)
    except ValueError as exc:
        raise InputError(f"{where}: this is no JSON, or the file was cut off here") from exc
    except RecursionError as exc:
        raise InputError(f"{where}: this is nested too deep for a message; no capture of ours has such a line") from exc
    if not isinstance(said, dict):
        raise InputError(f"{where}: a line is a JSON object with t, topic and payload; this is {_kind(said)}")
    topic, qos = said.get("topic"), said.get("qos", 0)
    if not isinstance(topic, str) or not topic or any(sign in topic for sign in "+#\0") or not _is_writable(topic):
        raise InputError(f"{where}: topic {topic!r} is none to publish on; write all its levels")
    if not isinstance(qos, int) or isinstance(qos, bool) or qos not in (0, 1, 2):
        raise InputError(f"{where}: qos {qos!r} is not 0, 1 or 2")
    for name in ("retain", "dup"):
        if not isinstance(said.get(name, False), bool):
            raise InputError(f"{where}: {name} {said[name]!r} is not true or false")
    props = said.get("props") or {}
    if not isinstance(props, dict):
        raise InputError(f"{where}: props is {_kind(props)}; it is a JSON object")
    return Line(
        at=_moment(said.get("t"), where),
        topic=topic,
        payload=_payload(said, where),
        qos=qos,
        retain=said.get("retain", False),
        dup=said.get("dup", False),
        props=props,
    )


def _moment(said: object, where: str) -> datetime:
    try:
        if isinstance(said, str):
            at = datetime.fromisoformat(said)
            if at.tzinfo is not None:
                return at
        elif isinstance(said, int | float) and not isinstance(said, bool):
            # Milliseconds where seconds would be far beyond any calendar: the contract's rule for times.
            return datetime.fromtimestamp(said / 1000 if said > 1e11 else said, UTC)
    except (ValueError, OverflowError, OSError):
        pass
    raise InputError(f"{where}: t {said!r} is no moment; write 2026-11-16T09:30:00.000+00:00, or epoch seconds")


def _payload(said: Mapping[str, object], where: str) -> bytes:
    text, encoded = said.get("payload"), said.get("payload_b64")
    if isinstance(encoded, str) and text is None:
        try:
            return base64.b64decode(encoded, validate=True)
        except binascii.Error as exc:
            raise InputError(f"{where}: payload_b64 is no base64") from exc
    if isinstance(text, str) and encoded is None:
        if not _is_writable(text):
            raise InputError(
                f"{where}: payload holds half a pair of surrogates; a body that is no UTF-8 is payload_b64"
            )
        return text.encode()
    raise InputError(f"{where}: a line has payload, the body as text, or payload_b64; one of the two")


def _is_writable(text: str) -> bool:
    """As UTF-8: JSON can name half a pair of surrogates, and no message can carry it."""
    return not any("\ud800" <= sign <= "\udfff" for sign in text)


def _kind(value: object) -> str:
    return {list: "a list", str: "text", type(None): "null"}.get(type(value), "a number")
