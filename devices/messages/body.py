"""What all bodies share."""

from pydantic import BaseModel, ConfigDict


class Message(BaseModel):
    """What all bodies share: frozen, finite, tolerant of fields a later minor version adds."""

    model_config = ConfigDict(
        frozen=True,
        extra="ignore",
        allow_inf_nan=False,
        validate_by_name=True,
        validate_by_alias=True,
        serialize_by_alias=True,
        # An input repeated in an error would carry a badge number into a log.
        hide_input_in_errors=True,
    )
