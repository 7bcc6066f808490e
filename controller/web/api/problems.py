"""What can go wrong with a request, as a closed list (RFC 9457): each kind with its address, its status and its title.

The sentence is whoever refused it; here is only which kind of refusal that is.
"""

from dataclasses import dataclass
from enum import StrEnum
from http import HTTPStatus

from controller.domain.booking.wishes import RefuseReason
from controller.domain.ids import AreaId
from controller.domain.rooms.on_air import NotNow

CONTENT_TYPE = "application/problem+json"
PLACE = "/problems/"


class Problem(StrEnum):
    # The request itself.
    BAD_JSON = "bad_json"
    INVALID = "invalid"
    TOO_LARGE = "too_large"
    WRONG_TYPE = "wrong_type"
    KEY_REUSED = "key_reused"
    KEY_IN_USE = "key_in_use"
    CHANGED = "changed"
    ID_TAKEN = "id_taken"
    NOT_FOUND = "not_found"
    WRONG_METHOD = "wrong_method"
    # Who asks.
    NO_TOKEN = "no_token"  # noqa: S105  # a word, and no secret
    MISSING_SCOPE = "missing_scope"
    OTHER_ROOM = "other_room"
    NEEDS_PERSON = "needs_person"
    TOO_MANY_TRIES = "too_many_tries"
    # What the house says to it: the words of `RefuseReason`.
    UNKNOWN_ROOM = "unknown_room"
    NOT_BOOKABLE = "not_bookable"
    UNKNOWN_PERSON = "unknown_person"
    BANNED = "banned"
    NOT_YOURS = "not_yours"
    OVER_ALREADY = "over_already"
    BEGUN = "begun"
    NOT_BEGUN = "not_begun"
    NOT_WAITING = "not_waiting"
    NEEDS_STAFF = "needs_staff"
    RULE = "rule"
    LENGTH = "length"
    PAST = "past"
    TOO_LONG = "too_long"
    CLOSED = "closed"
    HOLIDAY = "holiday"
    NO_PLAN = "no_plan"
    PLAN_ENDED = "plan_ended"
    PLAN_PAUSED = "plan_paused"
    PLAN_OVERDUE = "plan_overdue"
    PLAN_MAY_NOT = "plan_may_not"
    TOO_FAR_AHEAD = "too_far_ahead"
    HOURS_USED_UP = "hours_used_up"
    OVERLAP = "overlap"
    BUFFER = "buffer"
    EVENT = "event"
    # What a booth says to it: the words of `NotNow`.
    NOT_BOOKED = "not_booked"
    TOO_EARLY = "too_early"
    NOT_ON_AIR = "not_on_air"
    REFUSED = "refused"
    # Us.
    UNAVAILABLE = "unavailable"
    INTERNAL = "internal"

    @property
    def uri(self) -> str:
        return PLACE + self

    @property
    def status(self) -> HTTPStatus:
        return _TABLE[self][0]

    @property
    def heading(self) -> str:
        return _TABLE[self][1]


