"""What an address does, for which scope, with which words: one value, from which router and document are both made."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field, replace
from http import HTTPStatus
from typing import Any, Generic, TypeVar

from pydantic import BaseModel

from controller.domain.ids import AreaId, PersonId
from controller.domain.tokens import Token, TokenScope, reaches
from controller.services.visitors.ticket_file import SIZE_LIMIT
from controller.web.api.models import Nothing
from controller.web.api.problems import ApiProblem, Problem, other_room

PREFIX = "/api/v1"
JSON_LIMIT = 64 * 1024
CSV_LIMIT = SIZE_LIMIT

Q = TypeVar("Q", bound=BaseModel)
B = TypeVar("B")


@dataclass(frozen=True, slots=True)
class Call(Generic[Q, B]):
    """One request that was let in: who asks, and what it says, already read."""

    token: Token
    path: Mapping[str, str]
    query: Q
    body: B
    if_match: frozenset[str] | None = None  # the versions it may be at; None: any

    @property
    def by(self) -> PersonId | None:
        return self.token.person

    def person(self) -> PersonId:
        """As whom it acts; a problem where it acts for nobody."""
        if self.token.person is None:
            raise ApiProblem(
                Problem.NEEDS_PERSON, "This token acts for nobody: make one with --person for whoever does this."
            )
        return self.token.person

    def check_room(self, area: AreaId) -> None:
        """A token of one room neither sees nor changes another."""
        if not reaches(self.token, area) and self.token.area is not None:
            raise other_room(self.token.area)

    def check_version(self, version: str) -> None:
        """What was read is still what there is, where the request asks for that."""
        if self.if_match is not None and version not in self.if_match:
            raise ApiProblem(
                Problem.CHANGED,
                "Somebody has changed it since you read it: read it again, then decide.",
                version=version,
            )


@dataclass(frozen=True, slots=True)
class Answer:
    """What is said back: a model, or text of another kind."""

    body: BaseModel | str | None = None
    status: HTTPStatus = HTTPStatus.OK
    version: str | None = None  # of the one thing it is about
    location: str | None = None


@dataclass(frozen=True, slots=True)
class Route:
    method: str
    path: str
    name: str  # of the operation, as programs call it
    says: str  # one line
    scopes: tuple[TokenScope, ...]  # one of them is enough; none: any token
    do: Callable[[Call[Any, Any]], Awaitable[Answer]]
    query: type[BaseModel]
    takes: type[BaseModel] | None  # of a JSON body
    takes_csv: bool
    gives: type[BaseModel] | str  # a model, or a content type
    status: HTTPStatus
    versioned: bool  # answers with an ETag
    creates: bool  # an Idempotency-Key keeps it from being done twice
    problems: tuple[Problem, ...]
    tag: str = field(default="")

    @property
    def limit(self) -> int:
        return CSV_LIMIT if self.takes_csv else JSON_LIMIT

    @property
    def changes(self) -> bool:
        return self.method != "GET"

    @property
    def heeds_version(self) -> bool:
        """Whether it changes what somebody may have read before; what is made anew has no version yet."""
        return self.versioned and self.changes and not self.creates

    def tagged(self, tag: str) -> "Route":
        return replace(self, tag=tag)


def route(
    method: str,
    path: str,
    name: str,
    says: str,
    do: Callable[[Call[Q, B]], Awaitable[Answer]],
    *scopes: TokenScope,
    query: type[Q] | None = None,
    takes: type[B] | None = None,
    takes_csv: bool = False,
    gives: type[BaseModel] | str,
    status: HTTPStatus = HTTPStatus.OK,
    versioned: bool = False,
    creates: bool = False,
    problems: tuple[Problem, ...] = (),
) -> Route:
    """A line of the table; the models of `do` are those that it is given."""
    return Route(
        method,
        path,
        name,
        says,
        scopes,
        do,
        query or Nothing,
        takes,  # type: ignore[arg-type]  # bytes where it takes CSV
        takes_csv,
        gives,
        status,
        versioned,
        creates,
        problems,
    )
