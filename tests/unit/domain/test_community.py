"""Who is here, and who could help: nobody who did not choose to be known."""

from dataclasses import replace
from datetime import date, timedelta

from hypothesis import given
from hypothesis import strategies as st

from controller.domain.community import NEW_FOR, Here, Profile, is_newcomer, who_could_help, who_is_here
from controller.domain.ids import PersonId, PlanId
from controller.domain.membership import Membership, Person, PersonKind

ADA, BEN, CLAIRE = PersonId("ada"), PersonId("ben"), PersonId("claire")
PEOPLE = {
    ADA: Person(ADA, "Ada Lovelace"),
    BEN: Person(BEN, "Ben Ortiz"),
    CLAIRE: Person(CLAIRE, "Élodie Claire"),
}
SHARES = Profile(ADA, shares_presence=True, can_be_asked=True, skills=("Soldering", "Databases"), about="Ask me early")


def here(*profiles: Profile, inside: frozenset[PersonId] = frozenset(PEOPLE)) -> tuple[Here, ...]:
    return who_is_here({one.person: one for one in profiles}, PEOPLE, inside)


def test_whoever_is_in_and_shares_it_is_here() -> None:
    assert here(SHARES) == (Here(ADA, "Ada Lovelace", ("Soldering", "Databases"), "Ask me early", can_be_asked=True),)


def test_whoever_is_out_is_not_here() -> None:
    assert here(SHARES, inside=frozenset({BEN})) == ()


def test_whoever_did_not_choose_it_is_not_here() -> None:
    assert here(replace(SHARES, shares_presence=False)) == ()


def test_skills_are_told_of_those_alone_who_may_be_asked() -> None:
    assert here(replace(SHARES, can_be_asked=False))[0].skills == ()


def test_a_banned_or_unknown_person_is_not_here() -> None:
    banned = {ADA: replace(PEOPLE[ADA], banned=True)}

    assert who_is_here({ADA: SHARES}, banned, {ADA}) == ()
    assert who_is_here({ADA: SHARES}, {}, {ADA}) == ()


def test_people_are_listed_by_name_as_one_reads_it() -> None:
    everybody = here(*(replace(SHARES, person=who) for who in (BEN, CLAIRE, ADA)))

    assert [one.name for one in everybody] == ["Ada Lovelace", "Ben Ortiz", "Élodie Claire"]


def test_accents_capitals_and_a_plural_make_no_difference() -> None:
    for skills, wanted in (
        (("Électronique",), "electronique"),
        (("video editing",), "VIDEO"),
        (("database",), "databases"),
        (("Databases",), "database"),
        (("travaux de bois",), "bois"),
        (("C++",), "c++"),
    ):
        found = who_could_help(wanted, here(replace(SHARES, skills=skills, about="")))
        assert [one.person for one in found] == [ADA], (skills, wanted)


def test_the_beginning_of_a_word_is_enough() -> None:
    assert [one.person for one in who_could_help("solder", here(SHARES))] == [ADA]
    assert who_could_help("so", here(SHARES)) == ()


def test_small_words_find_nobody() -> None:
    assert who_could_help("help me with the", here(replace(SHARES, about="I help with the kitchen"))) == ()


def test_a_skill_says_more_than_what_somebody_wrote_of_themselves() -> None:
    by_skill = replace(SHARES, person=BEN, skills=("printing",), about="")
    by_words = replace(SHARES, person=ADA, skills=("tax",), about="I like printing")

    found = who_could_help("printing", here(by_words, by_skill))

    assert [one.person for one in found] == [BEN, ADA]


def test_the_more_words_fit_the_earlier_somebody_is_named() -> None:
    one = replace(SHARES, person=ADA, skills=("3d printing",), about="")
    both = replace(SHARES, person=BEN, skills=("3d printing", "laser cutting"), about="")

    found = who_could_help("laser and 3d printing", here(one, both))

    assert [one.person for one in found] == [BEN, ADA]


def test_whoever_may_be_asked_is_found_by_their_own_words_as_well() -> None:
    found = who_could_help("solder", here(replace(SHARES, skills=(), about="I solder things")))

    assert [one.person for one in found] == [ADA]


def test_nobody_is_found_by_what_they_cannot_be_asked_about() -> None:
    assert who_could_help("solder", here(replace(SHARES, can_be_asked=False, about="solder"))) == ()


_names = st.sampled_from([ADA, BEN, CLAIRE])
_profiles = st.dictionaries(
    _names,
    st.builds(
        Profile,
        person=st.just(ADA),
        shares_presence=st.booleans(),
        can_be_asked=st.booleans(),
        skills=st.lists(st.sampled_from(["solder", "tax", "piano"]), max_size=2).map(tuple),
        about=st.sampled_from(["", "solder", "piano and tax"]),
    ),
).map(lambda found: {who: replace(one, person=who) for who, one in found.items()})


@given(_profiles, st.frozensets(_names), st.frozensets(_names), st.sampled_from(["solder", "tax piano", "x"]))
def test_nothing_changes_for_anybody_by_somebody_who_did_not_opt_in(
    profiles: dict[PersonId, Profile], inside: frozenset[PersonId], absent: frozenset[PersonId], wanted: str
) -> None:
    """The answers are the same as in a house in which those people do not exist."""
    silent = {who for who in PEOPLE if who not in profiles or not profiles[who].shares_presence}
    without = {who: one for who, one in PEOPLE.items() if who not in silent}

    told = who_is_here(profiles, PEOPLE, inside - absent)

    assert told == who_is_here(profiles, without, (inside - absent) - silent)
    assert who_could_help(wanted, told) == who_could_help(wanted, (one for one in told if one.person not in silent))
    assert not {one.person for one in told} & (silent | absent)


# --- who is new -------------------------------------------------------------------------------------------------------

TODAY = date(2026, 3, 2)


def held(since: timedelta) -> list[Membership]:
    return [Membership(ADA, PlanId("full"), TODAY - since)]


def test_who_joined_lately_or_holds_no_membership_is_new() -> None:
    assert is_newcomer(PEOPLE[ADA], held(NEW_FOR), TODAY)
    assert is_newcomer(PEOPLE[ADA], [], TODAY)


def test_who_has_been_a_member_for_weeks_is_not_new() -> None:
    assert not is_newcomer(PEOPLE[ADA], held(NEW_FOR + timedelta(days=1)), TODAY)
    assert not is_newcomer(PEOPLE[ADA], [*held(timedelta()), *held(timedelta(days=400))], TODAY)


def test_staff_are_not_new() -> None:
    assert not is_newcomer(replace(PEOPLE[ADA], kind=PersonKind.STAFF), [], TODAY)
