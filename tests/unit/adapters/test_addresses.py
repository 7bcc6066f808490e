"""Which addresses a stranger's URL may lead to."""

import pytest

from controller.adapters.addresses import is_named, is_public


@pytest.mark.parametrize("address", ["8.8.8.8", "2606:4700::1111", "::ffff:8.8.8.8", "64:ff9b::808:808"])
def test_a_host_of_the_public_internet_is_public(address: str) -> None:
    assert is_public(address)


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1",
        "10.1.2.3",
        "192.168.1.10",
        "169.254.169.254",  # where clouds keep their keys
        "100.64.0.1",
        "224.0.0.1",
        "240.0.0.1",
        "255.255.255.255",
        "0.0.0.0",
        "::",
        "::1",
        "fe80::1%eth0",
        "fc00::1",
        "ff02::1",
        "::ffff:127.0.0.1",
        "64:ff9b::a00:1",
        "2002:7f00:1::",
        "2001:0:7f00:1::",
        "localhost",
        "",
    ],
)
def test_what_only_this_network_reaches_is_not_public_however_it_is_spelt(address: str) -> None:
    assert not is_public(address)


@pytest.mark.parametrize(
    ("host", "name"), [("NextCloud.house.", "nextcloud.house"), ("[fd00::1]", "FD00:0:0::1"), ("10.0.0.5", "10.0.0.5")]
)
def test_a_host_is_named_however_it_is_spelt(host: str, name: str) -> None:
    assert is_named(host, ("other.house", name))


def test_a_host_below_one_that_is_named_is_another() -> None:
    assert not is_named("evil.nextcloud.house", ("nextcloud.house",))
