"""esp-rfid 2.x: it has decided and opened before anybody hears of it; its users come and go by MQTT."""

from typing import Any

import pytest

from devices.channels import Bolt
from devices.units.steps import ContactFelt, Tampered
from simulator.building import Building
from tests.support.tongues import NOW, Speaker, speaker

UID = "04af68dacb5a80"
AT = int(NOW.timestamp())


@pytest.fixture
def board(parisoma: Building) -> Speaker:
    return speaker(parisoma, "door-street", "esp-rfid").connect()


@pytest.fixture
def home(parisoma: Building) -> Speaker:
    return speaker(parisoma, "door-street", "esp-rfid-ha").connect()


def tell(device: Speaker, cmd: str, **more: Any) -> Speaker:
    return device.hear("door-street/cmd", {"cmd": cmd, "doorip": device.tongue.who.ip, **more})


def anna_may(device: Speaker, acctype: Any = 1, **more: Any) -> Speaker:
    return tell(device, "adduser", uid=UID, user="Anna", acctype=acctype, **more)


def test_it_boots_and_beats_every_three_minutes(board: Speaker):
    alive = {"time": AT, "uptime": 0, "ip": board.tongue.who.ip, "hostname": "door-street"}

    assert board.topics[0] == "door-street/send"
    assert board.tongue.will is None
    assert b'"type":"boot"' in board.said[0].body
    assert board.timers["dialect"] == 180.0
    board.later(180).tick()
    assert board.json("door-street/send") == {**alive, "type": "heartbeat", "time": AT + 180, "uptime": 180}
    assert board.timers["dialect"] == 180.0


def test_a_known_user_walks_in_and_it_is_told_afterwards(board: Speaker):
    anna_may(board).forget().tap()

    assert board.json("door-street/send") == {
        "type": "access", "time": AT, "isKnown": "true", "access": "Always", "username": "Anna", "uid": UID,
        "hostname": "door-street", "doorName": "Street door",
    }  # fmt: skip
    assert board.drawn_for == [Bolt.UNLOCKED]
    assert [show.signal for show in board.shown] == ["granted"]


def test_an_unknown_tag_is_denied_and_logged(board: Speaker):
    board.forget().tap()
    access, event = (say.body for say in board.said)

    assert b'"isKnown":"false","access":"Denied","username":"Unknown"' in access
    assert b'"type":"WARN","src":"rfid","desc":"Unknown rfid tag is scanned"' in event
    assert board.drawn_for == []
    assert [show.signal for show in board.shown] == ["denied"]


@pytest.mark.parametrize(
    ("acctype", "more", "access"),
    [
        (0, {}, "Disabled"),
        ("1", {}, "Always"),
        (99, {}, "Admin"),
        (1, {"validuntil": AT - 1}, "Expired"),
        (1, {"validsince": str(AT + 1)}, "Expired"),
        (1, {"validsince": AT - 1, "validuntil": str(AT + 1)}, "Always"),
        ("what", {}, "Disabled"),
    ],
)
def test_its_own_list_says_who_may(board: Speaker, acctype: Any, more: dict[str, Any], access: str):
    anna_may(board, acctype, **more).tap()

    assert [say.body for say in board.said if b'"type":"access"' in say.body][-1].find(access.encode()) > 0
    assert board.drawn_for == ([Bolt.UNLOCKED] if access in ("Always", "Admin") else [])


def test_every_change_of_users_is_acknowledged(board: Speaker):
    ack = {"ip": board.tongue.who.ip, "hostname": "door-street"}

    assert anna_may(board).json("door-street/send") == {"type": "adduser", **ack}
    assert tell(board, "getuserlist").json("door-street/send") == {
        "command": "userfile", "uid": UID, "user": "Anna", "acctype": 1, "acctype2": None, "acctype3": None,
        "acctype4": None, "validsince": 0, "validuntil": 0,
    }  # fmt: skip
    assert tell(board, "deletuid", uid=UID).json("door-street/send") == {"type": "deletuid", **ack}
    anna_may(board)
    assert tell(board, "deletusers").json("door-street/send") == {"type": "deletusers", **ack}
    assert tell(board.forget(), "getuserlist").said == []
    assert tell(board, "getconf").json("door-street/send")["data"] == {"hardware": {"rtime": 7.0}}


