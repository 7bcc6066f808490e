"""The document tells what is answered, and what is answered is as it tells: no request whatever ends in a 5xx."""

import asyncio
import json
from collections.abc import Iterator
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator
from referencing import Registry, Resource
from referencing.jsonschema import DRAFT202012

from controller.domain.tokens import TokenScope
from controller.web.api.openapi import document, problems_of
from controller.web.api.problems import Problem
from controller.web.api.routes import PREFIX
from tests.support.api_site import ApiSite, Told, at

SCHEMA = json.loads((Path(__file__).parents[2] / "support" / "openapi-3.1.schema.json").read_text())
ROUTES = ApiSite().routes()
DOCUMENT: dict[str, Any] = json.loads(json.dumps(document(ROUTES)))
OPERATIONS = [(path, method, one) for path, item in DOCUMENT["paths"].items() for method, one in item.items()]
REGISTRY: Registry[Any] = Registry().with_resource("doc", Resource.from_contents(DOCUMENT, DRAFT202012))


def check(value: object, schema: dict[str, Any]) -> None:
    """Whether a value is as a schema of the document says."""
    absolute = json.loads(json.dumps(schema).replace('"#/components', '"doc#/components'))
    Draft202012Validator(absolute, registry=REGISTRY).validate(value)


# --- the document -----------------------------------------------------------------------------------------------------


def test_the_document_is_openapi_3_1() -> None:
    errors = list(Draft202012Validator(SCHEMA).iter_errors(DOCUMENT))

    assert not errors, errors[0]
    for schema in DOCUMENT["components"]["schemas"].values():
        Draft202012Validator.check_schema(schema)


def test_every_reference_leads_somewhere() -> None:
    def references(value: object) -> Iterator[str]:
        if isinstance(value, dict):
            yield from (one for key, one in value.items() if key == "$ref")
            for one in value.values():
                yield from references(one)
        elif isinstance(value, list):
            for one in value:
                yield from references(one)

    there = {f"#/components/schemas/{name}" for name in DOCUMENT["components"]["schemas"]}
    used = set(references(DOCUMENT))
    assert used == there


def test_every_operation_has_a_name_of_its_own_and_says_its_scopes() -> None:
    names = [operation["operationId"] for _, _, operation in OPERATIONS]

    assert len(set(names)) == len(names) == len(ROUTES)
    for route in ROUTES:
        said = DOCUMENT["paths"][PREFIX + route.path][route.method.lower()]
        assert [scope for one in said["security"] for scope in one["token"]] == [str(one) for one in route.scopes]
        assert said["tags"] == [route.tag]


def test_whatever_books_tells_each_way_in_which_a_room_is_taken() -> None:
    taken = {Problem.OVERLAP, Problem.EVENT, Problem.BUFFER}
    books = {"createBooking", "changeBooking", "extendBooking", "createSeries", "takeOffered"}

    assert {route.name for route in ROUTES if taken <= set(problems_of(route))} >= books


def test_a_version_is_asked_for_where_something_that_was_read_is_changed() -> None:
    asked = {
        operation["operationId"]
        for _, _, operation in OPERATIONS
        if any(one["name"] == "If-Match" for one in operation.get("parameters", []))
    }

    assert {"changeBooking", "cancelBooking", "endEvent"} <= asked
    assert not asked & {"createBooking", "takeOffered", "createEvent", "getBooking"}
    assert {route.name for route in ROUTES if Problem.CHANGED in problems_of(route)} == asked


def test_every_scope_opens_something() -> None:
    used = {scope for route in ROUTES for scope in route.scopes}

    assert used == set(TokenScope)


def test_only_the_tokens_own_description_needs_no_scope() -> None:
    assert [route.name for route in ROUTES if not route.scopes] == ["getToken"]


