"""What every request of /api/v1 goes through, in order: whose token, for what, what is asked, once only, and the answer.

Reading a request is `reading`, doing it the resources' own; here nothing is known of rooms or bookings.
"""

import asyncio
import hashlib
import json
import logging
from collections.abc import Coroutine
from typing import Any, TypeVar

from aiohttp import hdrs, web
from aiohttp.typedefs import Handler
from pydantic import BaseModel

from controller.domain.tokens import Token, may
from controller.errors import InputError, StoreError
from controller.services.booking.counter import BookingRefused
from controller.services.booking.stores import Overlap
from controller.services.tokens.answers import Answers, OtherRequest
from controller.services.tokens.keyring import Keyring, Unknown
from controller.web.api.models import FieldProblem, ProblemDetails, Taken
from controller.web.api.problems import CONTENT_TYPE, ApiProblem, Problem, not_found, of_reason
from controller.web.api.reading import KEY_HEADER, body_of, csv_of, if_match_of, json_of, key_of, query_of, secret_of
from controller.web.api.routes import PREFIX, Answer, Call, Route

logger = logging.getLogger(__name__)

T = TypeVar("T")

_REALM = 'Bearer realm="natoma"'
_PATH_LIMIT = 200


class Frame:
    """Turns routes into handlers."""

    def __init__(self, keyring: Keyring, answers: Answers) -> None:
        self._keyring = keyring
        self._answers = answers
        self._begun: set[asyncio.Task[web.Response]] = set()

    def handler(self, route: Route) -> Handler:
        async def serve(request: web.Request) -> web.StreamResponse:
            try:
                return await self._serve(route, request)
            except ApiProblem as problem:
                return problem_response(problem)

        return serve

    async def close(self, _app: web.Application) -> None:
        """What was begun is finished before the stores are closed."""
        if self._begun:
            await asyncio.wait(self._begun)

    async def _serve(self, route: Route, request: web.Request) -> web.Response:
        secret = secret_of(request)
        token = self._token(secret, request.remote or "an unknown address")
        _check_scope(token, route)
        path = {name: _path_value(value) for name, value in request.match_info.items()}
        query = query_of(request, route.query)
        raw = await body_of(request, route)
        body = _body(route, raw)
        call = Call(token, path, query, body, if_match_of(request) if route.heeds_version else None)
        if not route.changes:
            return await self._carry_out(route, call)
        key = key_of(request) if route.creates else None
        assert secret is not None  # there is a token
        work = self._carry_out(route, call) if key is None else self._once(route, call, secret, key, request.path, raw)
        return await self._to_the_end(work, route.name)

    def _token(self, secret: str | None, address: str) -> Token:
        known = self._keyring.recognise(secret, address)
        if not isinstance(known, Unknown):
            return known
        if known.wait_s is not None:
            seconds = max(1, round(known.wait_s))
            raise ApiProblem(
                Problem.TOO_MANY_TRIES,
                f"Too many requests from {address} came with tokens nobody knows; try again in {seconds} s.",
                headers={hdrs.RETRY_AFTER: str(seconds)},
            )
        challenge = _REALM if secret is None else f'{_REALM}, error="invalid_token"'
        raise ApiProblem(
            Problem.NO_TOKEN,
            f"{known.why[:1].upper()}{known.why[1:]}. `natoma token create` makes one.",
            headers={hdrs.WWW_AUTHENTICATE: challenge},
        )

    async def _once(
        self, route: Route, call: Call[Any, Any], secret: str, key: str, path: str, raw: bytes
    ) -> web.Response:
        """The same request under the same key is answered as the first was, and nothing is done twice."""
        token = call.token.id
        asked = hashlib.sha256(f"{route.method} {path}\0".encode() + raw).digest()
        if not self._answers.begin(token, key):
            raise ApiProblem(
                Problem.KEY_IN_USE,
                f"The first request with {KEY_HEADER} {key[:60]!r} is still being answered; ask again in a second.",
                headers={hdrs.RETRY_AFTER: "1"},
            )
        try:
            before = await self._answers.known(token, secret, key, asked)
            if before is not None:
                return _replayed(before)
            response = await self._carry_out(route, call)
            await self._answers.keep(token, secret, key, asked, _kept(response))
            return response
        except OtherRequest:
            raise ApiProblem(
                Problem.KEY_REUSED,
                f"{KEY_HEADER} {key[:60]!r} was sent with another request in the last 24 hours; each needs its own.",
            ) from None
        finally:
            self._answers.end(token, key)

    async def _carry_out(self, route: Route, call: Call[Any, Any]) -> web.Response:
        try:
            return _response(await route.do(call))
        except BookingRefused as error:
            refused = error.refused
            raise ApiProblem(of_reason(refused.reason), _sentence(str(error)), right=refused.right or None) from error
        except Overlap as error:
            there = _taken(error)
            raise ApiProblem(Problem.OVERLAP, _sentence(str(error)), room=error.wanted.area, there=there) from error
        except InputError as error:
            raise ApiProblem(Problem.REFUSED, _sentence(str(error))) from error
        except StoreError as error:
            logger.warning("%s could not be done: %s", route.name, error)
            why = f"It cannot be {'written down' if route.changes else 'read'} now; try again."
            raise ApiProblem(Problem.UNAVAILABLE, why, headers={hdrs.RETRY_AFTER: "2"}) from error

    async def _to_the_end(self, work: Coroutine[Any, Any, web.Response], name: str) -> web.Response:
        """The server stops a handler whose client has hung up; a booking half made would be nobody's."""

        async def whole() -> web.Response:
            try:
                return await work
            except ApiProblem as problem:
                return problem_response(problem)

        # Held by the frame, and waited for at the end.
        task = asyncio.get_running_loop().create_task(whole(), name=f"api {name}")
        self._begun.add(task)
        task.add_done_callback(self._begun.discard)
        return await asyncio.shield(task)


