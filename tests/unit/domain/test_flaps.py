"""A contact that flaps: one movement with a count, and a machine that hears only where the leaf has come to rest."""

from hypothesis import given
from hypothesis import strategies as st

from controller.domain.flaps import Leaf, Movement, felt, joined, settled

WINDOW = 0.2


def feel(*levels: tuple[str, float]) -> Leaf:
    leaf = Leaf()
    for level, at in levels:
        leaf = felt(leaf, level, at, WINDOW)
    return leaf


def test_the_first_movement_counts_at_once() -> None:
    leaf = feel(("closed", 0.0), ("open", 10.0))

    assert (leaf.counts, leaf.is_settled) == ("open", True)


def test_what_follows_faster_than_a_leaf_can_move_waits_until_it_rests() -> None:
    leaf = feel(("closed", 0.0), ("open", 10.0), ("closed", 10.05), ("open", 10.1), ("closed", 10.15))

    assert (leaf.counts, leaf.felt, leaf.is_settled) == ("open", "closed", False)
    assert settled(leaf).counts == "closed"


def test_the_same_word_again_is_no_movement() -> None:
    leaf = feel(("closed", 0.0), ("open", 10.0), ("open", 10.05))

    assert leaf == feel(("closed", 0.0), ("open", 10.0))


def test_a_movement_at_the_end_of_the_window_is_one_of_its_own() -> None:
    assert feel(("closed", 0.0), ("open", 10.0), ("closed", 10.25)).counts == "closed"


def test_a_contact_that_flaps_faster_than_200_ms_is_one_event_with_a_count() -> None:
    movement: Movement | None = Movement("open", "open", 10.0, 10.0)
    for edge, at in (("closed", 10.1), ("open", 10.25), ("closed", 10.44)):
        assert movement is not None
        movement = joined(movement, edge, at, WINDOW)

    assert movement == Movement("open", "closed", 10.0, 10.44, 4)
    assert joined(movement, "open", 10.64, WINDOW) is None


def test_edges_out_of_order_are_judged_by_how_close_they_were() -> None:
    movement = Movement("open", "open", 10.0, 10.0)

    assert joined(movement, "closed", 9.9, WINDOW) == Movement("open", "closed", 10.0, 10.0, 2)
    assert joined(movement, "closed", 9.0, WINDOW) is None


@given(st.lists(st.tuples(st.sampled_from(["open", "closed"]), st.floats(0, 0.5)), min_size=1))
def test_once_it_rests_what_counts_is_what_was_felt_last(steps: list[tuple[str, float]]) -> None:
    leaf, at = Leaf(), 0.0
    for level, wait in steps:
        at += wait
        leaf = felt(leaf, level, at, WINDOW)

    assert settled(leaf).counts == steps[-1][0]
    assert settled(leaf).is_settled