async def test_the_document_is_served_to_whoever_asks_and_tells_nothing_of_the_house() -> None:
    async with ApiSite().served() as site:
        answer = await site.tell("GET", "/api/openapi.json")

    assert (answer.status, answer.body) == (200, DOCUMENT)
    assert "Study" not in json.dumps(answer.body)


# --- the answers ------------------------------------------------------------------------------------------------------


class Running:
    """One site for all requests, which anything may be asked."""

    def __init__(self) -> None:
        self.loop = asyncio.new_event_loop()
        self.site = ApiSite()
        self._stack = AsyncExitStack()
        self.secrets: list[str] = []
        self.ids: dict[str, list[str]] = {}
        self.do(self._start())

    async def _start(self) -> None:
        await self._stack.enter_async_context(self.site.served())
        for person, room in (("dana", None), ("alice", None), (None, "study"), (None, None)):
            self.secrets.append(await self.site.secret(*TokenScope, person=person, room=room))
        booking = await self.site.tell(
            "POST", "/bookings", self.secrets[1], {"room": "study", "start": at(13), "end": at(14)}
        )
        requested = await self.site.tell(
            "POST", "/bookings", self.secrets[1], {"room": "salon", "start": at(13), "end": at(14)}
        )
        self.ids["booking"] = [booking.body["id"], requested.body["id"]]
        evening = {"doors": ["street"], "start": at(18), "end": at(22), "capacity": 9, "name": "Talk"}
        for id in ("talk-1", "talk-2"):
            await self.site.tell("POST", "/events", self.secrets[0], {"id": id, **evening})
        self.ids["event"] = ["talk-1", "talk-2"]
        made = await self.site.tell(
            "POST", "/events/talk-1/tickets", self.secrets[0], {"guests": [{"name": "Gus"}, {"name": "Eva"}]}
        )
        self.ids["ticket"] = [one["id"] for one in made.body["items"]]

    def do(self, work: Any) -> Any:
        return self.loop.run_until_complete(work)

    def close(self) -> None:
        self.do(self._stack.aclose())
        self.loop.close()


@pytest.fixture(scope="module")
def running() -> Iterator[Running]:
    one = Running()
    yield one
    one.close()


JUNK = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.text(max_size=20),
    st.sampled_from(["study", "salon", "alice", "\x00", "9999-12-31T23:59:59-23:59", "0001-01-01T00:00:00Z", "NaN"]),
    st.lists(st.integers(), max_size=2),
    st.dictionaries(st.text(max_size=3), st.integers(), max_size=2),
)
MOMENTS = st.builds(
    lambda hours, day: at(hours, day), st.integers(0, 95).map(lambda one: one / 4), st.integers(-3, 200)
)
WORDS = {
    "room": st.sampled_from(["study", "salon", "booth", "lobby", "attic"]),
    "owner": st.sampled_from(["alice", "bob", "dana", "eve"]),
    "person": st.sampled_from(["alice", "bob", "dana", "eve"]),
    "doors": st.lists(st.sampled_from(["street", "lab", "attic"]), max_size=2),
    "host": st.sampled_from(["alice", "dana", "eve"]),
    "participants": st.lists(st.sampled_from(["alice", "bob", "eve"]), max_size=3),
}


def values(schema: dict[str, Any], name: str = "") -> st.SearchStrategy[Any]:
    """What a schema allows, more or less; the words that mean something here come often."""
    if name in WORDS:
        return WORDS[name]
    if "$ref" in schema:
        return values(DOCUMENT["components"]["schemas"][schema["$ref"].rpartition("/")[2]])
    if "anyOf" in schema:
        return st.one_of(*(values(one, name) for one in schema["anyOf"]))
    if "enum" in schema:
        return st.sampled_from(schema["enum"])
    kind = schema.get("type")
    if kind == "object":
        fields = {key: values(one, key) for key, one in schema.get("properties", {}).items()}
        needed = {key: one for key, one in fields.items() if key in schema.get("required", ())}
        return st.fixed_dictionaries(needed, optional={k: one for k, one in fields.items() if k not in needed})
    if kind == "string":
        return texts(schema)
    if kind == "array":
        return st.lists(values(schema["items"]), max_size=3)
    plain = {
        "integer": st.integers(schema.get("minimum", -5), schema.get("maximum", 5)),
        "boolean": st.booleans(),
        "null": st.none(),
    }
    return plain.get(str(kind), JUNK)