@web.middleware
async def tell_problems(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Below /api/v1 an answer to what is not there, or to a bug, is a problem as well."""
    if not request.path.startswith(f"{PREFIX}/"):
        return await handler(request)
    try:
        return await handler(request)
    except web.HTTPNotFound:
        return problem_response(not_found("address", request.path))
    except web.HTTPMethodNotAllowed as error:
        allowed = ", ".join(sorted(error.allowed_methods))
        return problem_response(
            ApiProblem(
                Problem.WRONG_METHOD,
                f"{request.path} does not {request.method[:20]}: it takes {allowed}.",
                headers={hdrs.ALLOW: allowed},
            )
        )
    except web.HTTPException:
        raise
    except Exception:
        logger.exception("%s %s failed", request.method, request.path)
        return problem_response(ApiProblem(Problem.INTERNAL, "Natoma has written down what went wrong."))


def problem_response(problem: ApiProblem) -> web.Response:
    kind = problem.kind
    details = ProblemDetails(
        type=kind.uri,
        title=kind.heading,
        status=kind.status,
        detail=problem.detail,
        fields=[FieldProblem(field=one.field, why=one.why) for one in problem.fields] or None,
        **problem.more,  # type: ignore[arg-type]
    )
    response = web.Response(
        text=details.model_dump_json(exclude_none=True),
        status=kind.status,
        content_type=CONTENT_TYPE,
        headers=problem.headers,
    )
    if kind is Problem.TOO_LARGE:
        response.force_close()  # rather than read the rest
    return response


def _check_scope(token: Token, route: Route) -> None:
    if not route.scopes or may(token, *route.scopes):
        return
    needed = " or ".join(route.scopes)
    has = " ".join(sorted(token.scopes))
    raise ApiProblem(
        Problem.MISSING_SCOPE,
        f"This needs a token with the scope {needed}; {token.name!r} has {has}.",
        headers={hdrs.WWW_AUTHENTICATE: f'{_REALM}, error="insufficient_scope", scope="{" ".join(route.scopes)}"'},
        scope=list(route.scopes),
    )


def _path_value(value: str) -> str:
    # No id is longer or has such signs; what is asked for is then not there, whatever it is.
    if len(value) > _PATH_LIMIT or not value.isprintable():
        raise not_found("such thing as", value)
    return value


def _body(route: Route, raw: bytes) -> BaseModel | str | None:
    if route.takes_csv:
        return csv_of(raw)
    return json_of(raw, route.takes) if route.takes is not None else None


def _response(answer: Answer) -> web.Response:
    headers = {}
    if answer.version is not None:
        headers[hdrs.ETAG] = f'"{answer.version}"'
    if answer.location is not None:
        headers[hdrs.LOCATION] = answer.location
    if isinstance(answer.body, BaseModel):
        text, content_type = answer.body.model_dump_json(), "application/json"
    else:
        text, content_type = answer.body or "", "text/plain"
    return web.Response(text=text, status=answer.status, content_type=content_type, headers=headers)


def _kept(response: web.Response) -> bytes:
    headers = {name: response.headers[name] for name in (hdrs.ETAG, hdrs.LOCATION) if name in response.headers}
    return json.dumps({"status": response.status, "headers": headers, "body": response.text}).encode()


def _replayed(kept: bytes) -> web.Response:
    before = json.loads(kept)
    headers = {**before["headers"], "Idempotent-Replayed": "true"}
    return web.Response(text=before["body"], status=before["status"], content_type="application/json", headers=headers)


def _taken(error: Overlap) -> Taken | None:
    return Taken(start=error.there.start, end=error.there.end) if error.there is not None else None


def _sentence(text: str) -> str:
    first, _, _ = text.partition(" ")
    begun = text[:1].upper() + text[1:] if first.rstrip(",;:").isalpha() else text  # an id is written as it is
    return begun + ("" if text.endswith((".", "?", "!")) else ".")
