"""The contract for people who do not read Python: a JSON Schema for each message and one AsyncAPI 3 document.

All of it is generated from `messages` and `topics` by `python -m devices.schemas`; a test fails when the files drift.
Nothing at run time reads them.
"""

import json
from pathlib import Path
from typing import Any

import yaml

from devices.fields import PATTERN_WORDS
from devices.messages import MODELS
from devices.schemas.examples import EXAMPLES
from devices.topics import MAJOR, RULES, Kind

DIRECTORY = Path(__file__).parent
ASYNCAPI = "asyncapi.yaml"
_DIALECT = "https://json-schema.org/draft/2020-12/schema"


def generate() -> dict[str, str]:
    """Every generated file by name."""
    files = {f"{kind}.json": json.dumps(schema(kind), indent=2, ensure_ascii=False) + "\n" for kind in Kind}
    files[ASYNCAPI] = yaml.safe_dump(asyncapi(), sort_keys=False, allow_unicode=True, width=120)
    return files


def drift(directory: Path = DIRECTORY) -> list[str]:
    """What differs between the files there and the models here, one name each."""
    wanted = generate()
    found = {path.name: path.read_text("utf-8") for path in directory.iterdir() if path.suffix in (".json", ".yaml")}
    return sorted(name for name in wanted.keys() | found.keys() if wanted.get(name) != found.get(name))


def write(directory: Path = DIRECTORY) -> list[str]:
    """Bring the files up to date; the names of those that changed."""
    wanted, changed = generate(), drift(directory)
    for name in changed:
        if name in wanted:
            (directory / name).write_text(wanted[name], "utf-8")
        else:
            (directory / name).unlink()
    return changed


def schema(kind: Kind) -> dict[str, Any]:
    """The JSON Schema of one body. Members it does not name are allowed: minor versions add some."""
    body = MODELS[kind].model_json_schema(by_alias=True)
    for name, rule in _BETWEEN_MEMBERS.items():
        if name == body["title"]:
            body.update(rule)
        elif name in body.get("$defs", {}):
            body["$defs"][name].update(rule)
    _explain_patterns(body)
    return {"$schema": _DIALECT, "$id": f"urn:natoma:contract:{MAJOR}:{kind}", **body, "examples": EXAMPLES[kind]}


# What the models check between members, which the types alone do not say.
_BETWEEN_MEMBERS: dict[str, dict[str, Any]] = {
    "Telemetry": {"oneOf": [{"required": ["v"]}, {"required": ["batch"]}]},
    "BadgeReadData": {"oneOf": [{"required": [name]} for name in ("card", "pin", "token")]},
    "Event": {
        "allOf": [
            {
                "if": {"properties": {"type": {"const": "badge.read"}}},
                "then": {"required": ["data"], "properties": {"data": {"$ref": "#/$defs/BadgeReadData"}}},
            },
            {
                "if": {"properties": {"type": {"const": "pin.entered"}}},
                "then": {
                    "required": ["data"],
                    "properties": {"data": {"$ref": "#/$defs/BadgeReadData", "required": ["pin"]}},
                },
            },
        ]
    },
}


def _explain_patterns(part: Any) -> None:
    if isinstance(part, dict):
        if part.get("pattern") in PATTERN_WORDS:
            part.setdefault("description", PATTERN_WORDS[part["pattern"]])
        for below in part.values():
            _explain_patterns(below)
    elif isinstance(part, list):
        for below in part:
            _explain_patterns(below)


def asyncapi() -> dict[str, Any]:
    """The whole contract from the controller's side: it receives what goes up and sends what comes down."""
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "Natoma devices",
            "version": f"{MAJOR}.0",
            "description": (
                "What doors, readers, sensors and lights say to a Natoma controller over MQTT, and hear from it. "
                "State may be retained, actions (event, command) never. Bodies are JSON of at most 64 KiB."
            ),
            "license": {"name": "Apache-2.0"},
        },
        "defaultContentType": "application/json",
        "channels": {_channel(kind): _channel_of(kind) for kind in Kind},
        "operations": {
            f"{'receive' if RULES[kind].direction == 'up' else 'send'}{kind.capitalize()}": _operation(kind)
            for kind in Kind
        },
        "components": {
            "messages": {kind.value: _message(kind) for kind in Kind},
            "parameters": {
                "root": {
                    "description": "The space's own root; may hold slashes, like natoma/paris.",
                    "default": "natoma",
                },
                "device": {"description": "The device's MQTT user name: 1 to 40 of a-z, 0-9 and '-'."},
            },
        },
    }


def _channel(kind: Kind) -> str:
    return f"{RULES[kind].direction}{kind.capitalize()}"


def _channel_of(kind: Kind) -> dict[str, Any]:
    return {
        "address": f"{{root}}/{MAJOR}/{{device}}/{RULES[kind].direction}/{kind}",
        "parameters": {name: {"$ref": f"#/components/parameters/{name}"} for name in ("root", "device")},
        "messages": {kind.value: {"$ref": f"#/components/messages/{kind}"}},
    }


def _operation(kind: Kind) -> dict[str, Any]:
    rule = RULES[kind]
    return {
        "action": "receive" if rule.direction == "up" else "send",
        "channel": {"$ref": f"#/channels/{_channel(kind)}"},
        "messages": [{"$ref": f"#/channels/{_channel(kind)}/messages/{kind}"}],
        "bindings": {"mqtt": {"qos": rule.qos, "retain": rule.retained, "bindingVersion": "0.2.0"}},
    }


def _message(kind: Kind) -> dict[str, Any]:
    return {
        "name": kind.value,
        "summary": (MODELS[kind].__doc__ or "").splitlines()[0],
        "payload": {
            "schemaFormat": "application/schema+json;version=draft-2020-12",
            "schema": {"$ref": f"./{kind}.json"},
        },
        "examples": [{"payload": example} for example in EXAMPLES[kind]],
    }
