"""The broker's counter of what it dropped."""

import pytest

from controller.domain.history.losses import dropped_since


@pytest.mark.parametrize(
    ("before", "now", "is_old", "dropped"),
    [
        pytest.param(10, 4_010, False, 4_000, id="more than before"),
        pytest.param(10, 10, True, 0, id="the same again"),
        pytest.param(4_000, 7, True, 7, id="a broker that started anew"),
        pytest.param(None, 500, True, 0, id="from before we came"),
        pytest.param(None, 500, False, 500, id="the first that is said while we listen"),
    ],
)
def test_what_was_dropped_since_the_last_look(before, now, is_old, dropped):
    assert dropped_since(before, now, is_old=is_old) == dropped
