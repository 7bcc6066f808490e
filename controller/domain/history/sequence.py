"""The numbers a device gives its messages: which of them never came, which came late, where a count began anew.

A device numbers what it says, each message one above the last, from anew after a start. The count survives our own
restarts, so that what the broker dropped meanwhile is missed too. Repeats are screened before: a number that comes here
twice is another message, so the device counts anew. Who is told of a gap, and when, is the caller's.
"""

from dataclasses import dataclass, replace

# Holes remembered for each device. Of more than these the oldest stay counted, and what comes of them is no news.
GAPS_KEPT = 64
# So far below the first number we heard, a number is from before we listened; further, and the device counts anew.
FROM_BEFORE = 1_000
# A leap beyond this is no loss anybody could have had: a counter that was set, or its bytes gone wrong.
LEAP_BELIEVED = 1_000_000


@dataclass(frozen=True, slots=True)
class Gap:
    """Numbers that did not come, both ends included."""

    first: int
    last: int

    @property
    def count(self) -> int:
        return self.last - self.first + 1


@dataclass(frozen=True, slots=True)
class Count:
    """One device's numbers as far as we heard them."""

    boot: str | None = None
    first: int | None = None  # the lowest of this count that could be missed
    highest: int | None = None
    forgotten: int = -1  # up to here gaps were too many to be remembered
    reborn: bool = False  # another boot was announced: a low number is its first
    stray: int | None = None  # one number heard before; a second in a row says that the device counts anew
    untold: tuple[Gap, ...] = ()
    untold_beside: int = 0  # found, not told, and no longer remembered one by one
    told: tuple[Gap, ...] = ()  # told, and may come after all
    filled: int = 0  # came after all, and that is not told yet
    missing: int = 0  # ever, that never came


@dataclass(frozen=True, slots=True)
class News:
    """What to tell of one device: how many are missing since the last time, where, and how many came after all."""

    found: int = 0
    gaps: tuple[Gap, ...] = ()
    filled: int = 0


NO_NEWS = News()


def booted(count: Count, boot: str) -> Count:
    """The device says which start of its own this is. What it said before that may still be on its way."""
    if boot == count.boot:
        return count
    return replace(count, boot=boot, reborn=count.boot is not None)


def took(count: Count, number: int) -> Count:
    """A message that is new to us has this number."""
    if count.first is None or count.highest is None:
        return replace(count, first=number, highest=number, reborn=False, stray=None)
    if number > count.highest:
        return _further(count, count.highest, number)
    if (untold := _without(count.untold, number)) is not None:
        return replace(count, untold=untold, missing=count.missing - 1, stray=None)
    if (told := _without(count.told, number)) is not None:
        return replace(count, told=told, missing=count.missing - 1, filled=count.filled + 1, stray=None)
    if count.reborn:
        return _anew(count, number)
    if number <= count.forgotten or 0 < count.first - number <= FROM_BEFORE:
        return count
    if count.stray is None:
        return replace(count, stray=number)
    return took(_anew(count, count.stray), number)


def told(count: Count) -> tuple[Count, News]:
    """What is new since the last time; from now on it is not."""
    found = sum(gap.count for gap in count.untold) + count.untold_beside
    if not found and not count.filled:
        return count, NO_NEWS
    after = replace(count, told=(*count.told, *count.untold), untold=(), untold_beside=0, filled=0)
    return after, News(found, count.untold, count.filled)


def uncertain(count: Count) -> Count:
    """We cannot say what was heard last: the next number begins the count, and nothing before it is missed any more."""
    return replace(_given_up(count), first=None, highest=None)


def _further(count: Count, highest: int, number: int) -> Count:
    """A number above all before. One that was heard before and not followed by another like it says nothing."""
    skipped = number - highest - 1
    if skipped > LEAP_BELIEVED:
        return _anew(count, number)
    after = replace(count, highest=number, stray=None)
    if not skipped:
        return after
    gaps = (*count.untold, Gap(highest + 1, number - 1))
    return _bounded(replace(after, untold=gaps, missing=count.missing + skipped))


def _anew(count: Count, number: int) -> Count:
    return replace(_given_up(count), first=number, highest=number)


def _given_up(count: Count) -> Count:
    """What is missing now stays missing: its numbers will name other messages."""
    beside = count.untold_beside + sum(gap.count for gap in count.untold)
    return replace(count, untold=(), untold_beside=beside, told=(), forgotten=-1, reborn=False, stray=None)


def _bounded(count: Count) -> Count:
    """At most so many gaps: the oldest told one goes first, and of those not told the oldest."""
    if len(count.told) + len(count.untold) <= GAPS_KEPT:
        return count
    if count.told:
        return replace(count, told=count.told[1:], forgotten=max(count.forgotten, count.told[0].last))
    oldest, *rest = count.untold
    beside = count.untold_beside + oldest.count
    return replace(count, untold=tuple(rest), untold_beside=beside, forgotten=max(count.forgotten, oldest.last))


def _without(gaps: tuple[Gap, ...], number: int) -> tuple[Gap, ...] | None:
    """The gaps with this number come after all; None where it is in none of them."""
    for place, gap in enumerate(gaps):
        if gap.first <= number <= gap.last:
            below, above = Gap(gap.first, number - 1), Gap(number + 1, gap.last)
            parts = tuple(part for part in (below, above) if part.count)
            return (*gaps[:place], *parts, *gaps[place + 1 :])
    return None
