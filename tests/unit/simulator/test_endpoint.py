"""Where the broker is: flags win over what a demo left, and whatever is wrong says how it would be right."""

import json
from pathlib import Path

import pytest

from simulator.endpoint import DataDir
from simulator.errors import InputError


@pytest.fixture
def demo(tmp_path: Path) -> DataDir:
    (tmp_path / "broker").mkdir()
    left = {"url": "mqtt://127.0.0.1:4711", "version": 4, "space": "/somewhere/space.yaml"}
    (tmp_path / "broker" / "endpoint.json").write_text(json.dumps(left))
    (tmp_path / "broker" / "passwords.json").write_text(json.dumps({"door-front": "secret", "sensor": "secret"}))
    return DataDir(tmp_path)


def test_a_demo_leaves_all_one_needs(demo: DataDir):
    endpoint = demo.endpoint(None, None, None, None)

    assert (endpoint.host, endpoint.port, endpoint.version) == ("127.0.0.1", 4711, 4)
    assert endpoint.passwords["door-front"] == "secret"
    assert demo.space(None) == Path("/somewhere/space.yaml")


def test_flags_win(demo: DataDir):
    endpoint = demo.endpoint("mqtts://broker.example", "5", None, None)

    assert (endpoint.host, endpoint.port, endpoint.version) == ("broker.example", 8883, 5)
    assert endpoint.tls is not None
    assert demo.space(Path("mine.yaml")) == Path("mine.yaml")


def test_no_password_is_ever_in_a_repr(demo: DataDir):
    assert "secret" not in repr(demo.endpoint(None, None, None, None))


def test_without_a_passwords_file_devices_go_in_without(tmp_path: Path):
    endpoint = DataDir(tmp_path).endpoint("127.0.0.1", None, None, None)

    assert endpoint.port == 1883
    endpoint.require_passwords(["door-front"])


def test_devices_without_a_password_are_named(demo: DataDir):
    with pytest.raises(InputError, match="has none for a, b, c and 1 more; it was made for another space file"):
        demo.endpoint(None, None, None, None).require_passwords(["a", "b", "c", "d", "door-front"])


@pytest.mark.parametrize(
    ("url", "version", "message"),
    [
        ("http://host", None, "'http://host' is not an address"),
        ("mqtt://host:port", None, "is not an address"),
        ("mqtt://", None, "is not an address"),
        ("mqtt://me:word@host", None, "each device has its own"),
        ("mqtt://host", "6", "'6' is not spoken; it is 5 or 3.1.1"),
        (None, None, "which broker\\? Give --mqtt"),
    ],
)
def test_what_is_wrong_is_said(tmp_path: Path, url: str | None, version: str | None, message: str):
    with pytest.raises(InputError, match=message):
        DataDir(tmp_path).endpoint(url, version, None, None)


@pytest.mark.parametrize(
    ("content", "message"),
    [("{", "this is not JSON"), ("[]", "this is not a JSON object"), ('{"a": 1}', "this is not a passwords file")],
)
def test_a_broken_passwords_file_is_named(tmp_path: Path, content: str, message: str):
    file = tmp_path / "p.json"
    file.write_text(content)

    with pytest.raises(InputError, match=message):
        DataDir(tmp_path).endpoint("mqtt://host", None, file, None)


def test_a_missing_one_too(tmp_path: Path):
    with pytest.raises(InputError, match="cannot be read: No such file"):
        DataDir(tmp_path).endpoint("mqtt://host", None, tmp_path / "none.json", None)


def test_without_a_demo_the_space_is_asked_for(tmp_path: Path):
    with pytest.raises(InputError, match="which space\\? Give --space FILE"):
        DataDir(tmp_path).space(None)


def test_doors_find_their_keys_beside_the_passwords(demo: DataDir):
    keys = {"list_key": "11" * 32, "public_key": "22" * 32}
    demo.passwords.with_name("doors.json").write_text(json.dumps(keys))

    endpoint = demo.endpoint(None, None, None, None)

    assert endpoint.door_keys is not None
    assert (endpoint.door_keys.list_key, endpoint.door_keys.public_key) == (b"\x11" * 32, b"\x22" * 32)
    assert "11" * 32 not in repr(endpoint)
    assert demo.endpoint(None, None, demo.passwords, None).door_keys == endpoint.door_keys


def test_without_them_doors_know_no_list(demo: DataDir):
    assert demo.endpoint(None, None, None, None).door_keys is None


@pytest.mark.parametrize(
    "keys", [{}, {"list_key": "11", "public_key": "22" * 32}, {"list_key": "x", "public_key": "y"}]
)
def test_keys_that_are_none_are_refused_by_name(demo: DataDir, keys: dict[str, str]):
    demo.passwords.with_name("doors.json").write_text(json.dumps(keys))

    with pytest.raises(InputError, match=r"doors\.json: these are not the doors' keys; .* 64 hex digits each"):
        demo.endpoint(None, None, None, None)
