"""Failures of a link beyond the ones every caller knows from `devices.errors`."""

from devices.errors import LinkError

# MQTT 5, 3.4.2.1; the ones a broker gives for a message, not for our writing.
_WHY = {
    0x80: "no reason given",
    0x83: "the broker's own rules",
    0x87: "not authorized",
    0x90: "topic name not valid",
    0x97: "quota exceeded",
    0x99: "payload not of the stated format",
}


class IdentityClash(LinkError):
    """Another client logged in with our client id and took the session; one of the two must be renamed or stopped."""


class PublishRefused(LinkError):
    """The broker received this message and would not pass it on; sending it again will not help."""

    def __init__(self, address: str, topic: str, reason: int) -> None:
        super().__init__(f"{address} refused a message on {topic!r}: {_WHY.get(reason, f'reason {reason}')}")
        self.topic = topic
        self.reason = reason
