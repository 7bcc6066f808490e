"""Who is here and who could help: of people who chose to be known, and of nobody else."""

from collections.abc import Iterable, Iterator

from pydantic import Field

from controller.domain.community import Here
from controller.domain.tokens import TokenScope
from controller.services.people.community import LONGEST_QUESTION, Community
from controller.web.api.house import ApiHouse
from controller.web.api.models import Nothing, Query, Said
from controller.web.api.problems import invalid
from controller.web.api.routes import Answer, Call, Route, route


class HelpQuery(Query):
    wanted: str = Field(max_length=LONGEST_QUESTION, description="What help is needed with: soldering.")


class HereOut(Said):
    person: str
    name: str
    skills: list[str] = Field(description="Of who may be asked; else none.")
    about: str


class HereList(Said):
    items: list[HereOut]


class CommunityResource:
    def __init__(self, house: ApiHouse) -> None:
        self._house = house

    def routes(self) -> Iterator[Route]:
        yield route(
            "GET", "/community/here", "listHere", "Who is here, of those who chose to be seen", self.here,
            TokenScope.COMMUNITY_READ, gives=HereList,
        )  # fmt: skip
        yield route(
            "GET", "/community/helpers", "listHelpers", "Who of them may be asked and could help, the best match first",
            self.helpers, TokenScope.COMMUNITY_READ, query=HelpQuery, gives=HereList,
        )  # fmt: skip

    async def here(self, call: Call[Nothing, None]) -> Answer:
        return Answer(_listed(self._community.here()))

    async def helpers(self, call: Call[HelpQuery, None]) -> Answer:
        if not call.query.wanted.split():
            raise invalid("wanted", "is empty: name what help is needed with, such as soldering")
        return Answer(_listed(self._community.helpers(call.query.wanted)))

    @property
    def _community(self) -> Community:
        return self._house.community


def _listed(found: Iterable[Here]) -> HereList:
    return HereList(
        items=[HereOut(person=one.person, name=one.name, skills=list(one.skills), about=one.about) for one in found]
    )
