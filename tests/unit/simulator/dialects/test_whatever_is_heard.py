"""Laws of all dialects: nothing that is heard breaks one, and what one says can be sent."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from devices.channels import Bolt
from devices.units import DoorUnit
from simulator.building import Building
from simulator.dialects.names import KINDS
from tests.support.tongues import speaker
from tests.unit.simulator.dialects.test_rights_of_dialects import ASKED, OF_KIND

WORDS = st.sampled_from([
    "id", "src", "params", "on", "state", "cmd", "doorip", "uid", "acctype", "validuntil", "transaction", "downlinks",
    "natoma", "UNLOCK", "ON", "unlocked", "10", "²",
])  # fmt: skip
NUMBERS = st.integers() | st.floats() | st.booleans() | st.none()
VALUES = NUMBERS | WORDS | st.text(max_size=9)
THINGS = VALUES | st.dictionaries(WORDS, VALUES | st.lists(VALUES, max_size=2), max_size=5)
METHODS = st.sampled_from(["Switch.Set", "Switch.Toggle", "Switch.GetStatus", "Shelly.GetStatus", "Input.GetStatus"])
ARGUMENTS = st.fixed_dictionaries({"id": st.just(0) | NUMBERS}, optional={"on": VALUES, "toggle_after": VALUES})
CALLS = st.fixed_dictionaries({"method": METHODS, "params": ARGUMENTS | VALUES}, optional={"id": VALUES, "src": VALUES})
COMMANDS = st.fixed_dictionaries(
    {"cmd": st.sampled_from(["opendoor", "adduser", "deletuid", "getuserlist", "getconf", "close"]), "doorip": VALUES},
    optional={"uid": VALUES, "user": VALUES, "acctype": VALUES, "validsince": VALUES, "validuntil": VALUES},
)
BODIES = st.one_of(
    st.binary(max_size=30),
    (THINGS | CALLS | COMMANDS).map(lambda thing: json.dumps(thing).encode()),
    WORDS.map(str.encode),
)
LAST_LEVELS = st.sampled_from(["POWER", "PulseTime1", "STATUS", "state", "health_check", "switch:0", "name"])


@pytest.mark.parametrize(("dialect", "kind"), [(dialect, kind) for dialect in KINDS for kind in sorted(KINDS[dialect])])
@settings(max_examples=15, deadline=None)
@given(data=st.data())
def test_nothing_that_is_heard_breaks_it_and_all_it_says_can_be_sent(
    parisoma: Building, dialect: str, kind: str, data: st.DataObject
):
    device = speaker(parisoma, OF_KIND[kind], dialect).connect()
    for _ in range(4 if device.tongue.filters else 0):
        topic = data.draw(st.sampled_from(device.tongue.filters)).replace("#", data.draw(LAST_LEVELS))
        text = data.draw(BODIES).replace(b'"doorip": true', f'"doorip": "{device.tongue.who.ip}"'.encode())
        device.tongue, acts = device.tongue.hears(topic, text, device.machine, device.now)
        device.act(acts)
        device.tick()

    for say in device.said:
        assert say.topic.encode()
        assert not {"+", "#", "\0"} & set(say.topic)
        if say.body[:1] in (b"{", b"["):
            json.loads(say.body, parse_constant=pytest.fail)


@pytest.mark.parametrize("dialect", [dialect for dialect, kinds in KINDS.items() if "door_unit" in kinds])
def test_a_bolt_that_was_drawn_is_shut_again_by_itself(parisoma: Building, dialect: str):
    door = speaker(parisoma, "door-street", dialect).connect()
    for topic, text in ASKED:
        door.hear(topic.format(id="door-street"), text.format(ip=door.tongue.who.ip))

    assert door.drawn_for[:1] == [Bolt.UNLOCKED]
    assert door.timers["relock"] == 7.0
    door.fire("relock")
    assert isinstance(door.machine, DoorUnit)
    assert door.machine.lock is Bolt.LOCKED


@pytest.mark.parametrize(("dialect", "kind"), [(dialect, kind) for dialect in KINDS for kind in sorted(KINDS[dialect])])
def test_what_it_says_of_itself_is_the_same_at_every_connect(parisoma: Building, dialect: str, kind: str):
    """Whoever keeps what is retained must find the same device again."""
    once, again = (speaker(parisoma, OF_KIND[kind], dialect).connect().said for _ in range(2))

    assert [(say.topic, say.body) for say in once] == [(say.topic, say.body) for say in again]
