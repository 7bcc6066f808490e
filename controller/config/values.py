"""All that can be set, as the rest of the house is told of it."""

from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

from pydantic import SecretStr

from controller.adapters.broker import BrokerProgram
from controller.adapters.influx import InfluxSettings
from controller.adapters.mqtt import Broker
from controller.adapters.notify import NotifySettings
from controller.domain.keeping import DEFAULTS, Keeping


class LogLevel(StrEnum):
    """How much the log tells."""

    DEBUG = "debug"
    INFO = "info"
    WARNING = "warning"
    ERROR = "error"


@dataclass(frozen=True, slots=True)
class Web:
    """Where the page answers."""

    host: str = "127.0.0.1"
    port: int = 8080
    host_names: tuple[str, ...] = ()  # beside this machine's own; a browser that asks for another is refused
    beyond_loopback: bool = False
    # Public events, panels, scanning and the API alone, for others to reach; None: they answer beside the page only.
    outside_host: str = "127.0.0.1"
    outside_port: int | None = None


@dataclass(frozen=True, slots=True)
class Home:
    """Where everything is kept: in a folder, the registry on a server where one is set."""

    folder: Path
    database: SecretStr | None = None  # the URL of a PostgreSQL database, which may hold a password


@dataclass(frozen=True, slots=True)
class Settings:
    """All that can be set, checked. `mqtt` is None for a broker of our own."""

    data: Path = Path("natoma-data")
    database: SecretStr | None = None
    space: Path | None = None
    mqtt: Broker | None = None
    broker: BrokerProgram | None = None  # None: mosquitto where it is installed, else amqtt
    broker_port: int | None = None
    web: Web = Web()
    notify: NotifySettings = field(default_factory=NotifySettings)
    calendars_private_hosts: tuple[str, ...] = ()  # of the own network, that calendars may be read from all the same
    keep: Keeping = DEFAULTS
    telemetry_cap_mb: int = 2048  # what the log of readings may take, with what nobody has read yet
    influx: InfluxSettings | None = None  # where readings are sent on to
    log_level: LogLevel = LogLevel.INFO

    @property
    def home(self) -> Home:
        return Home(self.data, self.database)
