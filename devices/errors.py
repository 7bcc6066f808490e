"""What can go wrong between a device and the controller, sorted by what the caller can do about it.

Errors of the two programs are not here; each has its own root.
"""

from enum import StrEnum


class RefusalReason(StrEnum):
    """Why a message was refused: the contract's closed list, echoed to the sender on `down/reject`."""

    BAD_JSON = "bad_json"
    TOO_LARGE = "too_large"
    UNKNOWN_TOPIC = "unknown_topic"
    UNKNOWN_DEVICE = "unknown_device"
    NOT_ADOPTED = "not_adopted"
    SCHEMA = "schema"
    UNKNOWN_CHANNEL = "unknown_channel"
    UNIT = "unit"
    OUT_OF_RANGE = "out_of_range"
    CLOCK_SKEW = "clock_skew"
    STALE = "stale"
    RETAINED_EVENT = "retained_event"
    DUPLICATE = "duplicate"
    MAPPING_FAILED = "mapping_failed"
    RATE_LIMITED = "rate_limited"


class DevicesError(Exception):
    """The root: anything this package refuses or cannot do."""


class MessageError(DevicesError):
    """This message is not part of the contract; store it, count it, tell its sender, keep serving.

    `why` says what is wrong, `hint` what would be right, `path` where in the body ("v.co2").
    None of them ever holds a badge number, a PIN or a token.
    """

    def __init__(self, reason: RefusalReason, why: str, *, topic: str = "", path: str = "", hint: str = "") -> None:
        place = ": ".join(part for part in (topic, path) if part)
        text = f"{why} ({hint})" if hint else why
        super().__init__(f"{place}: {text}" if place else text)
        self.reason = reason
        self.why = why
        self.topic = topic
        self.path = path
        self.hint = hint


class TopicError(DevicesError, ValueError):
    """A topic cannot be built from this root, device or place name; correct the configuration."""


class UnitError(DevicesError):
    """This unit does not fit this class of reading; quarantine the channel and keep its device."""

    def __init__(self, unit: str | None, device_class: str, hint: str) -> None:
        super().__init__(f"unit {unit!r} for class {device_class!r}: {hint}")
        self.unit = unit
        self.device_class = device_class
        self.hint = hint


class BadgeError(DevicesError):
    """This badge cannot be read or enrolled as written; the text says what would be right and never the number."""


class LinkError(DevicesError):
    """The session with the broker failed."""


class NotConnected(LinkError):
    """There is no session now and the message was not kept; decide again once there is one."""


class OutboxFull(LinkError):
    """Too many messages wait for the broker's confirmation; slow down or drop this one."""


class BadCredentials(LinkError):
    """The broker refused the user name or password; retrying will not help, a person must correct them."""
