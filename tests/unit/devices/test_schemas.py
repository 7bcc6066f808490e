"""The published schemas are those of the models, and their examples are true."""

import json
import subprocess
import sys

import jsonschema
import pytest
import yaml

from devices import schemas
from devices.codec import decode
from devices.schemas.examples import EXAMPLES
from devices.topics import RULES, Kind, Topics

TOPICS = Topics()
VALIDATOR = jsonschema.Draft202012Validator
CASES = [pytest.param(kind, example, id=f"{kind}-{n}") for kind in Kind for n, example in enumerate(EXAMPLES[kind])]


def test_the_files_are_up_to_date():
    assert schemas.drift() == [], "run python -m devices.schemas"


def test_the_command_says_whether_they_are():
    done = subprocess.run([sys.executable, "-m", "devices.schemas", "--check"], capture_output=True, text=True)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_a_file_that_is_missing_changed_or_left_over_is_drift(tmp_path):
    schemas.write(tmp_path)
    assert schemas.drift(tmp_path) == []
    (tmp_path / "ack.json").write_text("{}")
    (tmp_path / "event.json").unlink()
    (tmp_path / "gone.json").write_text("{}")
    assert schemas.drift(tmp_path) == ["ack.json", "event.json", "gone.json"]
    assert schemas.write(tmp_path) == ["ack.json", "event.json", "gone.json"]
    assert schemas.drift(tmp_path) == []


@pytest.mark.parametrize("kind", Kind)
def test_each_schema_is_one(kind):
    VALIDATOR.check_schema(json.loads((schemas.DIRECTORY / f"{kind}.json").read_text()))


@pytest.mark.parametrize(("kind", "example"), CASES)
def test_each_example_passes_its_schema_and_the_codec(kind, example):
    VALIDATOR(schemas.schema(kind)).validate(example)
    topic = (TOPICS.up if RULES[kind].direction == "up" else TOPICS.down)("front", kind)
    assert decode(TOPICS, topic, json.dumps(example).encode()).unknown_fields == ()


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        (Kind.TELEMETRY, {"seq": 1}),
        (Kind.TELEMETRY, {"v": {}, "batch": [{"ts": 1, "v": {}}]}),
        (Kind.TELEMETRY, {"v": {"t": [1]}}),
        (Kind.EVENT, {"id": "a", "type": "badge.read"}),
        (Kind.EVENT, {"id": "a", "type": "badge.read", "data": {"bits": 56}}),
        (Kind.EVENT, {"id": "a", "type": "pin.entered", "data": {"card": "0A"}}),
        (Kind.ACK, {"re": "a", "phase": "finished"}),
        (Kind.BIRTH, {"contract": "2.0", "rev": 1, "channels": {}}),
        (Kind.COMMAND, {"id": "a", "ts": 1, "do": "unlock"}),
    ],
)
def test_the_schemas_refuse_what_the_codec_refuses(kind, body):
    assert not VALIDATOR(schemas.schema(kind)).is_valid(body)


def test_the_asyncapi_document_has_every_kind_and_every_reference_leads_somewhere():
    document = yaml.safe_load((schemas.DIRECTORY / schemas.ASYNCAPI).read_text("utf-8"))
    assert document["asyncapi"].startswith("3.")
    assert set(document["components"]["messages"]) == {kind.value for kind in Kind}
    assert len(document["operations"]) == len(Kind)

    def references(part):
        if isinstance(part, dict):
            yield from ([part["$ref"]] if "$ref" in part else [])
            for below in part.values():
                yield from references(below)
        elif isinstance(part, list):
            for below in part:
                yield from references(below)

    for reference in references(document):
        if reference.startswith("./"):
            assert (schemas.DIRECTORY / reference).is_file()
            continue
        place = document
        for step in reference.removeprefix("#/").split("/"):
            place = place[step]


def test_no_action_is_published_as_retained():
    operations = schemas.asyncapi()["operations"]
    assert operations["receiveEvent"]["bindings"]["mqtt"]["retain"] is False
    assert operations["sendCommand"]["bindings"]["mqtt"]["retain"] is False
