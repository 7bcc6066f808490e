"""Which addresses a stranger's URL may lead us to: those of the public internet, and none that only we can reach.

Whoever opens a connection asks here after the name was resolved, for each address it is about to use; a name alone
tells nothing. Used by everything that calls an address somebody else wrote down.
"""

import ipaddress
from collections.abc import Iterable, Iterator
from typing import TypeAlias

_Address: TypeAlias = ipaddress.IPv4Address | ipaddress.IPv6Address

# An address of IPv4 behind such a translator (RFC 6052) is reached by the last four bytes.
_TRANSLATED = ipaddress.ip_network("64:ff9b::/96")


def is_public(address: str) -> bool:
    """Whether this is one host of the public internet: not private, loopback, link-local, shared, multicast, reserved.

    An IPv6 address that leads to one of IPv4 is as public as that one. What is no address is not public.
    """
    try:
        parsed = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return False
    return all(one.is_global and not one.is_multicast and not one.is_reserved for one in _meant(parsed))


def is_named(host: str, names: Iterable[str]) -> bool:
    """Whether a setting names this host, however it is spelt: the house may call those it keeps itself."""
    wanted = _spelt(host)
    return any(_spelt(name) == wanted for name in names)


def _spelt(host: str) -> str:
    plain = host.strip().strip("[]").rstrip(".").lower()
    try:
        return str(ipaddress.ip_address(plain))
    except ValueError:
        return plain


def _meant(address: _Address) -> Iterator[_Address]:
    if isinstance(address, ipaddress.IPv4Address):
        yield address
        return
    inner = address.ipv4_mapped or address.sixtofour
    if inner is None and address in _TRANSLATED:
        inner = ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    if inner is not None:
        yield inner
    elif address.teredo is not None:
        yield from address.teredo
    else:
        yield address
