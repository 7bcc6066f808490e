"""Who is here and who could help, as programs ask: nobody who did not choose to be known."""

from controller.domain.community import Profile
from controller.domain.facts import Fact, FactKind
from controller.domain.ids import DoorId, PersonId
from controller.domain.tokens import TokenScope
from controller.services.ports import LoggedFact
from tests.support.api_site import ApiSite

READ = TokenScope.COMMUNITY_READ
ALICE, BOB = PersonId("alice"), PersonId("bob")


async def come_in(site: ApiSite, *profiles: Profile) -> None:
    """Alice and Bob are in, and these profiles are known."""
    for one in profiles:
        await site.house.profiles.put_profile(one)
    following = site.house.services.following
    for person in (ALICE, BOB):
        entry = Fact(FactKind.ENTRY_TAKEN, site.clock.now(), door=DoorId("street"), person=person)
        following.took(LoggedFact(1, entry))
    await site.house.services.profiles.refresh()


async def test_who_chose_to_be_seen_is_told_and_nobody_else() -> None:
    async with ApiSite().served() as site:
        await come_in(site, Profile(ALICE, shares_presence=True, skills=("solder",), about="Ask me"), Profile(BOB))
        told = await site.tell("GET", "/community/here", await site.secret(READ))

    assert told.body == {"items": [{"person": "alice", "name": "Alice", "skills": [], "about": "Ask me"}]}


async def test_who_could_help_is_found_by_what_they_may_be_asked_about() -> None:
    async with ApiSite().served() as site:
        both = {"shares_presence": True, "can_be_asked": True}
        await come_in(site, Profile(ALICE, skills=("Soldering",), **both), Profile(BOB, skills=("tax",), **both))  # type: ignore[arg-type]
        secret = await site.secret(READ)
        told = await site.tell("GET", "/community/helpers", secret, wanted="solder")
        nothing = await site.tell("GET", "/community/helpers", secret, wanted=" ")

    assert [one["person"] for one in told.body["items"]] == ["alice"]
    assert (nothing.status, nothing.body["fields"][0]["field"]) == (422, "wanted")


async def test_another_token_is_told_nothing() -> None:
    async with ApiSite().served() as site:
        told = await site.tell("GET", "/community/here", await site.secret(TokenScope.ROOMS_READ))

    assert told.status == 403
