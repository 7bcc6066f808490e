"""Who may read and write which topic: the one table, and the file Mosquitto is given of it."""

import pytest

from controller.adapters.broker.rights import (
    ACCESS_USER,
    CONTROLLER_USERS,
    ONBOARDING_USER,
    RECORDER_USER,
    TELEMETRY_USER,
    covers,
    is_allowed,
    mosquitto_acl,
    rights_of,
)

ROOT = "natoma/paris"
READER, LIGHT = "reader-street", "light-booth"


def may(user: str, what: str, topic: str) -> bool:
    return is_allowed(user, ROOT, writing=what == "write", topic=f"{ROOT}/1/{topic}")


@pytest.mark.parametrize(
    ("allowed", "asked", "covered"),
    [
        ("a/b", "a/b", True),
        ("a/b", "a/b/c", False),
        ("a/b/c", "a/b", False),
        ("a/+/c", "a/b/c", True),
        ("a/+/c", "a/+/c", True),
        ("a/b/c", "a/+/c", False),
        ("a/#", "a/b/c", True),
        ("a/#", "a", True),
        ("a/#", "a/#", True),
        ("a/+", "a/#", False),
        ("a/b/#", "a/#", False),
        ("a/b/#", "#", False),
    ],
    ids=lambda value: str(value),
)
def test_a_right_covers_what_its_filter_matches_and_no_wider_filter(allowed, asked, covered):
    assert covers(allowed, asked) is covered


@pytest.mark.parametrize(
    ("user", "what", "topic", "allowed"),
    [
        (READER, "write", "reader-street/up/event", True),
        (READER, "read", "reader-street/down/command", True),
        (READER, "read", "reader-street/down/#", True),
        (READER, "write", "reader-street/down/command", False),
        (READER, "write", "light-booth/up/event", False),
        (READER, "read", "light-booth/down/command", False),
        (READER, "read", "+/down/#", False),
        (READER, "read", "#", False),
        (READER, "read", "server/up/status", True),
        (READER, "write", "server/up/status", False),
        (READER, "read", "live/door/street", True),
        (READER, "write", "live/door/street", False),
        (ACCESS_USER, "read", "+/up/event", True),
        (ACCESS_USER, "write", "reader-street/down/command", True),
        (ACCESS_USER, "write", "reader-street/up/event", False),
        (ACCESS_USER, "write", "live/room/booth", True),
        (ACCESS_USER, "write", "server/beat/server-access/marker", True),
        (ACCESS_USER, "write", "server/beat/server-telemetry", False),
        (TELEMETRY_USER, "read", "+/up/telemetry", True),
        (ONBOARDING_USER, "write", "new-device/up/birth", True),
        (ONBOARDING_USER, "write", "new-device/up/event", False),
        (ONBOARDING_USER, "read", "new-device/down/command", False),
        (RECORDER_USER, "read", "#", True),
        (RECORDER_USER, "read", "reader-street/up/event", True),
        (RECORDER_USER, "read", "reader-street/down/command", True),
        (RECORDER_USER, "write", "recorder/up/event", False),
        (RECORDER_USER, "write", "reader-street/down/command", False),
    ],
    ids=lambda value: str(value),
)
def test_each_may_what_its_part_in_the_house_needs_and_nothing_else(user, what, topic, allowed):
    assert may(user, what, topic) is allowed


def test_nobody_has_rights_under_another_root():
    for user in (READER, ONBOARDING_USER, *CONTROLLER_USERS):
        assert not is_allowed(user, ROOT, writing=True, topic=f"natoma/berlin/1/{user}/up/birth")


def test_who_records_hears_what_other_makers_devices_say_and_can_say_nothing_to_them():
    assert is_allowed(RECORDER_USER, ROOT, writing=False, topic="tele/lamp-bar/SENSOR")
    assert not is_allowed(RECORDER_USER, ROOT, writing=True, topic="cmnd/lamp-bar/POWER")


def test_a_name_that_begins_like_another_has_none_of_its_rights():
    assert not may("reader", "write", "reader-street/up/event")
    assert not may("server", "read", "reader-street/up/event")


def test_mosquittos_file_says_the_same_as_the_table():
    users = [*CONTROLLER_USERS, ONBOARDING_USER, RECORDER_USER, LIGHT, READER]
    said: dict[str, set[tuple[str, str]]] = {}
    for line in filter(None, mosquitto_acl(ROOT, users).splitlines()):
        word, rest = line.split(" ", 1)
        if word == "user":
            mine = said.setdefault(rest, set())
        else:
            assert word == "topic"
            direction, topic_filter = rest.split(" ", 1)
            mine.add((direction, topic_filter))

    assert said == {
        user: {(right.direction, right.topic_filter.replace("%u", user)) for right in rights_of(user, ROOT)}
        for user in users
    }
