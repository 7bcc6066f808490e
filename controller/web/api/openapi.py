"""The OpenAPI 3.1 document, made of the table of routes and the models they read and write; nothing is said twice."""

from collections.abc import Iterable, Mapping, Sequence
from http import HTTPStatus
from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import JsonSchemaMode, models_json_schema

from controller.web.api.models import ProblemDetails
from controller.web.api.problems import CONTENT_TYPE, Problem
from controller.web.api.reading import KEY_HEADER
from controller.web.api.routes import PREFIX, Route

_SCHEMA = "#/components/schemas/"
_ALWAYS = (
    Problem.INVALID,
    Problem.NO_TOKEN,
    Problem.TOO_MANY_TRIES,
    Problem.UNAVAILABLE,
    Problem.INTERNAL,
    Problem.NOT_FOUND,
)
_OF_BODIES = (Problem.BAD_JSON, Problem.TOO_LARGE, Problem.WRONG_TYPE)
# A handler that asks the house may be refused for what the house is like.
_OF_CHANGES = (Problem.REFUSED,)

ABOUT = (
    "Rooms, bookings, events and the podcast booth of one space. Each request carries a token, made by "
    "`natoma token create`, as `Authorization: Bearer natoma_…`. Moments are UTC in answers and carry an offset in "
    "requests. A refusal is a problem (RFC 9457) whose `type` is one of a closed list."
)


def document(routes: Sequence[Route]) -> dict[str, Any]:
    """The whole of it, as JSON."""
    schemas, refs = _schemas(routes)
    paths: dict[str, dict[str, Any]] = {}
    for route in routes:
        paths.setdefault(PREFIX + route.path, {})[route.method.lower()] = _operation(route, refs)
    return {
        "openapi": "3.1.0",
        "jsonSchemaDialect": "https://json-schema.org/draft/2020-12/schema",
        "info": {"title": "Natoma", "version": "1", "description": ABOUT, "license": {"name": "Apache-2.0"}},
        "servers": [{"url": "/"}],
        "tags": [{"name": tag} for tag in dict.fromkeys(route.tag for route in routes)],
        "paths": paths,
        "components": {
            "schemas": schemas,
            "securitySchemes": {
                "token": {"type": "http", "scheme": "bearer", "description": "A token of `natoma token create`."}
            },
        },
    }


def problems_of(route: Route) -> tuple[Problem, ...]:
    """Every problem that this address may answer with."""
    found = [*_ALWAYS]
    if route.scopes:
        found += [Problem.MISSING_SCOPE, Problem.OTHER_ROOM]
    if route.takes is not None or route.takes_csv:
        found += _OF_BODIES
    if route.changes:
        found += _OF_CHANGES
    if route.creates:
        found += [Problem.KEY_REUSED, Problem.KEY_IN_USE]
    if route.heeds_version:
        found.append(Problem.CHANGED)
    return tuple(dict.fromkeys([*found, *route.problems]))


def _operation(route: Route, refs: "_Refs") -> dict[str, Any]:
    said: dict[str, Any] = {
        "operationId": route.name,
        "summary": route.says,
        "tags": [route.tag],
        "security": [{"token": [str(scope)]} for scope in route.scopes] or [{"token": []}],
        "responses": {str(route.status.value): _success(route, refs), **_failures(route)},
    }
    if parameters := [*_path(route), *_query(route, refs), *_headers(route)]:
        said["parameters"] = parameters
    if route.takes_csv:
        said["requestBody"] = {"required": True, "content": {"text/csv": {"schema": {"type": "string"}}}}
    elif route.takes is not None:
        needed = any(field.is_required() for field in route.takes.model_fields.values())
        schema = refs.of(route.takes, "validation")
        said["requestBody"] = {"required": needed, "content": {"application/json": {"schema": schema}}}
    return said


def _success(route: Route, refs: "_Refs") -> dict[str, Any]:
    if isinstance(route.gives, str):
        content: dict[str, Any] = {route.gives: {"schema": {"type": "string"}}}
    else:
        content = {"application/json": {"schema": refs.of(route.gives, "serialization")}}
    answer: dict[str, Any] = {"description": route.status.phrase, "content": content}
    if route.versioned:
        answer["headers"] = {"ETag": {"description": "Its version, for If-Match.", "schema": {"type": "string"}}}
    return answer


def _failures(route: Route) -> dict[str, Any]:
    by_status: dict[HTTPStatus, list[Problem]] = {}
    for problem in problems_of(route):
        by_status.setdefault(problem.status, []).append(problem)
    return {
        str(status.value): {
            "description": "; ".join(f"{one.uri} ({one.heading})" for one in problems),
            "content": {CONTENT_TYPE: {"schema": {"$ref": f"{_SCHEMA}{ProblemDetails.__name__}"}}},
        }
        for status, problems in sorted(by_status.items())
    }


def _path(route: Route) -> Iterable[dict[str, Any]]:
    for part in route.path.split("/"):
        if part.startswith("{"):
            schema = {"type": "string", "minLength": 1}
            yield {"name": part.strip("{}"), "in": "path", "required": True, "schema": schema}


def _query(route: Route, refs: "_Refs") -> Iterable[dict[str, Any]]:
    whole = refs.whole(route.query, "validation")
    for name, schema in whole.get("properties", {}).items():
        plain = {key: value for key, value in schema.items() if key not in ("title", "description")}
        parameter = {"name": name, "in": "query", "required": name in whole.get("required", ()), "schema": plain}
        if "description" in schema:
            parameter["description"] = schema["description"]
        yield parameter


def _headers(route: Route) -> Iterable[dict[str, Any]]:
    if route.creates:
        says = "A name of your own for this request: sent again within 24 hours, nothing is done twice."
        schema: dict[str, Any] = {"type": "string", "pattern": "^[!-~]{1,200}$"}
        yield {"name": KEY_HEADER, "in": "header", "required": False, "description": says, "schema": schema}
    if route.heeds_version:
        says = "The version you read, or several with commas: where it is another by now, nothing is done."
        yield {"name": "If-Match", "in": "header", "required": False, "description": says, "schema": {"type": "string"}}


class _Refs:
    """Where each model stands in the document."""

    def __init__(self, of: Mapping[Any, dict[str, Any]], schemas: dict[str, Any]) -> None:
        self._of = of
        self._schemas = schemas

    def of(self, model: type[BaseModel], mode: JsonSchemaMode) -> dict[str, Any]:
        return self._of[model, mode]

    def whole(self, model: type[BaseModel], mode: JsonSchemaMode) -> dict[str, Any]:
        found: dict[str, Any] = self._schemas[self._of[model, mode]["$ref"].removeprefix(_SCHEMA)]
        return found


def _schemas(routes: Sequence[Route]) -> tuple[dict[str, Any], _Refs]:
    wanted: list[tuple[type[BaseModel], JsonSchemaMode]] = [(ProblemDetails, "serialization")]
    for route in routes:
        wanted.append((route.query, "validation"))
        if route.takes is not None:
            wanted.append((route.takes, "validation"))
        if not isinstance(route.gives, str):
            wanted.append((route.gives, "serialization"))
    of, definitions = models_json_schema(list(dict.fromkeys(wanted)), ref_template=f"{_SCHEMA}{{model}}")
    everything = definitions["$defs"]
    refs = _Refs(of, everything)
    # Parameters are written out where they belong.
    queries = {refs.of(route.query, "validation")["$ref"].removeprefix(_SCHEMA) for route in routes}
    return {name: schema for name, schema in sorted(everything.items()) if name not in queries}, refs
