"""A CSV of guests: what is taken, and what each wrong cell is told."""

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from controller.errors import InputError
from controller.services.visitors.ticket_file import (
    PROBLEMS_TOLD,
    SIZE_LIMIT,
    TICKETS_AT_MOST,
    Guest,
    one_guest,
    read_ticket_file,
)


def read(text: str) -> tuple[Guest, ...]:
    return read_ticket_file(text.encode(), "x.csv")


def refused(text: str | bytes) -> str:
    with pytest.raises(InputError) as raised:
        read_ticket_file(text.encode() if isinstance(text, str) else text, "x.csv")
    return str(raised.value)


ADA = Guest(2, "Ada", "ada@example.org")


@pytest.mark.parametrize(
    ("text", "guests"),
    [
        ("name,email\nAda, ada@example.org \n\n\nBea\n", (ADA, Guest(5, "Bea"))),
        ("Email,Name\nada@example.org,Ada\n", (ADA,)),
        ("Bea\nCy,cy@example.org\n", (Guest(1, "Bea"), Guest(2, "Cy", "cy@example.org"))),
        ("name,count\nAda,3\nBea,\n", (Guest(2, "Ada", count=3), Guest(3, "Bea"))),
        ("name;email\r\nAda;ada@example.org\r\n", (ADA,)),
        ("name,person\nAda,ada\n", (Guest(2, "Ada", person="ada"),)),
        ('name\n"Lovelace, Ada"\n', (Guest(2, "Lovelace, Ada"),)),
        ("email,name\nx@y\n,Ada\n", None),
    ],
    ids=["heading", "other order", "no heading", "count", "semicolons", "person", "quoted comma", "short row"],
)
def test_rows_are_read_as_spreadsheets_write_them(text, guests):
    if guests is None:
        assert "x.csv:2: name: empty" in refused(text)
    else:
        assert read(text) == guests


def test_the_mark_some_programs_put_before_the_text_is_no_part_of_it():
    assert read_ticket_file("\ufeffname\nAda\n".encode(), "x.csv") == (Guest(2, "Ada"),)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "x.csv: has no names"),
        ("name,email\n", "x.csv: has no names"),
        ("name,email\nAda,a@b,2,ada,c\n", "x.csv:2: row: 5 columns — name,email; a comma inside a value needs quotes"),
        ("Ada\n,ada@example.org\n", "x.csv:2: name: empty — each row needs a name"),
        (f"name\n{'A' * 81}\n", "each row needs a name of at most 80 characters"),
        ("Ada,ada\n", "x.csv:1: email: 'ada' — one address like ada@example.org"),
        ('Ada,"a@b, c@d"\n', "x.csv:1: email: 'a@b, c@d' — one address"),
        ("name,count\nAda,0\n", "x.csv:2: count: '0' — how many tickets, from 1 to 50"),
        ("name,count\nAda,two\n", "x.csv:2: count: 'two' — how many"),
        ("name,count\nAda,²\n", "x.csv:2: count: '²' — how many"),
        ("name,seat\nAda,4\n", "x.csv:1: heading: 'seat' — the columns are name, email, count, person"),
        ("name,name\nAda,B\n", "x.csv:1: heading: name twice — each once"),
        ("email\na@b\n", "x.csv:1: heading: no name — each row needs a name"),
        ('name\n"Ada\n', "not CSV"),
        ('name\n"A\nda"\n', "has a line break or another unseen character"),
        ("name\nA\x00da\n", "has a line break or another unseen character"),
        ("name\n=HYPERLINK(1)\n", "x.csv:2: name: '=HYPERLINK(1)' — begins with '=', which a spreadsheet runs"),
        ("name,email\nAda,+a@b\n", "x.csv:2: email: '+a@b' — begins with '+'"),
        ("name,email\nAda,@a\n", "begins with '@'"),
        ("name\n-1+2\n", "begins with '-'"),
        ("name,email\nAda,a@b\nEve,A@B\n", "x.csv:3: email: 'A@B' — is in line 2 already; write the count there"),
        ("name,person\nAda,ada\nEve,ADA\n", "x.csv:3: person: 'ADA' — is in line 2 already"),
        ("name\nAda\nada\n", "x.csv:3: name: 'ada' — is in line 2 already; tell them apart by an email"),
        ("Ada,a@b\n" * 2 + "Bea,=x\n", "x.csv:3: email: '=x'"),
        (b"name\nAd\xe9le\n", "x.csv: is not UTF-8 — save the sheet as CSV UTF-8"),
        ("name\nAda\n".encode("utf-16"), "x.csv: is not UTF-8"),
        (b"A" * (SIZE_LIMIT + 1), "x.csv: larger than 4 MiB"),
    ],
    ids=lambda value: repr(value)[:24],
)
def test_what_is_wrong_is_named_with_its_line_and_value(text, words):
    assert words in refused(text)


def test_ten_megabytes_are_refused_by_their_size_alone():
    assert "larger than 4 MiB" in refused(b"Ada,ada@example.org\n" * 500_000)


def test_more_than_a_few_thousand_at_once_are_too_many_counts_included():
    rows = "".join(f"Visitor {number},,50\n" for number in range(101))

    assert f"5050 tickets — at most {TICKETS_AT_MOST} at once" in refused(f"name,email,count\n{rows}")


def test_everything_wrong_is_told_at_once_and_a_broken_file_does_not_fill_the_screen():
    said = refused("name\n" + "=1\n" * 30).splitlines()

    assert len(said) == PROBLEMS_TOLD + 2
    assert said[-2:] == ["… and 10 more", "No ticket was made."]


def test_one_guest_typed_by_hand_is_held_to_the_same():
    assert one_guest(" Ada ", "", 2, "", "--") == Guest(1, "Ada", count=2)
    with pytest.raises(InputError, match="-- email: 'ada' — one address"):
        one_guest("Ada", "ada", 1, "", "--")


@given(st.text(max_size=200))
def test_any_text_is_read_or_refused_in_words(text):
    with suppress(InputError):
        assert all(guest.name and guest.name[0] not in "=+-@" for guest in read(text))


def test_a_file_of_a_million_rows_is_refused_without_reading_them_all():
    assert "10001 rows and more — at most 5000 at once" in refused("name\n" + "a\n" * 1_000_000)


@pytest.mark.parametrize("heading", ["nom,courriel", "Nom;E-mail", "NAME,mail", "Invité,adresse e-mail"])
def test_a_heading_in_french_is_one_and_no_guest(heading):
    separator = ";" if ";" in heading else ","
    (guest,) = read_ticket_file(f"{heading}\nAda{separator}ada@example.org\n".encode(), "guests.csv")

    assert (guest.name, guest.email) == ("Ada", "ada@example.org")


def test_a_lone_nom_is_a_heading_too():
    assert [one.name for one in read_ticket_file(b"Nom\nAda\n", "guests.csv")] == ["Ada"]
