"""What a program can ask about its own token, and the house it is for."""

from collections.abc import Iterator

from pydantic import Field

from controller.domain.tokens import TokenScope
from controller.web.api.house import ApiHouse
from controller.web.api.models import Instant, Nothing, Said
from controller.web.api.routes import Answer, Call, Route, route


class TokenOut(Said):
    name: str
    scopes: list[TokenScope]
    room: str | None = Field(description="The only room it is good for.")
    person: str | None = Field(description="As whom it acts.")
    is_staff: bool
    expires_at: Instant
    space: str
    zone: str = Field(description="IANA: in which the house's days and hours are.")


class TokenResource:
    def __init__(self, house: ApiHouse) -> None:
        self._house = house

    def routes(self) -> Iterator[Route]:
        yield route("GET", "/token", "getToken", "What this token is good for, and where", self.get, gives=TokenOut)

    async def get(self, call: Call[Nothing, None]) -> Answer:
        token, space = call.token, self._house.space()
        return Answer(
            TokenOut(
                name=token.name,
                scopes=sorted(token.scopes),
                room=token.area,
                person=token.person,
                is_staff=self._house.is_staff(token.person),
                expires_at=token.expires_at,
                space=space.name,
                zone=space.zone.key,
            )
        )
