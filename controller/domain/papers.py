"""When a certificate is to be renewed: long enough before it ends that nobody has to hurry."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

RENEWED_BEFORE = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class Paper:
    """Something that proves who somebody is, and until when."""

    name: str  # as a person calls it, with its file where it has one
    good_until: datetime  # aware UTC


def running_out(papers: Iterable[Paper], now: datetime) -> tuple[Paper, ...]:
    """Those to be renewed now, the most urgent first; one that has ended is the most urgent."""
    return tuple(
        sorted((one for one in papers if one.good_until - now < RENEWED_BEFORE), key=lambda one: one.good_until)
    )
