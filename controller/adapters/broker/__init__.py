"""A broker of our own, for a space that has none yet.

`open_broker` starts the system's mosquitto as a supervised child, or a pure-Python broker where there
is none. Both serve loopback only, with a password for every device and the contract's two ACL lines.
A space that has a broker says `--mqtt` and nothing here runs.
"""

from controller.adapters.broker.embedded import BrokerProgram, EmbeddedBroker, Endpoint, open_broker

__all__ = ["BrokerProgram", "EmbeddedBroker", "Endpoint", "open_broker"]
