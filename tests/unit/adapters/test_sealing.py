"""Sealed bytes: read by who has the key, and by nobody else."""

from controller.adapters.sealing import AesSealer

KEY, OTHER = b"k" * 32, b"o" * 32


def test_what_was_sealed_is_read_with_its_key() -> None:
    sealed = AesSealer().seal(KEY, b"a guest's token")

    assert AesSealer().open(KEY, sealed) == b"a guest's token"
    assert b"guest" not in sealed


def test_the_same_is_never_sealed_alike() -> None:
    assert AesSealer().seal(KEY, b"x") != AesSealer().seal(KEY, b"x")


def test_another_key_and_changed_bytes_read_nothing() -> None:
    sealed = AesSealer().seal(KEY, b"a guest's token")

    assert AesSealer().open(OTHER, sealed) is None
    assert AesSealer().open(KEY, sealed[:-1] + bytes([sealed[-1] ^ 1])) is None
    assert AesSealer().open(KEY, b"short") is None
