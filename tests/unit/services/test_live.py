"""The live feed: whoever watches ends up with the truth, however slowly."""

import asyncio
import json
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from controller.services.screens.live import LiveFeed, Push, to_json

KEPT = 5


class Screen:
    """A watcher as a browser is one: it keeps what it was sent and knows nothing else."""

    def __init__(self) -> None:
        self.state: dict[str, dict[str, object]] = {}
        self.facts: list[object] = []
        self.space: object = None
        self.events: list[str] = []

    def take(self, push: Push) -> None:
        data = json.loads(push.text)
        self.events.append(push.event)
        if push.event == "delta":
            for topic, key, value in data["changes"]:
                if topic == "space":
                    self.space = value
                elif value is None:
                    self.state[topic + "s" * (topic != "health")].pop(key, None)
                else:
                    self.state[topic + "s" * (topic != "health")][key] = value
            self.facts = (self.facts + data["facts"])[-KEPT:]
        else:
            self.state = {name: data[name] for name in ("doors", "rooms", "devices", "health")}
            self.space, self.facts = data["space"], data["facts"]

    def shows(self, feed: LiveFeed) -> bool:
        truth = json.loads(to_json(feed.snapshot()))
        return (
            self.facts == truth["facts"]
            and self.space == truth["space"]
            and all(self.state[name] == truth[name] for name in self.state)
        )


def what_is_ready(subscription: object, screen: Screen) -> None:
    """Hand the screen everything that can be read without waiting."""
    feed, seen = subscription._feed, subscription._seen  # type: ignore[attr-defined]
    while (push := feed.next_for(seen)) is not None:
        seen = subscription._seen = push.id  # type: ignore[attr-defined]
        screen.take(push)


happenings = st.one_of(
    st.tuples(
        st.just("put"), st.sampled_from(["door", "room", "device", "health"]), st.sampled_from("abc"), st.integers()
    ),
    st.tuples(st.just("space"), st.integers()),
    st.tuples(st.just("forget"), st.sampled_from(["door", "room"]), st.sampled_from("abc")),
    st.tuples(st.just("tell"), st.integers()),
    st.tuples(st.just("look")),
    st.tuples(st.just("come back")),
)


@given(st.lists(happenings, max_size=60))
def test_a_screen_that_applies_what_it_is_sent_ends_with_the_truth_however_slow(story):
    feed = LiveFeed(facts_kept=KEPT)
    screen, watching = Screen(), feed.subscribe()

    for what, *rest in story:
        if what == "put":
            feed.put(rest[0], rest[1], {"value": rest[2]})
        elif what == "space":
            feed.put("space", "x", {"people_in": rest[0]})
        elif what == "forget":
            feed.forget(rest[0], rest[1])
        elif what == "tell":
            feed.tell({"position": rest[0]})
        elif what == "look":
            what_is_ready(watching, screen)
        elif screen.events:  # the connection broke, and resumes where it was
            watching = feed.subscribe(after=watching._seen)

    what_is_ready(watching, screen)
    assert screen.shows(feed)


async def test_a_watcher_gets_the_whole_first_and_then_what_changes():
    feed = LiveFeed()
    feed.put("door", "street", {"state": "locked"})
    watching = feed.subscribe()

    first = await anext(watching)
    feed.put("door", "street", {"state": "released"})
    feed.tell({"text": "Anna was let in"})
    second = await anext(watching)

    assert first.event == "snapshot"
    assert first.data["doors"] == {"street": {"state": "locked"}}
    assert (second.event, second.id) == ("delta", 3)
    assert second.data["changes"] == [("door", "street", {"state": "released"})]
    assert second.data["facts"] == [{"text": "Anna was let in"}]


async def test_states_between_two_looks_are_coalesced_to_the_last():
    feed = LiveFeed()
    watching = feed.subscribe()
    await anext(watching)

    for count in range(1000):
        feed.put("room", "booth", {"count": count})
    push = await anext(watching)

    assert push.data["changes"] == [("room", "booth", {"count": 999})]


async def test_a_watcher_that_missed_facts_is_resynced_once_and_others_are_not():
    feed = LiveFeed(facts_kept=3)
    slow, quick = feed.subscribe(), feed.subscribe()
    await anext(slow)
    await anext(quick)

    seen = []
    for n in range(4):
        feed.tell({"n": n})
        seen.append((await anext(quick)).event)
    missed = await anext(slow)
    feed.tell({"n": 4})
    after = await anext(slow)

    assert seen == ["delta"] * 4
    assert (missed.event, [line["n"] for line in missed.data["facts"]]) == ("resync", [1, 2, 3])
    assert after.event == "delta"


async def test_waiting_watchers_wake_on_the_next_change():
    feed = LiveFeed()
    watching = feed.subscribe()
    await anext(watching)

    async with asyncio.timeout(5), asyncio.TaskGroup() as tasks:
        waiting = tasks.create_task(anext(watching))
        await asyncio.sleep(0)  # let it get to its wait
        assert not waiting.done()
        feed.put("door", "street", {"state": "open"})

    assert waiting.result().event == "delta"


async def test_a_cancelled_wait_loses_nothing():
    feed = LiveFeed()
    watching = feed.subscribe()
    await anext(watching)
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0):
            await anext(watching)

    feed.put("door", "street", {"state": "open"})

    assert (await anext(watching)).data["changes"] == [("door", "street", {"state": "open"})]


async def test_closing_ends_a_waiting_watcher():
    watching = LiveFeed().subscribe()
    await anext(watching)

    async with asyncio.timeout(5), asyncio.TaskGroup() as tasks:
        ended = tasks.create_task(anext(watching, None))
        await asyncio.sleep(0)
        watching.close()

    assert ended.result() is None


def test_an_unchanged_value_is_no_news():
    feed = LiveFeed()
    feed.put("door", "street", {"state": "locked"})

    feed.put("door", "street", {"state": "locked"})

    assert feed.id == 1


def test_the_value_handed_over_is_copied():
    feed, value = LiveFeed(), {"state": "locked"}
    feed.put("door", "street", value)

    value["state"] = "open"

    assert feed.snapshot()["doors"] == {"street": {"state": "locked"}}


def test_watchers_at_the_same_place_share_one_text():
    feed = LiveFeed()
    feed.put("door", "street", {"state": "locked"})

    assert feed.next_for(None) is feed.next_for(None)
    assert feed.next_for(0) is feed.next_for(0)


@pytest.mark.parametrize("after", [7, -1], ids=["of a feed that is further", "before the beginning"])
async def test_a_place_this_feed_never_had_starts_from_a_snapshot(after):
    feed = LiveFeed()
    feed.tell({"n": 1})

    assert (await anext(feed.subscribe(after))).event == "snapshot"


def test_an_unknown_topic_is_refused_by_name():
    with pytest.raises(ValueError, match="'gate' — expected space, door, room"):
        LiveFeed().put("gate", "street", {})


def test_a_moment_is_written_as_every_browser_reads_it():
    assert to_json({"at": datetime(2026, 3, 2, 20, 0, tzinfo=UTC)}) == '{"at":"2026-03-02T20:00:00+00:00"}'


def test_what_json_does_not_know_becomes_null_and_harms_nobody():
    text = to_json({"temperature": float("nan"), "batch": [1.5, float("inf")], "name": "\ud800 \u2028"})

    assert json.loads(text) == {"temperature": None, "batch": [1.5, None], "name": "\ud800 \u2028"}
    assert text.isascii()
