"""`natoma explain --badge` of what is no badge: a ticket, by its code or by the name on it, and a pass."""

from datetime import timedelta

import pytest

from controller.adapters.secrets import BadgeDigests, BadgeKey
from controller.cli.explain import _digest, _visitor
from controller.domain.holdings import PublicEvent, Ticket
from controller.domain.ids import EventId, PersonId, TicketId
from controller.errors import InputError
from controller.services.ports import RegistrySnapshot
from tests.support.services import LAB_DOOR, NOON, SPACE, STREET

DIGESTS = BadgeDigests(BadgeKey("k", bytes(32)))
TALK = PublicEvent(
    EventId("talk"), "A talk", PersonId("hera"), LAB_DOOR.inner, (STREET.id,), NOON, NOON + timedelta(1), 9
)
TICKET = Ticket(TicketId("t1"), TALK.id, "Vera Visitor")
CODE = "Qk3v-9x_the-code-of-a-ticket"
PEOPLE = RegistrySnapshot(
    version=1,
    events={TALK.id: TALK},
    tickets={TICKET.id: TICKET},
    ticket_digests={DIGESTS.of_token(CODE): TICKET.id},
)


@pytest.mark.parametrize("asked", [CODE, "vera visitor", "t1"], ids=["its code", "the name on it", "its id"])
def test_a_ticket_is_explained_by_its_code_or_by_whom_it_was_made_out_to(asked: str) -> None:
    assert _digest(PEOPLE, DIGESTS, SPACE, asked, STREET) == DIGESTS.of_token(CODE)


def test_what_is_none_of_all_is_told_in_plain_words() -> None:
    with pytest.raises(InputError, match="neither a person here, nor a ticket or pass known here, nor a badge number"):
        _digest(PEOPLE, DIGESTS, SPACE, "somebody else", STREET)


def test_a_pass_that_is_not_taken_says_why() -> None:
    with pytest.raises(InputError, match="this visiting pass is not taken here"):
        _visitor(PEOPLE, DIGESTS, SPACE, "natoma-visit-1.e30.e30")
