"""Where readings are sent on to, as the settings say it."""

from dataclasses import dataclass, field

from controller.domain.history.delivery import MOST_LINES


@dataclass(frozen=True, slots=True)
class InfluxSettings:
    """An InfluxDB 2, or what takes the same writes."""

    url: str  # with the path before /api/v2 where there is one; never with a password
    org: str = "natoma"
    bucket: str = "natoma"
    token: str = field(default="", repr=False)
    gzip: bool = False
    lines: int = MOST_LINES  # of one request
    read_url: str = ""  # where they are read back, if that is elsewhere
