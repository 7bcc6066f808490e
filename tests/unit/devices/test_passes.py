"""Visiting passes: what a partner's key proves, and what it does not."""

import base64
import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devices import passes
from devices.messages import BadgeReadData
from devices.passes import LONGEST, SKEW, TOKEN_LIMIT, Pass, PassError, Refusal, Revocations, issue, verify

NOON = datetime(2026, 11, 23, 11, 0, tzinfo=UTC)
TRUDAINE_KEY, OTHER_KEY = bytes(range(32)), bytes(range(1, 33))
KEYS = {"trudaine": passes.public_key_text(TRUDAINE_KEY)}
VISIT = Pass("trudaine", "camille", "v-7k3m9x2q", NOON, NOON + timedelta(days=1), 3, "Camille")


def refusal(token: str, now: datetime = NOON, keys=KEYS, revoked=()) -> PassError:
    with pytest.raises(PassError) as refused:
        verify(token, keys, now, revoked)
    assert token not in str(refused.value)
    return refused.value


def signed(**payload: object) -> str:
    """A token with this payload, whatever it says, genuinely signed."""
    body = base64.urlsafe_b64encode(json.dumps(payload).encode()).rstrip(b"=").decode()
    return resigned(f"{passes.PREFIX}.{body}")


def resigned(text: str, key: bytes = TRUDAINE_KEY) -> str:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    signature = Ed25519PrivateKey.from_private_bytes(key).sign(text.encode())
    return f"{text}.{base64.urlsafe_b64encode(signature).rstrip(b'=').decode()}"


FIELDS = {"iss": "trudaine", "sub": "camille", "id": "v-1", "nbf": 1_795_000_000, "exp": 1_795_086_400}


def test_a_pass_signed_by_a_partner_is_read_with_the_partners_public_key():
    assert verify(issue(VISIT, TRUDAINE_KEY), KEYS, NOON) == VISIT


def test_a_pass_fits_a_badge_reads_token_and_is_named_in_no_repr():
    token = issue(VISIT, TRUDAINE_KEY)

    assert len(token) <= TOKEN_LIMIT
    assert token not in repr(BadgeReadData(token=token))
    assert "Camille" not in repr(VISIT)


def test_a_name_that_does_not_fit_is_left_out():
    long = replace(VISIT, name="Camille " * 20)

    assert verify(issue(long, TRUDAINE_KEY), KEYS, NOON) == replace(long, name="")


def test_ids_that_do_not_fit_are_refused_when_it_is_made():
    with pytest.raises(PassError, match="a token has 256: shorten the ids"):
        issue(replace(VISIT, subject="c" * 64, id="v" * 40, issuer="t" * 40), TRUDAINE_KEY)


@pytest.mark.parametrize("what", ["issuer", "subject", "id"])
def test_an_id_that_could_be_taken_for_something_else_is_refused_when_it_is_made(what):
    with pytest.raises(PassError, match=f"{what} 'a/b': a pass takes letters"):
        issue(replace(VISIT, **{what: "a/b"}), TRUDAINE_KEY)


def test_a_visiting_pass_from_an_unknown_key_names_the_issuer_and_what_to_do():
    error = refusal(issue(replace(VISIT, issuer="belleville"), OTHER_KEY))

    assert error.reason is Refusal.UNKNOWN_KEY
    assert str(error) == (
        "it is signed as 'belleville', and space.yaml has no key of that partner (partners: trudaine): ask them for "
        "`natoma visits key` and add it below `partners`"
    )


def test_a_pass_that_somebody_else_signed_in_a_partners_name_is_forged():
    assert refusal(issue(VISIT, OTHER_KEY)).reason is Refusal.FORGED


def test_a_pass_whose_payload_was_changed_is_forged():
    head, _, signature = issue(VISIT, TRUDAINE_KEY).split(".")
    _, longer, _ = issue(replace(VISIT, end=VISIT.end + timedelta(days=3)), TRUDAINE_KEY).split(".")

    assert refusal(f"{head}.{longer}.{signature}").reason is Refusal.FORGED


@pytest.mark.parametrize(
    ("now", "reason"),
    [
        (NOON - SKEW - timedelta(seconds=1), Refusal.NOT_YET),
        (NOON - SKEW, None),
        (NOON + timedelta(days=1, seconds=-1), None),
        (NOON + timedelta(days=1), Refusal.EXPIRED),
    ],
    ids=["before", "clocks differ a little", "last second", "over"],
)
def test_a_pass_is_good_for_its_time_and_no_longer(now, reason):
    token = issue(VISIT, TRUDAINE_KEY)

    if reason is None:
        assert verify(token, KEYS, now).id == VISIT.id
    else:
        assert refusal(token, now).reason is reason


def test_a_pass_of_more_than_seven_days_is_neither_made_nor_taken():
    with pytest.raises(PassError, match="good for 8 days; 7 is the longest") as refused:
        issue(replace(VISIT, end=NOON + LONGEST + timedelta(days=1)), TRUDAINE_KEY)
    made_elsewhere = refusal(signed(**{**FIELDS, "exp": FIELDS["nbf"] + 8 * 86_400}))

    assert (refused.value.reason, made_elsewhere.reason) == (Refusal.TOO_LONG, Refusal.TOO_LONG)


