"""Each setting as it is written, by itself: its name, its kind, and what would be right."""

import re
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Any

from pydantic import BeforeValidator, Field, SecretStr
from pydantic_settings import (
    BaseSettings,
    NoDecode,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
)

from controller.adapters.broker import BrokerProgram
from controller.adapters.notify import MAIL_SCHEMES
from controller.config.values import LogLevel
from controller.domain.history.delivery import MOST_LINES
from controller.domain.keeping import DEFAULTS

PREFIX = "NATOMA_"


def _lower(written: Any) -> Any:
    return written.lower() if isinstance(written, str) else written


def _listed(written: Any) -> Any:
    """`a.example, b.example` in the environment, a list in the file."""
    if isinstance(written, str):
        return tuple(part.strip() for part in written.split(",") if part.strip())
    return written


_PERIOD = re.compile(r"(\d{1,6})\s*(s|m|h|d|w|y)[a-z]*")
_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86_400, "w": 7 * 86_400, "y": 365 * 86_400}


def _period(written: Any) -> Any:
    """`90d`, `25h`, `2 years`; a number alone is of nobody knows what."""
    found = _PERIOD.fullmatch(written.strip().lower()) if isinstance(written, str) else None
    if found is None:
        if isinstance(written, timedelta):
            return written
        raise ValueError("is no period")
    return timedelta(seconds=int(found[1]) * _UNITS[found[2]])


Port = Annotated[int, Field(ge=0, le=65535)]
Period = Annotated[timedelta, BeforeValidator(_period)]
# A building has one name for people to type; the rest are names or addresses without a port.
_HOST = r"^[A-Za-z0-9_.:-]{1,253}$"


class Written(BaseSettings):
    """The settings as they are written, each by itself; what they mean together is `settled`."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, frozen=True, env_ignore_empty=True)

    data: Path = Path("natoma-data")
    database: SecretStr | None = None  # the URL may hold a password
    space: Path | None = None
    mqtt: SecretStr | None = None  # the URL may hold a password
    mqtt_passwords: Path | None = None
    mqtt_version: str = Field("5", pattern=r"^(5|3\.1\.1)$", coerce_numbers_to_str=True)
    mqtt_ca: Path | None = None
    mqtt_cert: Path | None = None
    mqtt_key: Path | None = None
    broker: Annotated[BrokerProgram, BeforeValidator(_lower)] | None = None
    broker_port: Annotated[int, Field(ge=1, le=65535)] | None = None
    web_host: str = Field("127.0.0.1", pattern=_HOST)
    web_port: Port = 8080
    web_host_names: Annotated[tuple[Annotated[str, Field(pattern=_HOST)], ...], NoDecode, BeforeValidator(_listed)] = ()
    web_beyond_loopback: bool = False
    web_outside_host: str = Field("127.0.0.1", pattern=_HOST)
    web_outside_port: Port | None = None
    notify_smtp: SecretStr | None = None  # the URL may hold a password
    notify_from: str | None = Field(None, pattern=r"^[^\s@<>,]{1,64}@[A-Za-z0-9.-]{1,255}$")
    notify_webhook_secret: SecretStr | None = None
    notify_private_hosts: Annotated[
        tuple[Annotated[str, Field(pattern=_HOST)], ...], NoDecode, BeforeValidator(_listed)
    ] = ()
    calendars_private_hosts: Annotated[
        tuple[Annotated[str, Field(pattern=_HOST)], ...], NoDecode, BeforeValidator(_listed)
    ] = ()
    keep_access: Period = DEFAULTS.access
    keep_events: Period = DEFAULTS.events
    keep_gaps: Period = DEFAULTS.gaps
    keep_telemetry: Period = DEFAULTS.telemetry
    keep_hourly: Period = DEFAULTS.hourly
    keep_refused: Period = DEFAULTS.refused
    telemetry_cap_mb: int = Field(2048, ge=16, le=1_000_000)
    influx_url: str | None = Field(None, max_length=500)
    influx_org: str = Field("natoma", min_length=1, max_length=200)
    influx_bucket: str = Field("natoma", min_length=1, max_length=200)
    influx_token: SecretStr | None = None
    influx_gzip: bool = False
    influx_lines: int = Field(MOST_LINES, ge=1, le=MOST_LINES)
    influx_read_url: str | None = Field(None, max_length=500)
    log_level: Annotated[LogLevel, BeforeValidator(_lower)] = LogLevel.INFO

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        # `load` reads the sources itself, so that it knows where each value came from.
        return (init_settings,)


NAMES = tuple(Written.model_fields)
PATHS = frozenset({"data", "space", "mqtt_passwords", "mqtt_ca", "mqtt_cert", "mqtt_key"})
SYNONYMS = {
    "mqtt_url": "mqtt",
    "mqtt_host": "mqtt",
    "data_dir": "data",
    "database_url": "database",
    "postgresql": "database",
    "port": "web_port",
    "host": "web_host",
    "influx": "influx_url",
    "influxdb": "influx_url",
    "influxdb_url": "influx_url",
    "influxdb_token": "influx_token",
}
# A broker's URL is easily written as `broker`, with its password.
URLS = frozenset({"mqtt", "broker", "database", "notify_smtp", "influx_url", "influx_read_url"})
_A_PERIOD = "write a number with h, d or y behind it, such as 25h, 90d or 2y"
# Never shown, whatever is wrong with them.
SECRETS = frozenset({"influx_token", "notify_webhook_secret"})
RIGHT = {
    "data": "name a directory",
    "database": "write postgresql://user:password@host/name, or leave it out for a file in the data folder",
    "space": "name a space file",
    "mqtt": "write mqtt://host:1883, or mqtts://user:password@host:8883",
    "mqtt_version": "write 5 or 3.1.1",
    "broker": f"write {' or '.join(BrokerProgram)} for a broker of our own; the address of yours is setting mqtt",
    "broker_port": "write a port from 1 to 65535, or leave it out for the first free from 1883 on",
    "web_host": "write an address of this machine, such as 127.0.0.1",
    "web_port": "write a port from 1 to 65535, or 0 to let the system choose",
    "web_host_names": "write host names without a port: natoma.example, door.local",
    "web_beyond_loopback": "write true or false",
    "web_outside_host": "write an address of this machine, such as 0.0.0.0 for all of them",
    "web_outside_port": "write a port from 1 to 65535, or leave it out to let nobody else in",
    "notify_smtp": f"write {', '.join(f'{scheme}://' for scheme in MAIL_SCHEMES)} before user:password@host:port",
    "notify_from": "write the address messages come from, such as natoma@example.org",
    "notify_webhook_secret": "write a long random text that webhooks are signed with",
    "notify_private_hosts": "write host names without a port: automation.local, 10.0.0.5",
    "calendars_private_hosts": "write host names without a port: nextcloud.local, 10.0.0.5",
    **dict.fromkeys(
        ("keep_access", "keep_events", "keep_gaps", "keep_telemetry", "keep_hourly", "keep_refused"), _A_PERIOD
    ),
    "telemetry_cap_mb": "write a number of MiB from 16 to 1000000",
    "influx_url": "write http://host:8086 or https://host, with the path before /api/v2 where there is one",
    "influx_org": "name the organisation, as InfluxDB has it",
    "influx_bucket": "name the bucket that readings go into",
    "influx_token": "write a token that may write to that bucket",
    "influx_gzip": "write true or false",
    "influx_lines": f"write a number from 1 to {MOST_LINES}",
    "influx_read_url": "write http://host:8481/select/0/prometheus, or leave it out where influx_url answers questions too",
    "log_level": f"write {', '.join(level.value for level in LogLevel)}",
}
