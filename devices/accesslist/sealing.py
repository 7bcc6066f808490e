"""Making a door's access list: cut into pages, and signed as one.

Who belongs in it is the controller's affair. The signature covers everything that counts, over all pages, together
with the device it is for: a page of another revision or another door never fits, and none can be left out.
"""

import base64
import hashlib
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from pydantic_core import to_json

from devices.messages import AccessEntry, AccessIssuer, AccessList, AccessRight

SIGNING_KEY_BYTES = 32
SALT_BYTES = 16
PAGE_BYTES = 32 * 1024
# What a page has beside its entries: times, salt, signature, zone. Closed dates are counted by themselves.
_ENVELOPE_BYTES = 1024
_DATE_BYTES = len('"2026-05-04",')
_ALGORITHM = "ed25519"
_UNSIGNED = f"{_ALGORITHM}:unsigned"
_PURPOSE = b"natoma access list 1\0"
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class Terms:
    """What a list says beside its entries. `salt` is one device's own, so that no two lists can be compared."""

    device: str
    rev: int
    issued: datetime
    until: datetime
    salt: bytes = field(repr=False)
    zone: str = "UTC"
    cut_off: int = 4 * 60
    closed: tuple[date, ...] = ()
    issuers: tuple[AccessIssuer, ...] = ()


@dataclass(frozen=True, slots=True)
class Prepared:
    """An entry with what sealing needs of it: whoever seals it again and again prepares it once."""

    entry: AccessEntry
    line: bytes = field(repr=False)
    size: int


def prepare(entry: AccessEntry) -> Prepared:
    return Prepared(entry, _line(entry), len(to_json(entry, by_alias=True, exclude_none=True)) + 1)


def named(template: Prepared, h: str) -> Prepared:
    """The same entry for another badge: what many people share is prepared once. All hashes are of one length."""
    entry = template.entry.model_copy(update={"h": h})
    return Prepared(entry, h.encode() + template.line[len(h) :], template.size)


def seal(terms: Terms, entries: Iterable[Prepared], signing_key: bytes) -> list[AccessList]:
    """The list as messages: one, or pages where one would exceed `PAGE_BYTES`. Blocked entries come first."""
    ordered = sorted(entries, key=lambda prepared: prepared.entry.right is not AccessRight.BLOCKED)
    room = PAGE_BYTES - _ENVELOPE_BYTES - _DATE_BYTES * len(terms.closed)
    room = max(room, PAGE_BYTES // 4)
    pages = _cut(ordered, room, room - sum(size_of(issuer) for issuer in terms.issuers))
    unsigned = AccessList(
        rev=terms.rev,
        issued=terms.issued,
        until=terms.until,
        salt=terms.salt.hex(),
        entries=(),
        sig=_UNSIGNED,
        pages=len(pages) if len(pages) > 1 else None,
        zone=terms.zone,
        cut_off=terms.cut_off,
        closed=tuple(day.isoformat() for day in terms.closed) or None,
        issuers=terms.issuers or None,
    )
    text = _content(terms.device, unsigned, [[prepared.line for prepared in page] for page in pages])
    signature = Ed25519PrivateKey.from_private_bytes(signing_key).sign(text)
    signed = unsigned.model_copy(update={"sig": f"{_ALGORITHM}:{base64.b64encode(signature).decode()}"})
    # Copied, not made anew: ten thousand entries that were checked once need not be checked for every door.
    sealed = [signed.model_copy(update={"entries": tuple(prepared.entry for prepared in page)}) for page in pages]
    return [sealed[0], *(page.model_copy(update={"issuers": None}) for page in sealed[1:])]


def size_of(issuer: AccessIssuer) -> int:
    """What a partner takes of a list's first page."""
    return len(to_json(issuer, exclude_none=True)) + 1


def public_key_of(signing_key: bytes) -> bytes:
    """What doors are given, to know the house's lists by."""
    private = Ed25519PrivateKey.from_private_bytes(signing_key)
    return private.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)


def signed_bytes(device: str, pages: Sequence[AccessList]) -> bytes:
    """What the signature of these pages is made over."""
    return _content(device, pages[0], [[_line(entry) for entry in page.entries] for page in pages])


def signature_of(page: AccessList) -> bytes | None:
    """The signature itself, or None when it is written in no way we know."""
    algorithm, _, text = page.sig.partition(":")
    if algorithm != _ALGORITHM:
        return None
    try:
        return base64.b64decode(text, validate=True)
    except ValueError:
        return None


def _content(device: str, terms: AccessList, pages: Sequence[Sequence[bytes]]) -> bytes:
    """A hash of a hash: a microcontroller can take the pages in as they come, and need not hold them at once."""
    head = [
        device,
        terms.rev,
        _micros(terms.issued),
        _micros(terms.until),
        terms.salt,
        terms.zone or "",
        -1 if terms.cut_off is None else terms.cut_off,
        list(terms.closed or ()),
        len(pages),
    ]
    if terms.issuers:
        # Of a house without partners the head is what it was before there were any.
        head.append([_issuer(issuer) for issuer in terms.issuers])
    # JSON for the head alone: whatever stands in a text, it cannot pass for the next member.
    taken = hashlib.sha512(json.dumps(head, separators=(",", ":")).encode())
    for number, lines in enumerate(pages):
        taken.update(b"\npage %d %d\n" % (number, len(lines)))
        taken.update(b"\n".join(lines))
    return _PURPOSE + taken.digest()


def _line(entry: AccessEntry) -> bytes:
    """One entry as text. Only hex, numbers and our own words come in, so no member can pass for another."""
    weekly = ",".join([f"{start}-{end}" for start, end in entry.weekly])
    once = ",".join([f"{_micros(start)}-{_micros(end)}" for start, end in entry.once or ()])
    parts = (
        entry.h,
        entry.right.value,
        weekly,
        once,
        _micros(entry.since),
        _micros(entry.until),
        "" if entry.days is None else entry.days,
        1 if entry.holidays else 0,
        "" if entry.hold_s is None else round(entry.hold_s * 1000),
    )
    return "|".join([str(part) for part in parts]).encode()


def _issuer(issuer: AccessIssuer) -> list[object]:
    subs = [[subject, _micros(at)] for subject, at in sorted((issuer.subs or {}).items())]
    return [issuer.iss, issuer.key, issuer.h, list(issuer.revoked or ()), subs]


def _micros(moment: datetime | None) -> int | str:
    return "" if moment is None else (moment - _EPOCH) // _MICROSECOND


def _cut(entries: Sequence[Prepared], room: int, first: int) -> list[list[Prepared]]:
    pages: list[list[Prepared]] = [[]]
    left = first
    for prepared in entries:
        if prepared.size > left and pages[-1]:
            pages.append([])
            left = room
        pages[-1].append(prepared)
        left -= prepared.size
    return pages
