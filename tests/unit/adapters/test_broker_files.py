"""The files of a broker of our own: passwords made once and kept private, and a configuration that keeps what it acked."""

import base64
import hashlib
import json
from pathlib import Path

import pytest

from controller.adapters.broker.configuration import MAX_PACKET_BYTES, mosquitto_conf
from controller.adapters.broker.passwords import (
    load_or_create,
    mosquitto_password_file,
    write_door_keys,
    write_private,
)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "passwords.json"


def mode(path: Path) -> int:
    return path.stat().st_mode & 0o777


# --- passwords --------------------------------------------------------------------------------------------------------


def test_every_user_gets_a_password_of_their_own(file: Path):
    passwords = load_or_create(file, ["a", "b"])

    assert set(passwords) == {"a", "b"}
    assert passwords["a"] != passwords["b"]
    assert all(len(password) >= 24 for password in passwords.values())


def test_passwords_stay_the_same_when_a_device_is_added(file: Path):
    before = load_or_create(file, ["a", "b"])
    after = load_or_create(file, ["a", "b", "c"])

    assert {user: after[user] for user in ("a", "b")} == before


def test_a_device_that_left_finds_its_password_again(file: Path):
    before = load_or_create(file, ["a", "b"])
    load_or_create(file, ["b"])

    assert load_or_create(file, ["a", "b"]) == before


def test_nothing_is_written_when_nobody_is_new(file: Path):
    load_or_create(file, ["a"])
    before = file.stat().st_mtime_ns

    load_or_create(file, ["a"])

    assert file.stat().st_mtime_ns == before


def test_the_file_is_for_its_owner_alone_though_it_was_not_before(file: Path):
    file.write_text("{}")
    file.chmod(0o644)

    load_or_create(file, ["a"])

    assert mode(file) == 0o600
    assert json.loads(file.read_text()).keys() == {"a"}


def test_a_private_file_is_replaced_whole_and_leaves_no_draft(tmp_path: Path):
    write_private(tmp_path / "acl", "old " * 100)
    write_private(tmp_path / "acl", "new")

    assert (tmp_path / "acl").read_text() == "new"
    assert [path.name for path in tmp_path.iterdir()] == ["acl"]


def test_doors_find_their_keys_beside_the_passwords_for_their_owner_alone(tmp_path: Path):
    write_door_keys(tmp_path, b"\x11" * 32, b"\x22" * 32)

    file = tmp_path / "doors.json"
    assert json.loads(file.read_text()) == {"list_key": "11" * 32, "public_key": "22" * 32}
    assert file.stat().st_mode & 0o777 == 0o600


def test_mosquitto_is_given_salted_hashes_and_no_password():
    text = mosquitto_password_file({"reader": "a secret", "light": "a secret"})

    lines = dict(line.split(":", 1) for line in text.splitlines())
    assert list(lines) == ["light", "reader"]
    assert "a secret" not in text
    hashes = set()
    for hashed in lines.values():
        _, algorithm, rounds, salt, digest = hashed.split("$")
        expected = hashlib.pbkdf2_hmac("sha512", b"a secret", base64.b64decode(salt), int(rounds))
        assert (algorithm, base64.b64decode(digest)) == ("7", expected)
        hashes.add(digest)
    assert len(hashes) == 2


# --- the configuration ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "line",
    [
        "listener 1899 127.0.0.1",
        "allow_anonymous false",
        "use_username_as_clientid true",
        "check_retain_source true",
        "set_tcp_nodelay true",
        "persistence true",
        "autosave_interval 1",
        "max_queued_messages 200000",
        "per_listener_settings false",
        f"max_packet_size {MAX_PACKET_BYTES}",
    ],
)
def test_what_the_measurements_taught_is_in_it(line: str):
    settings = mosquitto_conf(Path("/data/broker"), 1899).splitlines()

    assert line in settings


def test_it_listens_to_this_machine_alone():
    listeners = [
        line for line in mosquitto_conf(Path("/d"), 1899).splitlines() if line.startswith(("listener", "port"))
    ]

    assert listeners == ["listener 1899 127.0.0.1"]


def test_the_largest_message_of_the_contract_fits():
    assert MAX_PACKET_BYTES > 64 * 1024