def test_a_revoked_pass_is_not_good():
    assert refusal(issue(VISIT, TRUDAINE_KEY), revoked={VISIT.id}).reason is Refusal.REVOKED


@pytest.mark.parametrize(
    "payload",
    [
        {},
        {**FIELDS, "iss": 7},
        {**FIELDS, "sub": "../admin"},
        {**FIELDS, "id": ""},
        {**FIELDS, "nbf": "now"},
        {**FIELDS, "exp": True},
        {**FIELDS, "exp": 10**18},
        {**FIELDS, "exp": FIELDS["nbf"]},
        {**FIELDS, "days": 0},
        {**FIELDS, "days": 8},
    ],
    ids=["empty", "iss", "sub", "id", "nbf", "exp", "exp too far", "no time", "no days", "too many days"],
)
def test_a_signed_payload_that_makes_no_sense_is_refused_all_the_same(payload):
    assert refusal(signed(**payload)).reason in (Refusal.UNREADABLE, Refusal.UNKNOWN_KEY)


def test_a_field_of_a_later_version_is_no_hindrance():
    assert verify(signed(**FIELDS, floor="2"), KEYS, datetime.fromtimestamp(FIELDS["nbf"], UTC)).subject == "camille"


@pytest.mark.parametrize(
    "token",
    ["", "natoma-visit-1", "natoma-visit-2.e30.e30", "natoma-visit-1.e30.%%", "natoma-visit-1.e31.e30", "natoma-visit-1.e30=.e30"],
    ids=["nothing", "only the word", "another version", "no base64", "sloppy bits", "padded"],
)  # fmt: skip
def test_what_is_no_pass_says_so(token):
    with pytest.raises(PassError, match="this is nothing a partner signed: ") as refused:
        verify(token, KEYS, NOON)

    assert refused.value.reason is Refusal.UNREADABLE


def test_one_pass_has_one_spelling():
    token = issue(VISIT, TRUDAINE_KEY)
    tail = token[-1]
    others = [token[:-1] + chr(code) for code in range(ord("A"), ord("Z")) if chr(code) != tail]

    assert all(refusal(other).reason in (Refusal.UNREADABLE, Refusal.FORGED) for other in others)


def test_a_key_of_the_wrong_length_says_what_a_key_is():
    error = refusal(issue(VISIT, TRUDAINE_KEY), keys={"trudaine": "AAAA"})

    assert "a public key is 32 bytes as 43 characters of base64url; this one has 3" in str(error)


def test_the_public_key_is_what_space_yaml_takes():
    assert len(KEYS["trudaine"]) == 43


def test_revocations_travel_signed_as_a_file():
    given = Revocations("trudaine", NOON, frozenset({"v-1", "v-2"}), {"camille": NOON - timedelta(hours=1)})
    text = passes.revoke(given, TRUDAINE_KEY)

    assert passes.read_revocations(text + "\n", KEYS) == given
    with pytest.raises(PassError) as forged:
        passes.read_revocations(passes.revoke(given, OTHER_KEY), KEYS)
    assert forged.value.reason is Refusal.FORGED


@pytest.mark.parametrize(
    "payload",
    [{"ids": "v-1"}, {"ids": [7]}, {"ids": ["a/b"]}, {"ids": [], "subs": []}, {"ids": [], "subs": {"a": "now"}}, {}],
    ids=["ids no list", "ids no texts", "ids no ids", "members no object", "no moment", "nothing"],
)
def test_a_list_of_revocations_that_makes_no_sense_is_refused(payload):
    body = base64.urlsafe_b64encode(json.dumps({"iss": "trudaine", "at": 1, **payload}).encode()).rstrip(b"=").decode()
    with pytest.raises(PassError) as refused:
        passes.read_revocations(resigned(f"{passes.REVOKED_PREFIX}.{body}"), KEYS)

    assert refused.value.reason is Refusal.UNREADABLE


def test_a_pass_is_no_list_of_revocations_and_the_other_way_round():
    token = issue(VISIT, TRUDAINE_KEY)
    listed = passes.revoke(Revocations("trudaine", NOON), TRUDAINE_KEY)

    assert refusal(listed).reason is Refusal.UNREADABLE
    with pytest.raises(PassError):
        passes.read_revocations(token, KEYS)
    assert (passes.is_pass(token), passes.is_pass(listed), passes.is_pass("T-4711")) == (True, False, False)


@given(st.text(max_size=300))
def test_whatever_is_held_to_the_reader_is_answered(text):
    with pytest.raises(PassError):
        verify(text, KEYS, NOON)


@given(st.binary(max_size=120))
def test_whatever_is_signed_is_answered(body):
    token = resigned(f"{passes.PREFIX}.{base64.urlsafe_b64encode(body).rstrip(b'=').decode()}")
    with pytest.raises(PassError):
        verify(token, KEYS, NOON)
