"""Visiting passes: one space signs what its member carries to another, which needs nothing but the first one's public key.

    natoma-visit-1.<payload>.<signature>

Both parts are base64url without padding; the signature (Ed25519) is over everything before its dot. Short enough for a
QR code and for the `token` of a badge read, short-lived because nobody can call it back from a door that is offline.
Who may have one, and what it opens, is decided elsewhere. Revocations travel the same way, as a file.
"""

import base64
import binascii
import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from enum import StrEnum

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from devices import strictjson
from devices.errors import DevicesError

PREFIX = "natoma-visit-1"
REVOKED_PREFIX = "natoma-revoked-1"
TOKEN_LIMIT = 256  # of the contract's `token`
REVOCATIONS_LIMIT = 1 << 20
LONGEST = timedelta(days=7)
# Two houses' clocks: a pass must not be refused for having been made a moment from now.
SKEW = timedelta(minutes=2)

_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.@-]{0,63}")
_KEY_BYTES = 32


class Refusal(StrEnum):
    """Why a pass is not taken."""

    UNREADABLE = "pass_unreadable"
    UNKNOWN_KEY = "pass_unknown_key"
    FORGED = "pass_forged"
    TOO_LONG = "pass_too_long"
    NOT_YET = "pass_not_yet_valid"
    EXPIRED = "pass_over"
    REVOKED = "pass_revoked"


class PassError(DevicesError):
    """This pass, list or key is not taken; the words name what is wrong and never the token itself."""

    def __init__(self, reason: Refusal, words: str) -> None:
        super().__init__(words)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Pass:
    """What a pass says. Moments are aware UTC, whole seconds; `days`: how many days of the window it is good for."""

    issuer: str  # how the verifying house names the issuing one: its partner id
    subject: str  # the member, as the issuing house knows them
    id: str
    start: datetime  # inclusive
    end: datetime  # exclusive
    days: int | None = None
    name: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class Revocations:
    """Passes of one space that are no longer honoured: by id, or all that a member had by a moment."""

    issuer: str
    at: datetime
    ids: frozenset[str] = frozenset()
    subjects: Mapping[str, datetime] = field(default_factory=dict)  # every pass that began by then


def issue(given: Pass, signing_key: bytes) -> str:
    """The token of this pass. A name that does not fit is left out; PassError when the ids alone are too long."""
    for what, value in (("issuer", given.issuer), ("subject", given.subject), ("id", given.id)):
        if not _ID.fullmatch(value):
            raise PassError(
                Refusal.UNREADABLE,
                f"{what} {value!r}: a pass takes letters, digits, '_', '.', '@' and '-', at most 64, beginning with a letter or digit",
            )
    _check_window(given)
    payload: dict[str, object] = {
        "iss": given.issuer,
        "sub": given.subject,
        "id": given.id,
        "nbf": int(given.start.timestamp()),
        "exp": int(given.end.timestamp()),
    }
    if given.days is not None:
        payload["days"] = given.days
    for more in ({"name": given.name}, {}) if given.name else ({},):
        token = _sign(PREFIX, {**payload, **more}, signing_key)
        if len(token) <= TOKEN_LIMIT:
            return token
    raise PassError(
        Refusal.UNREADABLE,
        f"the pass of {given.subject!r} is {len(token)} characters long, a token has {TOKEN_LIMIT}: shorten the ids of "
        "the space or the member",
    )


def is_pass(token: str) -> bool:
    """Whether this looks like a pass at all, and not like a ticket or somebody's own QR."""
    return token.startswith(PREFIX + ".")


def read(token: str, keys: Mapping[str, str]) -> Pass:
    """What a genuine pass says, whenever it is good; `keys` are public keys by issuer. Raises PassError."""
    payload, issuer = _opened(token, PREFIX, keys, TOKEN_LIMIT)
    found = Pass(
        issuer,
        _text(payload, "sub"),
        _text(payload, "id"),
        _moment(payload, "nbf"),
        _moment(payload, "exp"),
        _days(payload),
        str(payload.get("name", ""))[:80],
    )
    _check_window(found)
    return found


def verify(token: str, keys: Mapping[str, str], now: datetime, revoked: Iterable[str] = ()) -> Pass:
    """A genuine pass that is good now. Raises PassError, with what would be right."""
    found = read(token, keys)
    check_good(found, now, revoked)
    return found


def check_good(found: Pass, now: datetime, revoked: Iterable[str] = ()) -> None:
    """Whether a genuine pass is good now. Raises PassError, with what would be right."""
    if found.id in set(revoked):
        raise PassError(Refusal.REVOKED, f"pass {found.id} of {found.issuer} was revoked: ask for a new one there")
    if now < found.start - SKEW:
        raise PassError(Refusal.NOT_YET, f"pass {found.id} of {found.issuer} is good from {found.start.isoformat()}")
    if now >= found.end:
        raise PassError(
            Refusal.EXPIRED,
            f"pass {found.id} of {found.issuer} was good until {found.end.isoformat()}: a new one is needed",
        )


def revoke(given: Revocations, signing_key: bytes) -> str:
    """The signed list that partners import."""
    subjects = {subject: int(at.timestamp()) for subject, at in sorted(given.subjects.items())}
    payload = {"iss": given.issuer, "at": int(given.at.timestamp()), "ids": sorted(given.ids), "subs": subjects}
    return _sign(REVOKED_PREFIX, payload, signing_key)


