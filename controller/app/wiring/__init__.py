"""Which service is plugged into which: one house of services over whatever keeps and carries for it.

`ground` is what all stand on; each other file is one wing of the house, in the order it is built: `inside`, `visitors`,
`lists`, `doors`, `rooms`, `entry`. Another service is a line or two in the wing of its trade, another trade a file here
and a line in `house`. Nothing here opens, starts or stops anything: `compose` does that with real stores and links,
the services' tests with stores in memory and a link that writes down.
"""

from controller.app.wiring.ground import FACTS_SHOWN, Kept
from controller.app.wiring.house import Services

__all__ = ["FACTS_SHOWN", "Kept", "Services"]
