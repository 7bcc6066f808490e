"""Every topic of the contract is built and read the same way, and nothing else is a topic."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devices.errors import MessageError, RefusalReason, TopicError
from devices.topics import DOWN_KINDS, RULES, UP_KINDS, Address, Kind, Topics

NATOMA = Topics()
DEVICES = st.from_regex(r"[a-z0-9-]{1,40}", fullmatch=True).filter(lambda name: name not in ("server", "live"))
ROOTS = st.lists(st.from_regex(r"[A-Za-z0-9_-]{1,12}", fullmatch=True), min_size=1, max_size=3).map("/".join)


@given(root=ROOTS, device=DEVICES, kind=st.sampled_from(Kind))
def test_what_is_built_is_read_back(root, device, kind):
    topics, direction = Topics(root), RULES[kind].direction
    topic = topics.up(device, kind) if direction == "up" else topics.down(device, kind)
    assert topics.parse(topic) == Address(device, direction, kind)


def test_the_contract_spells_topics_so():
    assert NATOMA.up("front", Kind.EVENT) == "natoma/1/front/up/event"
    assert NATOMA.down("front", Kind.COMMAND) == "natoma/1/front/down/command"
    assert NATOMA.up_filter() == "natoma/1/+/up/#"
    assert NATOMA.up_filter(Kind.TELEMETRY) == "natoma/1/+/up/telemetry"
    assert NATOMA.device_filter("front") == "natoma/1/front/down/#"
    assert NATOMA.server_status == "natoma/1/server/up/status"
    assert NATOMA.live_space == "natoma/1/live/space"
    assert NATOMA.live_door("street") == "natoma/1/live/door/street"
    assert NATOMA.live_room("booth") == "natoma/1/live/room/booth"


def test_an_access_list_has_pages_and_nothing_else_has():
    assert NATOMA.parse(NATOMA.down("front", Kind.ACCESS, page=2)).page == 2
    with pytest.raises(TopicError, match="only down/access has pages"):
        NATOMA.down("front", Kind.COMMAND, page=2)
    with pytest.raises(MessageError, match="only down/access/<page>"):
        NATOMA.parse("natoma/1/front/up/event/2")


def test_the_controllers_own_heartbeat_is_a_topic():
    assert NATOMA.parse(NATOMA.server_status) == Address("server", "up", Kind.STATUS)


@pytest.mark.parametrize(
    "topic",
    [
        "",
        "/",
        "natoma",
        "natoma/1",
        "natoma/1/front",
        "natoma/1/front/up",
        "natoma/1/front/up/",
        "natoma/1//up/event",
        "natoma//front/up/event",
        "/natoma/1/front/up/event",
        "natoma/1/front/up/event/",
        "natoma/1/front/up/event/3",
        "natoma/2/front/up/event",
        "natoma/1/Front/up/event",
        "natoma/1/fr\u00f6nt/up/event",
        f"natoma/1/{'a' * 41}/up/event",
        "natoma/1/front/sideways/event",
        "natoma/1/front/up/command",
        "natoma/1/front/down/event",
        "natoma/1/front/up/EVENT",
        "natoma/1/+/up/event",
        "natoma/1/front/up/#",
        "natoma/1/front\0/up/event",
        "natoma/1/server/up/event",
        "natoma/1/server/down/command",
        "natoma/1/live/up/status",
        "natoma/1/live/space",
        "natoma/1/front/down/access/-1",
        "natoma/1/front/down/access/01",
        "natoma/1/front/down/access/1/2",
        "other/1/front/up/event",
        "natomaa/1/front/up/event",
    ],
)
def test_other_topics_are_refused_by_name_and_with_what_would_be_right(topic):
    with pytest.raises(MessageError) as refused:
        NATOMA.parse(topic)
    assert refused.value.reason is RefusalReason.UNKNOWN_TOPIC
    assert refused.value.topic == topic
    assert refused.value.hint


@given(st.text(max_size=60))
def test_no_text_breaks_the_reading_of_topics(text):
    for topic in (text, f"natoma/1/{text}", f"natoma/1/{text}/up/event", f"natoma/1/front/up/{text}"):
        try:
            address = NATOMA.parse(topic)
        except MessageError:
            continue
        build = NATOMA.up if address.direction == "up" else NATOMA.down
        assert topic.startswith(build(address.device, address.kind))


@pytest.mark.parametrize("root", ["", "/natoma", "natoma/", "a//b", "natoma/+", "#", "$SYS", "a\0b", "x" * 201])
def test_a_root_that_is_no_topic_is_refused_at_once(root):
    with pytest.raises(TopicError, match="write it like"):
        Topics(root)


def test_a_root_is_not_taken_for_another_that_begins_alike():
    paris = Topics("natoma/paris")
    assert paris.parse("natoma/paris/1/front/up/event").device == "front"
    with pytest.raises(MessageError):
        NATOMA.parse("natoma/paris/1/front/up/event")


@pytest.mark.parametrize("device", ["", "live", "Front", "a/b", "+", "a" * 41, "a\n"])
def test_no_topic_is_built_for_a_name_that_is_no_device(device):
    with pytest.raises(TopicError):
        NATOMA.up(device, Kind.EVENT)


def test_a_kind_travels_one_way_only():
    with pytest.raises(TopicError, match="down/event does not exist"):
        NATOMA.down("front", Kind.EVENT)
    with pytest.raises(TopicError, match="no device writes it"):
        NATOMA.up_filter(Kind.COMMAND)
    assert not UP_KINDS & DOWN_KINDS
    assert set(Kind) == UP_KINDS | DOWN_KINDS


def test_no_place_name_opens_a_filter_or_another_level():
    for name in ("", "a/b", "+", "#", "a b"):
        with pytest.raises(TopicError):
            NATOMA.live_door(name)


@pytest.mark.parametrize(
    ("topic", "honoured"),
    [
        ("natoma/1/front/up/reply", True),
        ("natoma/1/front/up/reply/7", True),
        ("natoma/1/front/up/", False),
        ("natoma/1/front/up/#", False),
        ("natoma/1/front/up/a//b", False),
        ("natoma/1/back/up/reply", False),
        ("natoma/1/front/down/command", False),
        ("natoma/1/front-2/up/reply", False),
    ],
)
def test_an_answer_goes_only_below_the_senders_own_up(topic, honoured):
    assert NATOMA.may_answer_on("front", topic) is honoured