def test_opendoor_is_answered_by_an_access(board: Speaker):
    tell(board.forget(), "opendoor")

    assert board.drawn_for == [Bolt.UNLOCKED]
    assert board.json("door-street/send")["access"] == "Always"
    assert board.json("door-street/send")["uid"] == " "


def test_its_parser_takes_what_no_json_parser_does(home: Speaker):
    config = home.json("homeassistant/lock/door-street/lock0/config")

    home.hear(config["cmd_t"], config["pl_unlk"])

    assert config["pl_unlk"] == f"{{cmd:'opendoor',doorip:'{home.tongue.who.ip}'}}"
    assert home.drawn_for == [Bolt.UNLOCKED]


@pytest.mark.parametrize(
    "text", ["", "{", "[1]", '{"cmd":"opendoor"}', '{"cmd":"opendoor","doorip":"10.0.0.1"}', "{a:}"]
)
def test_a_command_for_another_board_on_the_same_topic_is_not_its_own(board: Speaker, text: str):
    assert board.forget().hear("door-street/cmd", text).said == []
    assert board.drawn_for == []


def test_open_and_close_move_the_lock_of_that_index(board: Speaker):
    tell(tell(board, "open", door="0"), "close", door="0")

    assert board.drawn_for == [Bolt.UNLOCKED, Bolt.LOCKED]


def test_users_are_in_the_flash_and_outlast_the_power(board: Speaker):
    anna_may(board)
    board.tongue = board.tongue.rebooted()

    board.forget().connect().tap()

    assert b'"type":"boot"' in board.said[0].body
    assert board.drawn_for == [Bolt.UNLOCKED]


def test_the_door_is_an_event_without_home_assistant(board: Speaker):
    board.feed(ContactFelt(True))

    assert board.json("door-street/send") == {
        "type": "INFO", "src": "door", "desc": "Door Open", "data": "", "time": AT, "cmd": "event",
        "hostname": "door-street",
    }  # fmt: skip
    assert board.feed(ContactFelt(False)).json("door-street/send")["desc"] == "Door Closed"
    assert board.feed(Tampered()).json("door-street/send")["src"] == "tamper"


def test_with_home_assistant_it_has_a_last_will_and_topics_for_badge_lock_and_door(home: Speaker):
    will = home.tongue.will

    assert will is not None
    assert (will.topic, will.body, will.retain) == ("door-street/avty", b"offline", True)
    assert home.text("door-street/avty") == "online"
    anna_may(home).forget().tap()
    assert home.json("door-street/tag") == {
        "uid": UID, "username": "Anna", "access": "Always", "time": AT, "doorName": "Street door",
    }  # fmt: skip
    assert (home.text("door-street/io/lock0"), home.last("door-street/io/lock0").retain) == ("UNLOCKED", False)
    assert home.fire("relock").text("door-street/io/lock0") == "LOCKED"
    assert home.feed(ContactFelt(True)).text("door-street/io/door") == "ON"
    assert home.feed(Tampered()).text("door-street/io/tamper") == "ON"


def test_a_reader_apart_from_the_lock_opens_it_over_its_wire(parisoma: Building):
    reader = speaker(parisoma, "reader-street", "esp-rfid").connect()
    add = {"cmd": "adduser", "doorip": reader.tongue.who.ip, "uid": UID, "user": "Anna", "acctype": 1}

    reader.hear("reader-street/cmd", add).tap()

    assert [release.hold_s for release in reader.released] == [7.0]
    assert [show.signal for show in reader.shown] == ["granted"]
    reader.hear("reader-street/cmd", {"cmd": "opendoor", "doorip": reader.tongue.who.ip})
    assert len(reader.released) == 2


def test_no_number_of_a_badge_is_in_what_it_prints(board: Speaker):
    anna_may(board).tap()

    assert UID not in repr(board.tongue)
    assert UID not in repr(board.said)
