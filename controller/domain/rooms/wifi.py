"""How good the wifi is where people sit, by what probes measure: how long an answer takes, and how many never come."""

from dataclasses import dataclass
from enum import StrEnum

from controller.domain.rooms.readings import over


class Wifi(StrEnum):
    GOOD = "good"
    FAIR = "fair"  # pages load, calls stutter now and then
    POOR = "poor"  # no call can be held
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class _Limits:
    latency_s: float
    loss: float  # %


# A call needs an answer within 150 ms; from 5 % of loss on, speech breaks up.
_FAIR = _Limits(0.050, 1.0)
_POOR = _Limits(0.150, 5.0)
# A level is left when its value is a fifth below the limit.
MARGIN = 0.2


def wifi_of(latency_s: float | None, loss: float | None, before: Wifi) -> Wifi:
    """The level of the worst probe of the area."""
    if latency_s is None and loss is None:
        return Wifi.UNKNOWN
    if _beyond(_POOR, latency_s, loss, was=before is Wifi.POOR):
        return Wifi.POOR
    return Wifi.FAIR if _beyond(_FAIR, latency_s, loss, was=before in (Wifi.FAIR, Wifi.POOR)) else Wifi.GOOD


def _beyond(limits: _Limits, latency_s: float | None, loss: float | None, *, was: bool) -> bool:
    is_slow = latency_s is not None and over(latency_s, limits.latency_s, limits.latency_s * MARGIN, was=was)
    return is_slow or (loss is not None and over(loss, limits.loss, limits.loss * MARGIN, was=was))
