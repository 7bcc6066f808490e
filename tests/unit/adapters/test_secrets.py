"""Keys in files, and the keyed digest of a badge."""

import hashlib
from pathlib import Path

import pytest

from controller.adapters.secrets import (
    BADGE_KEY,
    BadgeDigests,
    BadgeKey,
    load_badge_key,
    load_list_signing_key,
    load_or_create,
)
from controller.errors import StartupError
from devices.accesslist import list_digest
from devices.badges import Badge

# The contract's own example, nobody's badge.
CARD = Badge("04AF68DACB5A80", 56, "iso14443a")


def test_a_key_is_made_once_and_read_by_its_owner_alone(tmp_path: Path) -> None:
    made = load_badge_key(tmp_path / "secrets")

    assert load_badge_key(tmp_path / "secrets") == made
    assert (tmp_path / "secrets" / BADGE_KEY).stat().st_mode & 0o777 == 0o600
    assert (tmp_path / "secrets").stat().st_mode & 0o777 == 0o700
    assert len(made.key) == 32


def test_one_badge_has_one_digest_under_one_key() -> None:
    digests = BadgeDigests(BadgeKey("k1", b"k" * 32))

    assert digests.of(CARD) == digests.of(Badge("04AF68DACB5A80", 56, "iso14443a"))
    assert digests.of(CARD) != BadgeDigests(BadgeKey("k2", b"K" * 32)).of(CARD)


@pytest.mark.parametrize(
    "other",
    [Badge("04AF68DACB5A81", 56, "iso14443a"), Badge("04AF68DACB5A80", 55, "iso14443a"), Badge("04AF68DACB5A80", 56, "em4100")],
    ids=["number", "bits", "format"],
)  # fmt: skip
def test_another_number_length_or_format_is_another_badge(other: Badge) -> None:
    digests = BadgeDigests(BadgeKey("k1", b"k" * 32))

    assert digests.of(CARD) != digests.of(other)


def test_a_digest_is_not_a_plain_hash_of_the_number() -> None:
    digest = BadgeDigests(BadgeKey("k1", b"k" * 32)).of(CARD)

    assert len(digest) == 32
    assert digest != hashlib.sha256(CARD.canonical.encode()).digest()


def test_no_key_shows_in_a_repr(tmp_path: Path) -> None:
    key = load_badge_key(tmp_path)

    assert repr(key) == f"BadgeKey(id={key.id!r})"
    assert key.key.hex() not in repr(BadgeDigests(key).__dict__)


def test_the_id_of_a_key_tells_it_from_another_and_tells_nothing_more(tmp_path: Path) -> None:
    one, other = load_badge_key(tmp_path / "1"), load_badge_key(tmp_path / "2")

    assert one.id != other.id
    assert one.id not in one.key.hex()


def test_a_secret_that_others_may_read_is_refused_with_the_remedy(tmp_path: Path) -> None:
    load_or_create(tmp_path / "s")
    (tmp_path / "s").chmod(0o644)

    with pytest.raises(StartupError, match=r"mode 644\): run `chmod 600"):
        load_or_create(tmp_path / "s")


def test_a_key_cut_off_is_refused(tmp_path: Path) -> None:
    load_badge_key(tmp_path)
    (tmp_path / BADGE_KEY).write_bytes(b"short")

    with pytest.raises(StartupError, match="holds 5 bytes, a badge key has 32"):
        load_badge_key(tmp_path)


def test_no_new_key_is_made_while_badges_are_enrolled_under_one_that_is_gone(tmp_path: Path) -> None:
    with pytest.raises(StartupError, match=r"badge\.key is missing.* from your backup.* enrol the badges again"):
        load_badge_key(tmp_path / "secrets", enrolled_with={"0badc0de"})

    assert not (tmp_path / "secrets").exists()


def test_another_key_than_that_of_the_enrolled_badges_is_refused_and_kept(tmp_path: Path) -> None:
    made = load_badge_key(tmp_path)

    with pytest.raises(StartupError, match=rf"badge\.key is key {made.id}, .* under key 0badc0de\. Put the key back"):
        load_badge_key(tmp_path, enrolled_with={made.id, "0badc0de"})

    assert load_badge_key(tmp_path, enrolled_with={made.id}) == made


def test_a_secret_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()

    with pytest.raises(StartupError, match="cannot be read or created"):
        load_or_create(tmp_path / "file" / "s")


def test_the_key_doors_are_given_follows_from_the_badge_key_and_tells_nothing_of_it(tmp_path: Path) -> None:
    digests = BadgeDigests(load_badge_key(tmp_path))
    badge = CARD

    assert digests.list_key == BadgeDigests(load_badge_key(tmp_path)).list_key
    assert digests.list_key not in (tmp_path / "badge.key").read_bytes()
    assert digests.list_digest_of(badge) == list_digest(digests.list_key, badge.canonical)
    assert digests.list_digest_of(badge) != digests.of(badge)
    assert digests.list_digest_of_token("t") == list_digest(digests.list_key, "token:t")


def test_lists_are_signed_with_one_key_for_good_and_a_cut_one_is_refused(tmp_path: Path) -> None:
    key = load_list_signing_key(tmp_path)

    assert load_list_signing_key(tmp_path) == key
    (tmp_path / "lists.key").write_bytes(key[:20])
    with pytest.raises(StartupError, match=r"lists\.key holds 20 bytes, a signing key has 32"):
        load_list_signing_key(tmp_path)
