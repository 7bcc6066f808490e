"""What a link accepts to be told."""

from pathlib import Path
from typing import Any

import pytest

from devices.link import LinkSettings, TlsSettings


def settings(**changes: Any) -> LinkSettings:
    return LinkSettings(**{"host": "broker.example", "client_id": "server-access", **changes})


def test_the_password_is_in_no_repr():
    assert "secret" not in repr(settings(password="secret"))


def test_the_address_reads_like_a_url():
    assert settings().address == "mqtt://broker.example:1883"
    assert settings(tls=TlsSettings(), port=8883).address == "mqtts://broker.example:8883"
    assert settings(host="::1").address == "mqtt://[::1]:1883"


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        pytest.param({"protocol": 3}, "protocol 3", id="protocol"),
        pytest.param({"host": ""}, "host is empty", id="host"),
        pytest.param({"port": 70000}, "port 70000", id="port"),
        pytest.param({"client_id": ""}, "client_id is empty", id="client-id"),
        pytest.param({"session_expiry_s": 0}, "keeps nothing", id="a-session-that-keeps-nothing"),
        pytest.param({"receive_maximum": 0}, "receive_maximum 0", id="receive-maximum"),
        pytest.param({"outbox_limit": 100000}, "outbox_limit 100000", id="outbox"),
        pytest.param({"subscriptions": (("a/#", 2),)}, "'a/#' at QoS 2", id="qos-2"),
        pytest.param({"flagged_if_retained": frozenset({"a/#"})}, r"flagged_if_retained names \['a/#'\]", id="flagged"),
        pytest.param({"heartbeat_every_s": 0.0}, "heartbeat_every_s", id="heartbeat"),
        pytest.param({"reconnect_min_s": 9.0, "reconnect_max_s": 1.0}, "reconnect_min_s 9.0", id="reconnect"),
    ],
)
def test_what_cannot_work_is_refused_with_its_value(changes: dict[str, Any], said: str):
    with pytest.raises(ValueError, match=said):
        settings(**changes)


def test_a_clean_start_needs_no_session_time():
    assert not settings(clean_start=True, session_expiry_s=0).keeps_session


def test_a_key_needs_its_certificate():
    with pytest.raises(ValueError, match=r"client\.key without a cert_file"):
        TlsSettings(key_file=Path("client.key"))
