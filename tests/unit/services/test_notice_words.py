"""Messages in somebody's own language: whole in both, with local moments, and never more than was meant."""

import string
from zoneinfo import ZoneInfo

import pytest

from controller.domain.community import Language
from controller.domain.ids import PersonId
from controller.domain.notices import Channel, Notice, NoticeKind
from controller.services.notices.words import Names, template, written

ADA = PersonId("ada")
NAMES = Names(
    ZoneInfo("America/Los_Angeles"), {"pine": "Pine", "bad": "Pine\r\nBcc: x"}.__getitem__, {"guest-1": "Grace"}.get
)  # type: ignore[arg-type]
SPAN = {"room": "pine", "start": "2026-03-08T09:30:00+00:00", "end": "2026-03-08T11:00:00+00:00"}


def message(kind: NoticeKind, language: Language = Language.ENGLISH, **data: str):
    return written(Notice("k", kind, ADA, Channel.MAIL, data), language, NAMES)


def placeholders(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name}


@pytest.mark.parametrize("kind", NoticeKind)
def test_each_message_is_there_in_every_language_and_says_the_same_things(kind: NoticeKind) -> None:
    asked = {language: template(kind, language) for language in Language}

    assert all(subject and body for subject, body in asked.values())
    assert len({frozenset(placeholders(subject + body)) for subject, body in asked.values()}) == 1
    assert len({subject for subject, _ in asked.values()}) == len(Language)


def test_moments_are_local_and_in_the_language() -> None:
    # The clocks go forward at two that night.
    english = message(NoticeKind.BOOKING_RELEASED, **SPAN)
    french = message(NoticeKind.BOOKING_RELEASED, Language.FRENCH, **SPAN)

    assert "Pine, Sunday 8 March 01:30 to 04:00," in english.body
    assert "Pine, dimanche 8 mars de 01:30 à 04:00," in french.body


def test_a_time_over_midnight_names_both_days() -> None:
    over = {**SPAN, "end": "2026-03-09T11:00:00+00:00"}

    assert "Sunday 8 March 01:30 to Monday 9 March 04:00" in message(NoticeKind.WAITING_WON, **over).subject


def test_a_reason_is_told_where_there_is_one() -> None:
    assert "The reason given: painters." in message(NoticeKind.BOOKING_DECLINED, reason="painters.", **SPAN).body
    assert "reason" not in message(NoticeKind.BOOKING_DECLINED, **SPAN).body


def test_a_name_is_one_line_and_no_template() -> None:
    odd = message(NoticeKind.BOOKING_DECLINED, **{**SPAN, "room": "bad"}, reason="{who} {0.__class__}\n\nBcc: y")

    assert "\n" not in odd.subject
    assert "Pine Bcc: x" in odd.subject
    assert "{who} {0.__class__} Bcc: y." in odd.body


def test_what_a_fact_did_not_say_does_not_stop_a_message() -> None:
    assert message(NoticeKind.BOOKING_RELEASED).subject == "? was given back"
    assert message(NoticeKind.BOOKING_RELEASED, start="yesterday", end="x").body.startswith("Nobody came to ?, ?")


def test_a_name_as_long_as_a_book_is_cut() -> None:
    long = Names(NAMES.zone, lambda _: "x" * 10_000, NAMES.person)

    assert (
        len(written(Notice("k", NoticeKind.BOOKING_RELEASED, ADA, Channel.MAIL, SPAN), Language.ENGLISH, long).subject)
        < 300
    )