def texts(schema: dict[str, Any]) -> st.SearchStrategy[str]:
    if schema.get("format") == "date-time":
        return MOMENTS
    if schema.get("format") == "date":
        return st.dates().map(lambda day: day.isoformat())
    if "(" in schema.get("pattern", ""):
        return st.from_regex(schema["pattern"], fullmatch=True)
    letters = st.text("abc é", min_size=max(1, schema.get("minLength", 0)), max_size=30)
    return st.one_of(letters, letters, st.text(min_size=schema.get("minLength", 0), max_size=30))


@st.composite
def spoilt(draw: st.DrawFn, good: st.SearchStrategy[Any]) -> Any:
    """As it should be most of the time; else with something in it that should not be there."""
    value = draw(good)
    kind = draw(st.integers(0, 12))
    if kind == 0:
        return draw(JUNK)
    if kind <= 2 and isinstance(value, dict):
        return {**value, draw(st.sampled_from([*value, "more"])): draw(JUNK)}
    return value


@st.composite
def requests(
    draw: st.DrawFn,
) -> tuple[str, str, dict[str, Any], dict[str, str], str | None, str | None, dict[str, str]]:
    path, method, operation = draw(st.sampled_from(OPERATIONS))
    kinds = {one["name"]: one for one in operation.get("parameters", [])}
    ids = {
        name: draw(st.one_of(st.sampled_from(["study", "ours", "ours", "ours"]), st.text(min_size=1, max_size=9)))
        for name, one in kinds.items()
        if one["in"] == "path"
    }
    query = {
        name: str(draw(spoilt(values(one["schema"], name))))
        for name, one in kinds.items()
        if one["in"] == "query" and draw(st.booleans())
    }
    headers = {"If-Match": draw(st.sampled_from(['"x"', "*"]))} if "If-Match" in kinds and draw(st.booleans()) else {}
    body = None
    if "requestBody" in operation:
        content = operation["requestBody"]["content"]
        if "application/json" in content:
            body = json.dumps(draw(spoilt(values(content["application/json"]["schema"]))))
        else:
            body = draw(st.text(max_size=60))
            headers["Content-Type"] = "text/csv"
    return path, method, operation, ids, query, body, headers


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(asked=requests(), who=st.integers(0, 3), number=st.integers(0, 1))
def test_whatever_is_asked_the_answer_is_as_the_document_tells(
    running: Running, asked: Any, who: int, number: int
) -> None:
    path, method, operation, ids, query, body, headers = asked
    for name, id in ids.items():
        ours = running.ids.get(name)
        path = path.replace(f"{{{name}}}", quote(ours[number] if id == "ours" and ours else id, safe=""))
    if "/../" in f"{path}/" or "/./" in f"{path}/":
        return  # another address by the time it arrives
    data = body.encode("utf-8", "surrogatepass") if body is not None else None

    answer: Told = running.do(
        running.site.tell(method.upper(), path, running.secrets[who], data=data, headers=headers, **query)
    )

    said = operation["responses"].get(str(answer.status))
    assert answer.status < 500, (method, path, query, body, answer)
    assert said is not None, f"{method} {path} answered {answer.status}, which is not in the document: {answer.body}"
    (content_type,) = said["content"]
    assert answer.headers["Content-Type"].startswith(content_type)
    check(answer.body, said["content"][content_type]["schema"])
    if answer.status >= 400:
        (route,) = [one for one in ROUTES if one.name == operation["operationId"]]
        assert answer.problem in {str(one) for one in problems_of(route)}
