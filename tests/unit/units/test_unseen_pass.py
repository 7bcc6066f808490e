"""A reader alone and a visiting pass that nobody has shown before: let in, and told of without the pass itself."""

from datetime import timedelta

from devices import codec, passes
from devices.accesslist import Terms, issuer_hash, prepare, seal
from devices.badges import CONTRACT
from devices.messages import AccessEntry, AccessIssuer, BadgeReadData, Event, LocalDecisionData, Signal
from devices.passes import Pass
from devices.units import OwnList, Reader, Voice
from devices.units.steps import BadgeShown, Connected, Heard, Publish, ReleaseLock, Show
from tests.support.lists import ALWAYS, KEYS, NOON, SALT, SIGNING_KEY

CAMILLES = Pass("trudaine", "camille", "k7m2p9qx", NOON - timedelta(hours=1), NOON + timedelta(days=3), 2, "Camille")
TOKEN = passes.issue(CAMILLES, bytes([7]) * 32)


def reader_alone() -> Reader:
    h = issuer_hash(SALT, "trudaine")
    issuer = AccessIssuer(iss="trudaine", key=passes.public_key_text(bytes([7]) * 32), h=h)
    terms = Terms("reader", 41, NOON, NOON + timedelta(days=1), SALT, issuers=(issuer,))
    (page,) = seal(terms, [prepare(AccessEntry(h=h, weekly=ALWAYS, days=1))], SIGNING_KEY)
    reader, _ = Reader(Voice("b1"), own=OwnList("reader", KEYS, CONTRACT)).step(Heard(page, retained=True), NOON)
    return reader


def test_what_is_told_of_an_unseen_pass_says_whose_it_was_and_opens_nothing():
    reader, effects = reader_alone().step(BadgeShown(BadgeReadData(token=TOKEN)), NOON)
    _, told = reader.step(Connected(), NOON + timedelta(minutes=1))

    (event,) = (one.message for one in told if isinstance(one, Publish) and isinstance(one.message, Event))
    assert isinstance(event.data, LocalDecisionData)
    assert effects == (Show(Signal.GRANTED), ReleaseLock(None))
    assert event.data.visit is not None
    assert (event.data.visit.iss, event.data.visit.sub, event.data.visit.id) == ("trudaine", "camille", "k7m2p9qx")
    assert (event.data.visit.since, event.data.visit.until, event.data.visit.days) == (CAMILLES.start, CAMILLES.end, 2)
    assert (event.data.token, event.data.h, event.data.uses_day) == (None, None, True)
    signature = TOKEN.rpartition(".")[2]
    assert signature.encode() not in codec.encode(event)
    assert b"Camille" not in codec.encode(event)
    assert signature not in repr(reader)
