"""Requests whose token nobody knows: counted for each address, slowed down, and told to staff when they are many.

Who holds a token that is good is never slowed down, whatever others do from the same address: behind a proxy all have
the same one. A secret of 256 bits is not found by trying; what this keeps down is noise, and somebody's notice.
"""

import ipaddress
from collections import OrderedDict, deque
from dataclasses import dataclass, field

# A token that was pasted wrong a few times is a person at work.
FREE_TRIES = 5
LONGEST_WAIT_S = 60.0
FORGOTTEN_AFTER_S = 600.0
ADDRESSES_KEPT = 1000
# In the last ten minutes: beyond what a forgotten program with an old token does that asks twice a minute.
MANY = 30


@dataclass(slots=True)
class _Tries:
    count: int = 0
    last: float = 0.0
    until: float = 0.0


@dataclass(slots=True)
class Attempts:
    """Times are seconds of one clock that only goes forward."""

    _by_address: OrderedDict[str, _Tries] = field(default_factory=OrderedDict)
    _recent: deque[tuple[float, str]] = field(default_factory=lambda: deque(maxlen=10 * MANY))

    def failed(self, address: str, at: float) -> float | None:
        """Note one more; the seconds this address has to wait before another is looked at, None while it need not."""
        self._recent.append((at, address))
        key = _network(address)
        tries = self._by_address.pop(key, None)
        if tries is None or at - tries.last > FORGOTTEN_AFTER_S:
            tries = _Tries()
        self._by_address[key] = tries  # the latest last
        if len(self._by_address) > ADDRESSES_KEPT:
            self._by_address.popitem(last=False)
        if at < tries.until:
            return tries.until - at
        tries.count += 1
        tries.last = at
        if tries.count > FREE_TRIES:
            tries.until = at + min(2.0 ** min(tries.count - FREE_TRIES, 10), LONGEST_WAIT_S)
            return tries.until - at
        return None

    def many(self, at: float) -> str | None:
        """What staff should know; None while there is nothing."""
        while self._recent and at - self._recent[0][0] > FORGOTTEN_AFTER_S:
            self._recent.popleft()
        if len(self._recent) < MANY:
            return None
        addresses = {address for _, address in self._recent}
        more = "or more " if len(self._recent) == self._recent.maxlen else ""
        where = next(iter(addresses)) if len(addresses) == 1 else f"{len(addresses)} addresses"
        return f"{len(self._recent)} {more}requests in 10 min with tokens that are not known, from {where}"


def _network(address: str) -> str:
    """One household has a /64 of IPv6, so that is who asks."""
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return address
    return str(ipaddress.ip_network((parsed, 64), strict=False)) if parsed.version == 6 else address
