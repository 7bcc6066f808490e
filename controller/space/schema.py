"""The JSON Schema of the space file, for editors: completion, descriptions and red lines while typing.

Made from the models of `file`; `python -m controller.space.schema` writes it anew, and a test fails when the
written one differs. It knows shapes only: `natoma check` also knows what the names mean.
"""

import json
from pathlib import Path
from typing import Any

from controller.domain.building import RoomKind
from controller.space.file import SpaceFile
from controller.space.values import HOURS_SCHEMA

PATH = Path(__file__).parents[1] / "schemas" / "space.schema.json"


def space_schema() -> dict[str, Any]:
    """The schema as JSON would have it."""
    schema = SpaceFile.model_json_schema(by_alias=True)
    entries, properties = schema["$defs"], schema["properties"]
    # The short forms: the models see them only after they were written out.
    _also(entries["AreaEntry"]["properties"], "room", {"enum": [kind.value for kind in RoomKind]})
    hours = {"oneOf": [HOURS_SCHEMA, {"type": "array", "items": HOURS_SCHEMA, "minItems": 1}]}
    entries["ScheduleEntry"]["properties"]["open"] |= hours
    for key in ("type", "items", "default"):
        entries["ScheduleEntry"]["properties"]["open"].pop(key, None)
    schedules = properties["schedules"]
    (pattern, entry), *_ = schedules["patternProperties"].items()
    schedules["patternProperties"] = {pattern: {"oneOf": [{"const": "always"}, *hours["oneOf"], entry]}}
    holidays = properties["holidays"]
    holidays["propertyNames"] = {"pattern": r"^\d{4}-\d{2}-\d{2}$"}
    holidays["additionalProperties"] = {"oneOf": [{"type": "string", "minLength": 1}, holidays["additionalProperties"]]}
    for section in properties.values():
        if "patternProperties" in section:
            section["additionalProperties"] = False
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema, "title": "A Natoma space"}


def _also(properties: dict[str, Any], key: str, short: dict[str, Any]) -> None:
    """Allow a short form beside what is there."""
    written = properties[key]
    written["anyOf"] = [short, *written.pop("anyOf")]


def rendered() -> str:
    """The schema as the file has it."""
    return json.dumps(space_schema(), indent=2, ensure_ascii=False) + "\n"


def main() -> None:
    PATH.write_text(rendered(), encoding="utf-8")


if __name__ == "__main__":
    main()
