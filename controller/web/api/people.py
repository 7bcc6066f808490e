"""People, as little as is needed to name one: for staff who book for somebody. No badge, no plan, no whereabouts."""

from collections.abc import Iterator

from pydantic import Field

from controller.domain.membership import PersonKind
from controller.domain.tokens import TokenScope
from controller.web.api.house import ApiHouse
from controller.web.api.models import Page, Paged, Said, Words
from controller.web.api.paging import page_of
from controller.web.api.problems import ApiProblem, Problem
from controller.web.api.routes import Answer, Call, Route, route


class PeopleQuery(Paged):
    name: Words = Field("", description="Whose id or name has this in it.")


class PersonOut(Said):
    id: str
    name: str
    kind: PersonKind


class People(Page[PersonOut]):
    pass


class PeopleResource:
    def __init__(self, house: ApiHouse) -> None:
        self._house = house

    def routes(self) -> Iterator[Route]:
        yield route(
            "GET", "/people", "listPeople", "Whom staff may book for", self.list, TokenScope.PEOPLE_READ,
            query=PeopleQuery, gives=People, problems=(Problem.NEEDS_STAFF,),
        )  # fmt: skip

    async def list(self, call: Call[PeopleQuery, None]) -> Answer:
        # Asked each time: who is staff no longer has a token that still says so.
        if not self._house.is_staff(call.by):
            raise ApiProblem(Problem.NEEDS_STAFF, "Only staff see who is a member here.")
        wanted = call.query.name.casefold()
        found = [
            one
            for one in self._house.people().people.values()
            if wanted in one.id.casefold() or wanted in one.name.casefold()
        ]
        shown, after = page_of(found, lambda one: (one.name.casefold(), str(one.id)), call.query)
        return Answer(People(items=[PersonOut(id=one.id, name=one.name, kind=one.kind) for one in shown], next=after))
