"""What happened, as a closed list."""

from dataclasses import FrozenInstanceError

import pytest

from controller.domain.facts import Fact, FactKind
from tests.unit.domain.house import NOON


@pytest.mark.parametrize("kind", FactKind)
def test_the_stored_word_of_a_kind_is_its_name(kind: FactKind) -> None:
    assert kind.value == kind.name.lower()


def test_what_happened_is_not_changed_afterwards() -> None:
    fact = Fact(FactKind.DOOR_OPENED, NOON)

    with pytest.raises(FrozenInstanceError):
        fact.door = "street"  # type: ignore[misc,assignment]