_TABLE: dict[Problem, tuple[HTTPStatus, str]] = {
    Problem.BAD_JSON: (HTTPStatus.BAD_REQUEST, "The body is not JSON"),
    Problem.INVALID: (HTTPStatus.UNPROCESSABLE_ENTITY, "Something in the request is not right"),
    Problem.TOO_LARGE: (HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "The body is too large"),
    Problem.WRONG_TYPE: (HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "The body is of another type than is read here"),
    Problem.KEY_REUSED: (HTTPStatus.UNPROCESSABLE_ENTITY, "The Idempotency-Key stands for another request"),
    Problem.KEY_IN_USE: (HTTPStatus.CONFLICT, "The first request with this Idempotency-Key is being answered"),
    Problem.CHANGED: (HTTPStatus.PRECONDITION_FAILED, "It has changed since you read it"),
    Problem.ID_TAKEN: (HTTPStatus.CONFLICT, "There is one of this id already"),
    Problem.NOT_FOUND: (HTTPStatus.NOT_FOUND, "There is no such thing"),
    Problem.WRONG_METHOD: (HTTPStatus.METHOD_NOT_ALLOWED, "This address does not do that"),
    Problem.NO_TOKEN: (HTTPStatus.UNAUTHORIZED, "A token is needed"),
    Problem.MISSING_SCOPE: (HTTPStatus.FORBIDDEN, "The token is not good for this"),
    Problem.OTHER_ROOM: (HTTPStatus.FORBIDDEN, "The token is for another room"),
    Problem.NEEDS_PERSON: (HTTPStatus.FORBIDDEN, "The token acts for nobody"),
    Problem.TOO_MANY_TRIES: (HTTPStatus.TOO_MANY_REQUESTS, "Too many unknown tokens from this address"),
    Problem.UNKNOWN_ROOM: (HTTPStatus.UNPROCESSABLE_ENTITY, "There is no such room"),
    Problem.NOT_BOOKABLE: (HTTPStatus.UNPROCESSABLE_ENTITY, "The room is not booked"),
    Problem.UNKNOWN_PERSON: (HTTPStatus.UNPROCESSABLE_ENTITY, "The house does not know this person"),
    Problem.BANNED: (HTTPStatus.FORBIDDEN, "This person may not enter the house"),
    Problem.NOT_YOURS: (HTTPStatus.FORBIDDEN, "It is somebody else's"),
    Problem.OVER_ALREADY: (HTTPStatus.CONFLICT, "It is over"),
    Problem.BEGUN: (HTTPStatus.CONFLICT, "It has begun"),
    Problem.NOT_BEGUN: (HTTPStatus.CONFLICT, "It has not begun"),
    Problem.NOT_WAITING: (HTTPStatus.CONFLICT, "Nothing waits for this"),
    Problem.NEEDS_STAFF: (HTTPStatus.FORBIDDEN, "Only staff do this"),
    Problem.RULE: (HTTPStatus.UNPROCESSABLE_ENTITY, "It cannot repeat like this"),
    Problem.LENGTH: (HTTPStatus.UNPROCESSABLE_ENTITY, "It ends before it starts"),
    Problem.PAST: (HTTPStatus.UNPROCESSABLE_ENTITY, "It is past"),
    Problem.TOO_LONG: (HTTPStatus.UNPROCESSABLE_ENTITY, "It is too long"),
    Problem.CLOSED: (HTTPStatus.UNPROCESSABLE_ENTITY, "The room is closed then"),
    Problem.HOLIDAY: (HTTPStatus.UNPROCESSABLE_ENTITY, "That day is a holiday"),
    Problem.NO_PLAN: (HTTPStatus.FORBIDDEN, "There is no plan to book with"),
    Problem.PLAN_ENDED: (HTTPStatus.FORBIDDEN, "The plan has ended by then"),
    Problem.PLAN_PAUSED: (HTTPStatus.FORBIDDEN, "The plan is paused"),
    Problem.PLAN_OVERDUE: (HTTPStatus.FORBIDDEN, "A bill is overdue"),
    Problem.PLAN_MAY_NOT: (HTTPStatus.FORBIDDEN, "The plan does not include this"),
    Problem.TOO_FAR_AHEAD: (HTTPStatus.UNPROCESSABLE_ENTITY, "It is too far ahead"),
    Problem.HOURS_USED_UP: (HTTPStatus.FORBIDDEN, "The plan's hours are used up"),
    Problem.OVERLAP: (HTTPStatus.CONFLICT, "The room is taken"),
    Problem.BUFFER: (HTTPStatus.CONFLICT, "The room is being cleared up"),
    Problem.EVENT: (HTTPStatus.CONFLICT, "A public event is in the room"),
    Problem.NOT_BOOKED: (HTTPStatus.CONFLICT, "The booth is not booked now"),
    Problem.TOO_EARLY: (HTTPStatus.CONFLICT, "The booking has not begun"),
    Problem.NOT_ON_AIR: (HTTPStatus.CONFLICT, "The booth is not on air"),
    Problem.REFUSED: (HTTPStatus.UNPROCESSABLE_ENTITY, "It cannot be done so"),
    Problem.UNAVAILABLE: (HTTPStatus.SERVICE_UNAVAILABLE, "It cannot be done now"),
    Problem.INTERNAL: (HTTPStatus.INTERNAL_SERVER_ERROR, "Something is wrong with Natoma"),
}


@dataclass(frozen=True, slots=True)
class FieldError:
    """One thing in the request: where it is, and why it is not right."""

    field: str
    why: str


class ApiProblem(Exception):
    """A request that is answered with a problem. `more` are members of the answer, `headers` go with it."""

    def __init__(
        self,
        kind: Problem,
        detail: str,
        *,
        fields: tuple[FieldError, ...] = (),
        headers: dict[str, str] | None = None,
        **more: object,
    ) -> None:
        super().__init__(detail)
        self.kind = kind
        self.detail = detail
        self.fields = fields
        self.headers = headers or {}
        self.more = {name: value for name, value in more.items() if value is not None}


def of_reason(reason: RefuseReason) -> Problem:
    """The kind of problem that the desk's refusal is."""
    return Problem(reason.value)


def of_booth(reason: NotNow) -> Problem:
    """The same of a booth's."""
    return Problem(reason.value)


def invalid(field: str, why: str) -> ApiProblem:
    """One field that is not right."""
    return ApiProblem(Problem.INVALID, f"{field}: {why}", fields=(FieldError(field, why),))


def not_found(what: str, id: str) -> ApiProblem:
    return ApiProblem(Problem.NOT_FOUND, f"There is no {what} {id[:60]!r}.")


def other_room(theirs: AreaId) -> ApiProblem:
    return ApiProblem(Problem.OTHER_ROOM, f"This token is for the room {theirs!r} alone.", room=theirs)
