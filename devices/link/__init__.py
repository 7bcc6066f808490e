"""An asyncio MQTT session over paho: connect, birth, will, reconnect, messages, acknowledgements, publish.

What is said over it (topics, messages) is not here. The only package that knows paho.
"""

from devices.errors import BadCredentials, LinkError, NotConnected, OutboxFull
from devices.link.delivery import Delivery
from devices.link.errors import IdentityClash, PublishRefused
from devices.link.session import Link
from devices.link.settings import MQTT_3_1_1, MQTT_5, LinkSettings, TlsSettings, Will
from devices.link.state import LinkState

__all__ = [
    "MQTT_3_1_1",
    "MQTT_5",
    "BadCredentials",
    "Delivery",
    "IdentityClash",
    "Link",
    "LinkError",
    "LinkSettings",
    "LinkState",
    "NotConnected",
    "OutboxFull",
    "PublishRefused",
    "TlsSettings",
    "Will",
]
