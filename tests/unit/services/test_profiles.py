"""What may stand in a profile."""

import pytest

from controller.domain.community import Language, Profile
from controller.domain.ids import PersonId
from controller.errors import InputError
from controller.services.people.profiles import edited

ADA = Profile(PersonId("ada"))


def test_what_is_not_named_stays_as_it_was() -> None:
    before = edited(ADA, email="ada@example.org", shares_presence=True, skills=("solder",))

    assert edited(before) == before
    assert edited(before, language="FR").language is Language.FRENCH
    assert edited(before, email="").email == ""


def test_skills_and_words_are_tidied() -> None:
    profile = edited(ADA, skills=("  3D   printing ", "3d printing", "", "tax\nBcc: all@example.org"), about="a\r\nb")

    assert profile.skills == ("3D printing", "tax Bcc: all@example.org")
    assert profile.about == "a b"


@pytest.mark.parametrize(
    ("what", "words"),
    [
        ({"email": "ada"}, "email 'ada' is no address"),
        ({"email": "a@b.org\nBcc: c@d.org"}, "is no address"),
        ({"email": "a@b.org,c@d.org"}, "is no address"),
        ({"language": "de"}, "language 'de' is none that messages are written in — write one of en, fr"),
        ({"webhook": "file:///etc/passwd"}, "begins with https://"),
        ({"skills": ("x" * 61,)}, "skill has 61 characters — 60 at most"),
        ({"skills": tuple(str(n) for n in range(21))}, "21 skills are more than anybody reads — name at most 20"),
        ({"about": "x" * 301}, "about has 301 characters — 300 at most"),
    ],
    ids=lambda value: next(iter(value)) if isinstance(value, dict) else "",
)
def test_bad_input_is_named_with_what_would_be_right(what: dict[str, object], words: str) -> None:
    with pytest.raises(InputError, match=words):
        edited(ADA, **what)  # type: ignore[arg-type]


def test_a_webhook_is_not_shown_back() -> None:
    with pytest.raises(InputError) as refused:
        edited(ADA, webhook="ftp://user:secret@example.org")

    assert "secret" not in str(refused.value)
