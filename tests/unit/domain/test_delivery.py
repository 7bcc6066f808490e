"""What a database's answer means, what is done next, where sending goes on."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from controller.domain.history.delivery import (
    CALM,
    LONGEST_ASKED,
    LONGEST_PAUSE,
    RECENT,
    STOPPED_PAUSE,
    TRANSITIONS,
    Effect,
    Heard,
    Part,
    Phase,
    Reply,
    Sent,
    Size,
    Start,
    Trail,
    after_taken,
    after_too_large,
    heard,
    missed,
    parts_of,
    pause_s,
    rows_within,
    start_from,
    step,
)

# --- what was heard ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("reply", "lines", "said"),
    [
        pytest.param(Reply(204), 5000, Heard.TAKEN, id="taken"),
        pytest.param(Reply(201), 5000, Heard.TAKEN, id="taken by an older one"),
        pytest.param(Reply(400, "bad line", is_databases=True), 2, Heard.BAD_AMONG, id="one of two is bad"),
        pytest.param(Reply(422, "too old", is_databases=True), 2, Heard.BAD_AMONG, id="cannot be processed"),
        pytest.param(Reply(400, "bad line", is_databases=True), 1, Heard.BAD_ALL, id="a line by itself is bad"),
        pytest.param(
            Reply(422, "dropped=3", is_databases=True, dropped=3), 3, Heard.BAD_ALL, id="it says it dropped all"
        ),
        pytest.param(
            Reply(422, "dropped=2", is_databases=True, dropped=2), 3, Heard.BAD_AMONG, id="it says it dropped some"
        ),
        pytest.param(Reply(400, "<html>"), 1, Heard.STRANGE, id="a proxy's 400 says nothing of our lines"),
        pytest.param(Reply(413), 2, Heard.TOO_LARGE, id="too large"),
        pytest.param(Reply(413), 1, Heard.TOO_LARGE_ALONE, id="one line too large"),
        pytest.param(Reply(401), 1, Heard.UNWELCOME, id="no token"),
        pytest.param(Reply(403), 1, Heard.UNWELCOME, id="no right"),
        pytest.param(Reply(404), 1, Heard.UNWELCOME, id="no bucket"),
        pytest.param(Reply(200), 1, Heard.STRANGE, id="a web page"),
        pytest.param(Reply(302), 1, Heard.STRANGE, id="a sign-in page"),
        pytest.param(Reply(405), 1, Heard.STRANGE, id="a web server"),
        pytest.param(Reply(429), 1, Heard.LATER, id="slow down"),
        pytest.param(Reply(408), 1, Heard.AWAY, id="too slow for it"),
        pytest.param(Reply(500), 1, Heard.AWAY, id="failing"),
        pytest.param(Reply(503), 1, Heard.AWAY, id="starting"),
        pytest.param(Reply(None), 1, Heard.AWAY, id="no answer"),
    ],
)
def test_every_answer_has_a_meaning(reply: Reply, lines: int, said: Heard):
    assert heard(reply, lines) is said


@given(st.none() | st.integers(100, 999), st.integers(1, 5000), st.booleans(), st.integers(0, 5000))
def test_only_what_a_database_answers_counts_as_taken(status: int | None, lines: int, is_databases: bool, dropped: int):
    said = heard(Reply(status, is_databases=is_databases, dropped=dropped), lines)

    assert (said is Heard.TAKEN) == (status in (201, 204))


# --- the table --------------------------------------------------------------------------------------------------------


def test_every_answer_in_every_phase_has_its_line():
    assert set(TRANSITIONS) == {(phase, said) for phase in Phase for said in Heard}


@pytest.mark.parametrize("pair", TRANSITIONS, ids=lambda pair: f"{pair[0]}-{pair[1]}")
def test_lines_move_on_are_halved_parked_or_sent_again_and_just_one_of_these(pair: tuple[Phase, Heard]):
    _, effects = step(*pair)

    assert sum(effect in (Effect.MOVE_ON, Effect.HALVE, Effect.PARK, Effect.PAUSE) for effect in effects) == 1
    assert (Effect.MOVE_ON in effects) == (pair[1] is Heard.TAKEN)


@pytest.mark.parametrize("pair", TRANSITIONS, ids=lambda pair: f"{pair[0]}-{pair[1]}")
def test_staff_are_told_once_when_it_stops_and_once_when_it_goes_on(pair: tuple[Phase, Heard]):
    before = pair[0]
    after, effects = step(*pair)

    assert (Effect.STOP in effects) == (before is not Phase.STOPPED and after is Phase.STOPPED)
    assert (Effect.RESUME in effects) == (before is Phase.STOPPED and after is not Phase.STOPPED)


@pytest.mark.parametrize("pair", TRANSITIONS, ids=lambda pair: f"{pair[0]}-{pair[1]}")
def test_it_waits_in_every_phase_but_flowing(pair: tuple[Phase, Heard]):
    after, effects = step(*pair)

    assert (Effect.PAUSE in effects) == (after is not Phase.FLOWING)


@pytest.mark.parametrize("pair", TRANSITIONS, ids=lambda pair: f"{pair[0]}-{pair[1]}")
def test_what_is_recent_is_sent_again_when_a_database_comes_back(pair: tuple[Phase, Heard]):
    before = pair[0]
    after, effects = step(*pair)

    is_back = before in (Phase.AWAY, Phase.STOPPED) and after is Phase.FLOWING
    assert (Effect.RESEND_RECENT in effects) == is_back


def test_being_asked_to_wait_after_an_outage_does_not_hide_the_outage():
    phase, _ = step(Phase.AWAY, Heard.LATER)

    assert Effect.RESEND_RECENT in step(phase, Heard.TAKEN)[1]


# --- pauses -----------------------------------------------------------------------------------------------------------


def test_pauses_double_up_to_a_minute():
    assert [pause_s(Phase.AWAY, failures, 1.0) for failures in (1, 2, 3, 6, 7, 8, 1000)] == [1, 2, 4, 32, 60, 60, 60]


def test_half_of_a_pause_is_chance():
    assert [pause_s(Phase.AWAY, 4, chance) for chance in (0.0, 0.5, 1.0)] == [4.0, 6.0, 8.0]


def test_what_is_stopped_is_looked_at_again_in_minutes():
    assert pause_s(Phase.STOPPED, 1, 1.0) == STOPPED_PAUSE
    assert pause_s(Phase.STOPPED, 50, 0.0) == STOPPED_PAUSE / 2


def test_a_server_that_asks_for_five_minutes_gets_them():
    assert 300.0 <= pause_s(Phase.SLOWED, 1, 1.0, retry_after_s=300.0) <= 301.0


def test_a_server_that_asks_for_a_day_gets_an_hour():
    assert pause_s(Phase.SLOWED, 1, 0.0, retry_after_s=86_400.0) == LONGEST_ASKED


@given(st.sampled_from(Phase), st.integers(1, 10_000), st.floats(0, 1), st.none() | st.floats(allow_nan=True))
def test_a_pause_is_never_nothing_and_never_for_ever(phase: Phase, failures: int, chance: float, asked: float | None):
    pause = pause_s(phase, failures, chance, asked)

    assert 0.5 <= pause <= LONGEST_ASKED + 1.0
    if asked is None:
        assert pause <= max(LONGEST_PAUSE, STOPPED_PAUSE)
    if asked is not None and 0 < asked <= LONGEST_ASKED:
        assert pause >= asked


# --- how much at once -------------------------------------------------------------------------------------------------


def test_too_large_halves_what_goes_at_once():
    assert after_too_large(Size(5000, 5000), 5000) == Size(2500, 5000)
    assert after_too_large(Size(5000, 5000), 300) == Size(150, 5000)
    assert after_too_large(Size(5000, 5000), 1) == Size(1, 5000)


def test_after_some_calm_it_is_offered_twice_as_much_and_never_more_than_it_may():
    size = Size(1500, 5000)
    for _ in range(CALM):
        size = after_taken(size)
    assert size == Size(3000, 5000)
    for _ in range(CALM):
        size = after_taken(size)
    assert size == Size(5000, 5000)
    assert after_taken(size) == size


def test_a_batch_goes_in_parts_and_a_part_in_halves():
    assert parts_of(12, 5) == [Part(0, 5), Part(5, 10), Part(10, 12)]
    assert len(Part(0, 5)) == 5
    assert Part(0, 5).halves() == (Part(0, 2), Part(2, 5))
    assert parts_of(0, 5) == []


@given(st.integers(0, 20_000), st.integers(1, 5000))
def test_parts_cover_every_line_once(lines: int, most: int):
    parts = parts_of(lines, most)

    assert [place for part in parts for place in range(part.start, part.end)] == list(range(lines))
    assert all(0 < len(part) <= most for part in parts)


@given(st.integers(0, 100), st.integers(2, 5000))
def test_halves_hold_something_and_together_all(start: int, lines: int):
    first, second = Part(start, start + lines).halves()

    assert (first.start, first.end, second.end) == (start, second.start, start + lines)
    assert len(first) > 0 < len(second)


@pytest.mark.parametrize(
    ("lines_of_rows", "rows"),
    [([4, 4, 4], 2), ([4, 4], 2), ([4], 1), ([12, 1], 1), ([], 0), ([0, 0, 12, 1], 2), ([10, 0], 2)],
)
def test_a_request_is_whole_messages_and_at_least_one(lines_of_rows: list[int], rows: int):
    assert rows_within(lines_of_rows, 10) == rows


# --- where it goes on -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("sent", "mark_there", "last", "start"),
    [
        pytest.param(Sent(), None, 0, Start(0), id="nothing sent, nothing there"),
        pytest.param(Sent(), None, 70, Start(0), id="nothing sent yet"),
        pytest.param(Sent(50, 7, 40), 7, 70, Start(40), id="from what the server has surely written down"),
        pytest.param(Sent(50, 7, 40), None, 70, Start(40), id="the row itself is cleaned away"),
        pytest.param(Sent(50, 7, 40), 7, 50, Start(40), id="all sent"),
        pytest.param(Sent(50, 7, 40), None, 49, Start(0, True), id="the log ends before: an old backup"),
        pytest.param(Sent(50, 7, 40), 8, 70, Start(0, True), id="the log went on in another way: an old backup"),
    ],
)
def test_sending_goes_on_where_it_was_and_another_log_is_sent_whole(
    sent: Sent, mark_there: int | None, last: int, start: Start
):
    assert start_from(sent, mark_there, last) == start


@pytest.mark.parametrize(
    ("first", "position", "furthest", "rows"),
    [(1, 0, 0, 0), (51, 50, 50, 0), (61, 50, 50, 10), (40, 50, 50, 0), (45, 30, 50, 0), (61, 30, 50, 10)],
)
def test_what_is_gone_before_it_went_is_counted_and_what_went_before_is_not(
    first: int, position: int, furthest: int, rows: int
):
    assert missed(first, position, furthest) == rows


def test_a_trail_knows_where_sending_was_a_while_before():
    trail = Trail().reached(100, at=0.0).reached(200, at=10.0).reached(300, at=RECENT + 5.0)
    assert trail.settled() == 100

    trail = trail.reached(400, at=RECENT + 12.0)
    assert trail.settled() == 200
    assert len(trail.steps) == 3


def test_a_trail_without_a_step_was_nowhere():
    assert Trail().settled() == 0


@given(st.lists(st.tuples(st.floats(0, 20), st.integers(0, 50)), min_size=1))
def test_what_a_trail_calls_settled_was_reached_long_enough_ago_or_is_its_beginning(
    walked: list[tuple[float, int]],
):
    trail, at, position, seen = Trail(), 0.0, 0, []
    for wait, more in walked:
        at, position = at + wait, position + more
        seen.append((at, position))
        trail = trail.reached(position, at)

    settled = [reached for then, reached in seen if then <= at - RECENT]
    assert trail.settled() == (settled[-1] if settled else seen[0][1])
