"""Access lists: what a door knows when the controller is gone. Sealed there, opened and asked at the door.

`hashing` has how a badge is named in a list and what that protects, `sealing` the pages and their signature, `opening`
which list a door takes, `deciding` whom it admits. How the messages travel is not here.
"""

from devices.accesslist.deciding import LocalDecision, Reason, UsedDays, decide_offline
from devices.accesslist.hashing import (
    HASH_BYTES,
    KEY_BYTES,
    canonical_of,
    canonical_pin,
    canonical_token,
    entry_hash,
    issuer_hash,
    list_digest,
)
from devices.accesslist.opening import (
    LONGEST_VALIDITY,
    AccessListError,
    OpenedList,
    Refusal,
    open_list,
    pages_of,
)
from devices.accesslist.sealing import (
    PAGE_BYTES,
    SALT_BYTES,
    SIGNING_KEY_BYTES,
    Prepared,
    Terms,
    named,
    prepare,
    public_key_of,
    seal,
    size_of,
)

__all__ = [
    "HASH_BYTES",
    "KEY_BYTES",
    "LONGEST_VALIDITY",
    "PAGE_BYTES",
    "SALT_BYTES",
    "SIGNING_KEY_BYTES",
    "AccessListError",
    "LocalDecision",
    "OpenedList",
    "Prepared",
    "Reason",
    "Refusal",
    "Terms",
    "UsedDays",
    "canonical_of",
    "canonical_pin",
    "canonical_token",
    "decide_offline",
    "entry_hash",
    "issuer_hash",
    "list_digest",
    "named",
    "open_list",
    "pages_of",
    "prepare",
    "public_key_of",
    "seal",
    "size_of",
]
