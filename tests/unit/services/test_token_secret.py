"""How a token's secret is spelt."""

from hypothesis import given
from hypothesis import strategies as st

from controller.services.tokens.secret import LENGTH, digest_of, is_whole, new_secret, spelled


def test_a_secret_begins_so_that_a_scanner_finds_it() -> None:
    assert spelled(bytes(32)) == "natoma_" + "0" * 43 + "2gr1N4"
    assert LENGTH == len(spelled(bytes(32))) == 56


def test_no_two_secrets_are_alike() -> None:
    assert len({new_secret() for _ in range(100)}) == 100


@given(st.binary(min_size=32, max_size=32))
def test_every_secret_is_whole(secret: bytes) -> None:
    assert is_whole(spelled(secret))


@given(st.binary(min_size=32, max_size=32), st.data())
def test_a_slip_in_one_letter_is_noticed(secret: bytes, data: st.DataObject) -> None:
    text = spelled(secret)
    place = data.draw(st.integers(7, LENGTH - 1))
    letter = data.draw(st.sampled_from("0aZ").filter(lambda one: one != text[place]))

    assert not is_whole(text[:place] + letter + text[place + 1 :])


@given(st.text(max_size=70))
def test_words_are_no_secret(text: str) -> None:
    assert not is_whole(text)


def test_what_is_kept_tells_nothing_of_it() -> None:
    text = spelled(bytes(32))

    assert len(digest_of(text)) == 32
    assert digest_of(text) != digest_of(spelled(bytes(31) + b"\1"))
