"""How steady a device is: whether it comes and goes all the time, and whether two of them use one name.

Nobody reads a line for each of a hundred losses, so a device that flaps is told once and once more when it has come to
rest. A start of a device has a name of its own (its boot): one that returns after another did is a second device, which
logs in under the first one's name and throws it out, in turns. Times are the loop's clock, in seconds.
"""

from dataclasses import dataclass, replace

# So many losses within this time, and the device is unsteady until it was not lost for as long.
LOSSES = 3
WITHIN_S = 60.0
# A status delivered twice makes one or two boots return; a fight goes on.
RETURNS = 3
BOOTS_KEPT = 4


@dataclass(frozen=True, slots=True)
class Steadiness:
    """What is remembered of one device's comings and goings."""

    losses: tuple[float, ...] = ()
    is_unsteady: bool = False
    boots: tuple[str, ...] = ()  # different ones, the newest last
    returns: tuple[float, ...] = ()
    is_shared: bool = False

    @property
    def is_at_rest(self) -> bool:
        return not (self.losses or self.returns)


def lost(steadiness: Steadiness, now: float) -> Steadiness:
    """The device was there, and is not."""
    losses = (*_recent(steadiness.losses, now), now)[-LOSSES:]
    return replace(steadiness, losses=losses, is_unsteady=steadiness.is_unsteady or len(losses) >= LOSSES)


def came(steadiness: Steadiness, boot: str, now: float) -> Steadiness:
    """The device says that it is there, and since which boot."""
    boots = steadiness.boots
    if boots and boots[-1] == boot:
        return steadiness
    if boot not in boots:
        return replace(steadiness, boots=(*boots, boot)[-BOOTS_KEPT:])
    returns = (*_recent(steadiness.returns, now), now)[-RETURNS:]
    others = tuple(other for other in boots if other != boot)
    is_shared = steadiness.is_shared or len(returns) >= RETURNS
    return replace(steadiness, boots=(*others, boot), returns=returns, is_shared=is_shared)


def passed(steadiness: Steadiness, now: float) -> Steadiness:
    """Look at the clock: what has not happened for a while is over."""
    losses, returns = _recent(steadiness.losses, now), _recent(steadiness.returns, now)
    return replace(
        steadiness,
        losses=losses,
        returns=returns,
        is_unsteady=steadiness.is_unsteady and bool(losses),
        is_shared=steadiness.is_shared and bool(returns),
    )


def _recent(moments: tuple[float, ...], now: float) -> tuple[float, ...]:
    return tuple(moment for moment in moments if now - moment <= WITHIN_S)
