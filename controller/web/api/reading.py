"""A request as values: its token, its parameters, its body; whatever is not right is named, field by field."""

import re
from difflib import get_close_matches
from typing import Any, TypeVar

from aiohttp import hdrs, web
from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from controller.web.api.models import PRINTABLE
from controller.web.api.models_events import NONCE, SLUG
from controller.web.api.problems import ApiProblem, FieldError, Problem
from controller.web.api.routes import Route
from devices import strictjson

M = TypeVar("M", bound=BaseModel)

KEY_HEADER = "Idempotency-Key"
_KEY = re.compile(r"[\x21-\x7e]{1,200}")
# In quotes; clients that forget them are understood.
_VERSION = re.compile(r'(W/)?"([\x21\x23-\x7e]*)"|([A-Za-z0-9_-]+)')
_JSON = "application/json"
_CSV = "text/csv"
# Beyond this a list of what is wrong helps nobody.
_FIELDS_AT_MOST = 20
# By the kind of error that the reader of models names; numbers of its limits stand in braces.
_WORDS = {
    "bool_type": "expected true or false",
    "bool_parsing": "expected true or false",
    "int_type": "expected a whole number",
    "int_parsing": "expected a whole number",
    "int_from_float": "expected a whole number",
    "int_parsing_size": "expected a smaller number",
    "float_type": "expected a number",
    "float_parsing": "expected a number",
    "finite_number": "expected a number",
    "string_type": "expected text",
    "list_type": "expected a list",
    "model_type": "expected an object, as {{}} is one",
    "model_attributes_type": "expected an object, as {{}} is one",
    "enum": "expected {expected}",
    "literal_error": "expected {expected}",
    "string_too_short": "expected {min_length} letters or more",
    "string_too_long": "expected {max_length} letters at most",
    "too_short": "expected {min_length} or more, and there are {actual_length}",
    "too_long": "expected {max_length} at most",
    "greater_than_equal": "expected {ge} or more",
    "less_than_equal": "expected {le} at most",
}
_PATTERNS = {
    PRINTABLE: "expected text on one line, without control signs",
    SLUG: "expected small letters, digits and hyphens, 40 at most, the first no hyphen",
    NONCE: "expected 16 to 64 letters, digits, hyphens or underscores",
}
_VALUE_SHOWN = 40
_SECRET_FIELDS = frozenset({"token"})


def secret_of(request: web.Request) -> str | None:
    """Of the Authorization header alone: an address ends up in logs."""
    given = request.headers.getall(hdrs.AUTHORIZATION, [])
    if len(given) != 1:
        return None
    scheme, _, secret = given[0].partition(" ")
    return secret.strip() if scheme.casefold() == "bearer" else None


def key_of(request: web.Request) -> str | None:
    """The client's own name for this request."""
    given = request.headers.getall(KEY_HEADER, [])
    if not given:
        return None
    if len(given) > 1 or not _KEY.fullmatch(given[0]):
        why = "expected once, 1 to 200 printable characters without spaces, such as a UUID"
        raise ApiProblem(Problem.INVALID, f"{KEY_HEADER}: {why}", fields=(FieldError(KEY_HEADER, why),))
    return given[0]


def if_match_of(request: web.Request) -> frozenset[str] | None:
    """The versions that the client has read, as RFC 9110 lists them; None where it is as well without any."""
    given = request.headers.getall(hdrs.IF_MATCH, [])
    listed = [one.strip() for one in ",".join(given).split(",")]  # none of our versions has a comma
    if not given or listed == ["*"]:
        return None
    found = [_VERSION.fullmatch(one) for one in listed if one]
    if not found or not all(found):
        why = 'expected versions as they were read, each in quotes, like "d1e6c3244658c7d4", or *'
        raise ApiProblem(Problem.INVALID, f"{hdrs.IF_MATCH}: {why}", fields=(FieldError(hdrs.IF_MATCH, why),))
    # A weak one may stand for something else that is much the same: it counts as none.
    return frozenset(one[3] or one[2] for one in found if one is not None and not one[1])


def query_of(request: web.Request, model: type[M]) -> M:
    values = dict(request.query)
    twice = sorted(name for name in values if len(request.query.getall(name)) > 1)
    if twice:
        why = "is given more than once"
        raise ApiProblem(Problem.INVALID, f"{twice[0]}: {why}", fields=tuple(FieldError(name, why) for name in twice))
    try:
        return model.model_validate(values)
    except ValidationError as error:
        raise _invalid(error, model) from None


