"""Taking a door's access list: all pages, signed by the house, for this device, newer than the one held.

Whatever is not all of that raises and changes nothing: the list that was held stays.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from devices.accesslist.sealing import signature_of, signed_bytes
from devices.errors import DevicesError
from devices.messages import AccessEntry, AccessIssuer, AccessList

LONGEST_VALIDITY = timedelta(days=30)
_DEFAULT_CUT_OFF = 4 * 60


class Refusal(StrEnum):
    """Why a list was not taken, as the acknowledgement says it."""

    INCOMPLETE = "incomplete"
    MIXED = "mixed_pages"
    OLDER = "older"
    FORGED = "forged"
    TOO_LONG = "valid_too_long"
    UNREADABLE = "unreadable"


class AccessListError(DevicesError):
    """This list is not taken, and the one held stays."""

    def __init__(self, reason: Refusal, words: str) -> None:
        super().__init__(words)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class OpenedList:
    """A list found good. `entries` by hash; a badge may have several, any one of which suffices."""

    device: str
    rev: int
    issued: datetime
    until: datetime
    salt: bytes = field(repr=False)
    zone: ZoneInfo
    cut_off: int
    closed: frozenset[date]
    entries: Mapping[str, tuple[AccessEntry, ...]] = field(repr=False)
    issuers: Mapping[str, AccessIssuer] = field(default_factory=dict)  # by their name


def pages_of(page: AccessList) -> int:
    """How many messages the list of this page has."""
    return page.pages or 1


def open_list(
    pages: Mapping[int, AccessList], public_key: bytes, device: str, newest_rev: int | None = None
) -> OpenedList:
    """The list these pages make, by page number; raises AccessListError."""
    if not pages:
        raise AccessListError(Refusal.INCOMPLETE, "there is no page")
    first = pages[min(pages)]
    wanted = pages_of(first)
    if newest_rev is not None and first.rev <= newest_rev:
        raise AccessListError(Refusal.OLDER, f"revision {first.rev} is not newer than {newest_rev}, which is held")
    if set(pages) != set(range(wanted)):
        raise AccessListError(Refusal.INCOMPLETE, f"{len(pages)} of {wanted} pages of revision {first.rev} are there")
    ordered = [pages[number] for number in range(wanted)]
    if any(_terms(page) != _terms(first) for page in ordered):
        raise AccessListError(Refusal.MIXED, f"the pages of revision {first.rev} are not of one list")
    _check_signature(ordered, public_key, device)
    if first.until - first.issued > LONGEST_VALIDITY:
        raise AccessListError(Refusal.TOO_LONG, f"revision {first.rev} is valid for more than 30 days")
    return _opened(ordered, device)


def _terms(page: AccessList) -> tuple[object, ...]:
    return (
        page.rev, page.issued, page.until, page.salt, page.sig, page.pages, page.zone, page.cut_off, page.closed,
    )  # fmt: skip


def _check_signature(pages: list[AccessList], public_key: bytes, device: str) -> None:
    signature = signature_of(pages[0])
    try:
        if signature is None:
            raise InvalidSignature
        Ed25519PublicKey.from_public_bytes(public_key).verify(signature, signed_bytes(device, pages))
    except InvalidSignature:
        raise AccessListError(
            Refusal.FORGED,
            f"revision {pages[0].rev} is not signed for {device}: it was changed on its way, made for another device, "
            "or signed with another house's key",
        ) from None


def _opened(pages: list[AccessList], device: str) -> OpenedList:
    first = pages[0]
    try:
        zone = ZoneInfo(first.zone or "UTC")
        closed = frozenset(date.fromisoformat(day) for day in first.closed or ())
        salt = bytes.fromhex(first.salt)
    except (KeyError, OSError, ValueError) as exc:  # ZoneInfo raises all three, by how odd the name is
        raise AccessListError(
            Refusal.UNREADABLE, f"revision {first.rev}: its zone, dates or salt are not usable"
        ) from exc
    entries: dict[str, tuple[AccessEntry, ...]] = {}
    for page in pages:
        for entry in page.entries:
            entries[entry.h] = (*entries.get(entry.h, ()), entry)
    return OpenedList(
        device,
        first.rev,
        first.issued,
        first.until,
        salt,
        zone,
        _DEFAULT_CUT_OFF if first.cut_off is None else first.cut_off,
        closed,
        entries,
        {issuer.iss: issuer for issuer in first.issuers or ()},
    )
