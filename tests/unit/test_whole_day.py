"""What must hold of a day that was lived: whatever does not is said in words, and the measurement fails."""

from collections import Counter
from dataclasses import replace

import pytest

from tests.bench.day import report
from tests.support.whole_day import Counted, Lived

FACTS = {"entry_granted": 90, "entry_denied": 8, "pin_asked": 2, "device_born": 10}


def a_day(**changes: object) -> Lived:
    counted = Counted(reads=100, shown=Counter(granted=90, denied=8, enter_pin=2), messages=500, readings=3_000)
    lived = Lived(
        people=20,
        devices=10,
        counted=counted,
        stored=3_000,
        refused=0,
        facts=FACTS,
        alarms={"door_held": 1},
        reconnects=0,
        leaps=50_000,
        house_s=86_430.0,
        wall_s=200.0,
        cpu_s=150.0,
        broker_cpu_s=9.0,
    )
    return replace(lived, **changes)  # type: ignore[arg-type]  # one field each, by its name


def test_of_a_day_on_which_all_went_well_nothing_is_wrong():
    assert a_day().wrong() == []
    assert "WRONG" not in report(a_day())


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        (
            {"counted": Counted(reads=100, shown=Counter(no_answer=3), readings=3_000)},
            "3 of 100 reads were not answered",
        ),
        ({"facts": FACTS | {"entry_granted": 89}}, "100 reads were said and 99 decided"),
        (
            {"facts": FACTS | {"local_granted": 2}},
            "2 reads were decided by doors alone, though the controller was there",
        ),
        ({"facts": FACTS | {"device_lost": 4}}, "4 times a device was taken for lost"),
        ({"refused": 7}, "7 messages were refused"),
        ({"stored": 2_999}, "3000 readings were said and 2999 are stored"),
        ({"reconnects": 5}, "5 times a device lost its link"),
    ],
    ids=["unanswered", "undecided", "alone", "lost device", "refused", "unstored", "link"],
)
def test_what_does_not_hold_is_said(changes: dict[str, object], words: str):
    lived = a_day(**changes)

    assert lived.wrong() == [words]
    assert f"WRONG: {words}" in report(lived)