def read_revocations(text: str, keys: Mapping[str, str]) -> Revocations:
    """What a genuine list revokes. Raises PassError."""
    text = text.strip()
    if not text.startswith(REVOKED_PREFIX + "."):
        raise PassError(Refusal.UNREADABLE, "this is no list of `natoma visits revocations export`")
    payload, issuer = _opened(text, REVOKED_PREFIX, keys, REVOCATIONS_LIMIT)
    ids, subjects = payload.get("ids"), payload.get("subs", {})
    if not isinstance(ids, list) or not all(isinstance(one, str) and _ID.fullmatch(one) for one in ids):
        raise _unreadable("its ids are no list of ids")
    if not isinstance(subjects, dict) or not all(_ID.fullmatch(subject) for subject in subjects):
        raise _unreadable("its members are no ids")
    by_subject = {subject: _moment(subjects, subject) for subject in subjects}
    return Revocations(issuer, _moment(payload, "at"), frozenset(ids), by_subject)


def public_key_text(signing_key: bytes) -> str:
    """The key that partners put into their space.yaml."""
    return _to_text(Ed25519PrivateKey.from_private_bytes(signing_key).public_key().public_bytes_raw())


def moment(seconds: int) -> datetime:
    """A moment as passes write it down."""
    return datetime.fromtimestamp(seconds, UTC)


# --- signing and reading ----------------------------------------------------------------------------------------------


def _sign(prefix: str, payload: Mapping[str, object], signing_key: bytes) -> str:
    body = _to_text(json.dumps(payload, ensure_ascii=False, separators=(",", ":")).encode())
    signed = f"{prefix}.{body}"
    return f"{signed}.{_to_text(Ed25519PrivateKey.from_private_bytes(signing_key).sign(signed.encode()))}"


def _opened(text: str, prefix: str, keys: Mapping[str, str], limit: int) -> tuple[Mapping[str, object], str]:
    """The payload, once its signature was found to be its issuer's."""
    if len(text) > limit:
        raise _unreadable(f"it is longer than {limit} characters")
    parts = text.split(".")
    if len(parts) != 3 or parts[0] != prefix:
        raise _unreadable(f"it does not read {prefix}.<payload>.<signature>")
    payload = _payload(parts[1])
    issuer = _text(payload, "iss")
    key = keys.get(issuer)
    if key is None:
        known = ", ".join(sorted(keys)) or "none"
        raise PassError(
            Refusal.UNKNOWN_KEY,
            f"it is signed as {issuer!r}, and space.yaml has no key of that partner (partners: {known}): ask them for "
            "`natoma visits key` and add it below `partners`",
        )
    try:
        _public_key(key).verify(_from_text(parts[2]), f"{parts[0]}.{parts[1]}".encode())
    except InvalidSignature:
        raise PassError(
            Refusal.FORGED,
            f"it says it is from {issuer!r}, and is not signed with the key that space.yaml has of them: it was "
            "changed, made by somebody else, or their key is a new one",
        ) from None
    return payload, issuer


def _payload(text: str) -> Mapping[str, object]:
    try:
        payload = strictjson.parse(_from_text(text))
    except strictjson.StrictJsonError as error:
        raise _unreadable(f"its payload {error.why}") from None
    if not isinstance(payload, dict):
        raise _unreadable("its payload is no JSON object")
    return payload


def _public_key(text: str) -> Ed25519PublicKey:
    raw = _from_text(text)
    if len(raw) != _KEY_BYTES:
        raise PassError(
            Refusal.UNREADABLE,
            f"a public key is {_KEY_BYTES} bytes as 43 characters of base64url; this one has {len(raw)}",
        )
    return Ed25519PublicKey.from_public_bytes(raw)


def _check_window(found: Pass) -> None:
    if found.end <= found.start:
        raise PassError(Refusal.UNREADABLE, f"pass {found.id} ends before it starts")
    if found.end - found.start > LONGEST:
        raise PassError(
            Refusal.TOO_LONG,
            f"pass {found.id} of {found.issuer} is good for {(found.end - found.start).days} days; {LONGEST.days} is the "
            "longest, because a pass cannot be called back from a door that is offline",
        )


def _text(payload: Mapping[str, object], name: str) -> str:
    value = payload.get(name)
    if not isinstance(value, str) or not _ID.fullmatch(value):
        raise _unreadable(f"its {name!r} is missing or no id")
    return value


def _moment(payload: Mapping[str, object], name: str) -> datetime:
    value = payload.get(name)
    # Until the year 2200: beyond it, datetime itself may fail.
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value < 7_258_118_400:
        raise _unreadable(f"its {name!r} is no moment in seconds")
    return moment(value)


def _days(payload: Mapping[str, object]) -> int | None:
    value = payload.get("days")
    if value is None:
        return None
    if not isinstance(value, int) or isinstance(value, bool) or not 1 <= value <= LONGEST.days:
        raise _unreadable(f"its 'days' is no number from 1 to {LONGEST.days}")
    return value


def _unreadable(why: str) -> PassError:
    return PassError(Refusal.UNREADABLE, f"this is nothing a partner signed: {why}")


def _to_text(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def _from_text(text: str) -> bytes:
    try:
        raw = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        raise _unreadable("it holds other characters than base64url") from None
    # One spelling for one pass: what is found by its digest must not be spelled twice.
    if _to_text(raw) != text:
        raise _unreadable("it is spelled in another way than it was made")
    return raw
