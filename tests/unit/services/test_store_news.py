"""What a store of readings tells of itself, as facts."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from controller.domain.facts import FactKind
from controller.domain.history.budget import PER_MINUTE, Bound
from controller.domain.history.values import Kind, Series, SeriesId
from controller.domain.ids import AreaId, DeviceId
from controller.services.history.news import MeaningChanged, ReadingsShed, SeriesTurnedAway, fact_of

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
WARM = Series(SeriesId(1), DeviceId("booth"), "t", Kind.NUMBER, "temperature", "°C", AreaId("booth"))


@pytest.mark.parametrize(
    ("now", "words"),
    [
        (replace(WARM, unit="K"), ("temperature in °C", "temperature in K")),
        (replace(WARM, device_class="", unit=""), ("temperature in °C", "something nobody has named")),
        (replace(WARM, kind=Kind.TEXT), ("number", "text")),
        (replace(WARM, room=None), ("in booth", "in no room")),
    ],
)
def test_a_change_of_meaning_says_what_was_and_what_is(now: Series, words: tuple[str, str]):
    fact = fact_of(MeaningChanged(WARM, now), NOON)

    assert (fact.kind, fact.device, fact.at) == (FactKind.SERIES_CHANGED, "booth", NOON)
    assert (fact.detail["channel"], fact.detail["was"], fact.detail["now"]) == ("t", *words)


def test_channels_that_were_too_many_are_told_with_their_bound():
    assert fact_of(SeriesTurnedAway(12, Bound.MINUTE), NOON).detail == {
        "count": 12,
        "bound": "minute",
        "limit": PER_MINUTE,
    }
    assert fact_of(SeriesTurnedAway(12, Bound.DEVICE), NOON).detail == {"count": 12, "bound": "device"}


def test_readings_that_were_shed_are_told_with_the_reason():
    fact = fact_of(ReadingsShed(7, "no space"), NOON)

    assert (fact.kind, fact.detail) == (FactKind.READINGS_SHED, {"count": 7, "why": "no space"})