async def body_of(request: web.Request, route: Route) -> bytes:
    """All of it, no longer than this address takes, and of the type that it takes."""
    if route.takes is None and not route.takes_csv:
        return b""
    wanted = _CSV if route.takes_csv else _JSON
    if not request.body_exists:
        return b""
    if request.content_type != wanted or request.headers.get(hdrs.CONTENT_ENCODING, "identity") != "identity":
        raise ApiProblem(
            Problem.WRONG_TYPE,
            f"This address reads {wanted}, uncompressed; the request says Content-Type: {request.content_type[:60]}.",
            headers={"Accept": wanted},
        )
    limit = route.limit
    said = f"The body is larger than {_size(limit)}, which is the most that is read here."
    if request.content_length is not None and request.content_length > limit:
        raise ApiProblem(Problem.TOO_LARGE, said, limit=limit)
    body = bytearray()
    async for chunk in request.content.iter_any():
        body += chunk
        if len(body) > limit:
            raise ApiProblem(Problem.TOO_LARGE, said, limit=limit)
    return bytes(body)


def json_of(body: bytes, model: type[M]) -> M:
    """Nothing at all stands for `{}`: where every member may be left away, so may the body."""
    body = body or b"{}"
    try:
        strictjson.parse(body)
    except strictjson.StrictJsonError as error:
        named = f" ({error.key[:_VALUE_SHOWN]!r})" if error.key is not None else ""
        raise ApiProblem(Problem.BAD_JSON, f"The body {error.why}{named}: {error.hint}.") from None
    except RecursionError:
        raise ApiProblem(Problem.BAD_JSON, "The body is nested too deep.") from None
    try:
        return model.model_validate_json(body)
    except ValidationError as error:
        if error.errors()[0]["type"] == "json_invalid":  # halves of letters, which our own parser lets pass
            raise ApiProblem(Problem.BAD_JSON, "The body is not JSON: it has text that is not Unicode.") from None
        raise _invalid(error, model) from None


def csv_of(body: bytes) -> str:
    try:
        return body.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        why = f"is not UTF-8 at byte {error.start} — save the sheet as CSV UTF-8"
        raise ApiProblem(Problem.INVALID, f"The body {why}.", fields=(FieldError("", why),)) from None


def _invalid(error: ValidationError, model: type[BaseModel]) -> ApiProblem:
    fields = tuple(_field(one, model) for one in error.errors(include_url=False)[:_FIELDS_AT_MOST])
    detail = "; ".join(f"{one.field}: {one.why}" if one.field else one.why for one in fields[:3])
    more = error.error_count() - 3
    return ApiProblem(Problem.INVALID, detail + (f"; and {more} more" if more > 0 else ""), fields=fields)


def _field(one: ErrorDetails, model: type[BaseModel]) -> FieldError:
    place = ".".join(str(part) for part in one["loc"])
    if one["type"] == "missing":
        return FieldError(place, "is needed")
    if one["type"] == "extra_forbidden":
        return FieldError(place, "is not known here" + _similar(str(one["loc"][-1]), model))
    return FieldError(place, f"{_shown(one)}{_why(one)}")


def _why(one: ErrorDetails) -> str:
    """What would be right, in our words; those of a validator of our own are its."""
    limits = one.get("ctx", {})
    if one["type"] == "string_pattern_mismatch":
        return _pattern_words(str(limits["pattern"]))
    if one["type"] == "string_too_short" and limits["min_length"] == 1:
        return "expected some text"
    if one["type"] in _WORDS:
        return _WORDS[one["type"]].format(**limits)
    why = one["msg"][:1].lower() + one["msg"][1:]
    return why.removeprefix("value error, ") if one["type"] == "value_error" else why


def _pattern_words(pattern: str) -> str:
    if pattern in _PATTERNS:
        return _PATTERNS[pattern]
    return f"expected one of {pattern.strip('^()$').replace('|', ', ')}"


def _shown(one: ErrorDetails) -> str:
    value: Any = one["input"]
    if not isinstance(value, str | int | float | bool) or (one["loc"] and one["loc"][-1] in _SECRET_FIELDS):
        return ""
    text = repr(value)
    return f"{text[:_VALUE_SHOWN]}{'…' if len(text) > _VALUE_SHOWN else ''}: "


def _similar(word: str, model: type[BaseModel]) -> str:
    """The nearest name that a client may write; whoever writes our own word for one means that one."""
    written = {name: field.alias or name for name, field in model.model_fields.items()}
    meant = {**{name: name for name in written.values()}, **written}
    close = get_close_matches(word, meant, 1, 0.6)
    if close:
        return f" — did you mean {meant[close[0]]}?"
    return f" — there is {', '.join(written.values()) or 'nothing to say'}"


def _size(bytes_: int) -> str:
    return f"{bytes_ // (1024 * 1024)} MiB" if bytes_ >= 1024 * 1024 else f"{bytes_ // 1024} KiB"
