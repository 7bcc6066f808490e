"""Settings: from flags, the environment and natoma.toml, in this order, into one typed value.

Every setting has one name everywhere: `web_port` in the file, NATOMA_WEB_PORT in the environment, --web-port on the
command line. What is wrong is told with that name, where it came from, its value and what would be right.
"""

import json
import os
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import SplitResult, unquote, urlsplit

from pydantic import BeforeValidator, Field, SecretStr, ValidationError
from pydantic_settings import (
    BaseSettings,
    EnvSettingsSource,
    NoDecode,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
)

from controller.adapters.broker import BrokerProgram
from controller.adapters.mqtt import Broker
from controller.adapters.notify import MAIL_SCHEMES, NotifySettings
from controller.errors import InputError
from devices.link import MQTT_3_1_1, MQTT_5, TlsSettings

CONFIG_FILE = Path("natoma.toml")
PREFIX = "NATOMA_"
ACCESS_USER = "server-access"
TELEMETRY_USER = "server-telemetry"
_PORTS = {"mqtt": 1883, "mqtts": 8883}
# Environment names that only Natoma could have meant: the rest of NATOMA_* may belong to scripts around it.
_OURS = re.compile(r"NATOMA_(MQTT|WEB|LOG|BROKER|DATA|DATABASE|NOTIFY|CALENDARS)(_|$)")


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
    log_level: LogLevel = LogLevel.INFO

    @property
    def home(self) -> Home:
        return Home(self.data, self.database)


def _lower(written: Any) -> Any:
    return written.lower() if isinstance(written, str) else written


def _listed(written: Any) -> Any:
    """`a.example, b.example` in the environment, a list in the file."""
    if isinstance(written, str):
        return tuple(part.strip() for part in written.split(",") if part.strip())
    return written


Port = Annotated[int, Field(ge=0, le=65535)]
# A building has one name for people to type; the rest are names or addresses without a port.
_HOST = r"^[A-Za-z0-9_.:-]{1,253}$"


class _Written(BaseSettings):
    """The settings as they are written, each by itself; what they mean together is `_settled`."""

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


_NAMES = tuple(_Written.model_fields)
_PATHS = frozenset({"data", "space", "mqtt_passwords", "mqtt_ca", "mqtt_cert", "mqtt_key"})
_SYNONYMS = {
    "mqtt_url": "mqtt",
    "mqtt_host": "mqtt",
    "data_dir": "data",
    "database_url": "database",
    "postgresql": "database",
    "port": "web_port",
    "host": "web_host",
}
# A broker's URL is easily written as `broker`, with its password.
_URLS = frozenset({"mqtt", "broker", "database", "notify_smtp"})
_DATABASES = ("postgresql", "postgres")
_RIGHT = {
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
    "log_level": f"write {', '.join(level.value for level in LogLevel)}",
}


@dataclass(frozen=True, slots=True)
class _Sources:
    """What was written, and where each of it came from."""

    values: Mapping[str, Any]
    origins: Mapping[str, str]

    def wrong(self, name: str, why: str, right: str) -> str:
        """One line: the setting, where it came from, its value, and what would be right."""
        value = self.values.get(name)
        shown = "" if value is None else f"{_masked(name, value)!r} "
        return f"setting {name} ({self.origins.get(name, 'not set')}): {shown}{why} — {right}"


def load(config: Path | None = None, flags: Mapping[str, object] | None = None) -> Settings:
    """The settings in force. `config` must exist when it is named; flags that are None were not given.

    Raises:
        InputError: one line for each setting that is wrong.
    """
    sources = _read_sources(flags or {}, config)
    try:
        written = _Written(**sources.values)
    except ValidationError as exc:
        raise InputError("\n".join(_told(sources, exc))) from None  # the cause would show secrets
    return _settled(written, sources)


def _read_sources(flags: Mapping[str, object], config: Path | None) -> _Sources:
    elsewhere = os.environ.get(f"{PREFIX}CONFIG")
    named = config or (Path(elsewhere) if elsewhere else None)
    values, origins = _read_file(named or CONFIG_FILE, must_exist=named is not None)
    _refuse_unknown_environment()
    for name, found in EnvSettingsSource(_Written)().items():
        values[name], origins[name] = found, f"{PREFIX}{name.upper()}"
    for name, given in flags.items():
        if given is not None:
            values[name], origins[name] = given, f"--{name.replace('_', '-')}"
    return _Sources(values, origins)


def _read_file(path: Path, *, must_exist: bool) -> tuple[dict[str, Any], dict[str, str]]:
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        if must_exist:
            raise InputError(f"settings file {path}: there is no such file — name one that exists") from None
        return {}, {}
    except (OSError, UnicodeDecodeError) as exc:
        reason = "is not UTF-8" if isinstance(exc, UnicodeDecodeError) else f"cannot be read ({exc.strerror})"
        raise InputError(f"settings file {path}: {reason} — name a text file that this user may read") from exc
    try:
        written = tomllib.loads(text)
    except tomllib.TOMLDecodeError as exc:
        raise InputError(f"settings file {path}: is not TOML ({exc}) — write lines like: web_port = 8080") from exc
    lines = {
        match[1]: text.count("\n", 0, match.start(1)) + 1 for match in re.finditer(r"(?m)^\s*([\w-]+)\s*[=.]", text)
    }
    origins = {name: f"{path}:{lines[name]}" if name in lines else str(path) for name in written}
    if unknown := [name for name in written if name not in _NAMES]:
        raise InputError(
            "\n".join(f"setting {name} ({origins[name]}): there is none — {_meant(name)}" for name in unknown)
        )
    # A path in a file is seen from that file, wherever the service was started.
    at_home = {
        name: path.parent / value for name, value in written.items() if name in _PATHS and isinstance(value, str)
    }
    return {**written, **at_home}, origins


def _refuse_unknown_environment() -> None:
    """A misspelt NATOMA_MQTT_* must not quietly start a broker of our own."""
    known = {f"{PREFIX}{name.upper()}" for name in _NAMES}
    unknown = [name for name in sorted(os.environ) if _OURS.match(name) and name not in known]
    if unknown:
        told = (
            f"setting {name} (environment): there is none — {_meant(name.removeprefix(PREFIX).lower())}"
            for name in unknown
        )
        raise InputError("\n".join(told))


def _meant(name: str) -> str:
    if name in _SYNONYMS:
        return f"did you mean {_SYNONYMS[name]}?"
    close = get_close_matches(name.replace("-", "_"), _NAMES, n=1, cutoff=0.6)
    return f"did you mean {close[0]}?" if close else f"the settings are {', '.join(_NAMES)}"


def _told(sources: _Sources, exc: ValidationError) -> list[str]:
    found = {}
    for error in exc.errors(include_url=False):
        name = str(error["loc"][0])
        if error["type"] == "extra_forbidden":
            found[name] = f"setting {name} ({sources.origins[name]}): there is none — {_meant(name)}"
        else:
            found.setdefault(name, sources.wrong(name, "does not fit", _RIGHT.get(name, "write text")))
    return list(found.values())


def _masked(name: str, value: object) -> str:
    if name not in _URLS:
        return str(value)
    text = value.get_secret_value() if isinstance(value, SecretStr) else str(value)
    text, query, _ = text.partition("?")  # may name a password too
    text += "?***" if query else ""
    # Whatever stands before the last @ may be a password, in a URL that is none as well.
    scheme, _, _ = text.partition("://") if "://" in text else ("", "", "")
    _, at, host = text.rpartition("@")
    return f"{scheme}://***@{host}" if at and scheme else f"***@{host}" if at else text


def _settled(written: _Written, sources: _Sources) -> Settings:
    """What the settings mean together."""
    if written.data.exists() and not written.data.is_dir():
        raise InputError(sources.wrong("data", "is a file", "name a directory, or a new one"))
    return Settings(
        data=written.data,
        database=_database(written, sources),
        space=written.space,
        mqtt=_broker(written, sources),
        broker=written.broker,
        broker_port=written.broker_port,
        web=Web(
            written.web_host,
            written.web_port,
            written.web_host_names,
            written.web_beyond_loopback,
            written.web_outside_host,
            written.web_outside_port,
        ),
        notify=_notify(written, sources),
        calendars_private_hosts=written.calendars_private_hosts,
        log_level=written.log_level,
    )


def _database(written: _Written, sources: _Sources) -> SecretStr | None:
    if written.database is None:
        return None
    text, right = written.database.get_secret_value(), _RIGHT["database"]
    try:
        url = urlsplit(text)
        _ = url.port
    except ValueError:
        raise InputError(sources.wrong("database", "is no address of a database", right)) from None
    if url.scheme not in _DATABASES:
        why = f"has scheme {url.scheme!r}" if "://" in text else "has no scheme"
        raise InputError(sources.wrong("database", why, right))
    if not url.path.strip("/"):
        raise InputError(sources.wrong("database", "names no database", right))
    return written.database


def _notify(written: _Written, sources: _Sources) -> NotifySettings:
    smtp = written.notify_smtp.get_secret_value() if written.notify_smtp is not None else None
    if smtp is not None:
        try:
            url = urlsplit(smtp)
            is_server = url.scheme in MAIL_SCHEMES and bool(url.hostname) and url.port != 0
        except ValueError:
            is_server = False
        if not is_server:
            raise InputError(sources.wrong("notify_smtp", "is no address of a mail server", _RIGHT["notify_smtp"]))
        if written.notify_from is None:
            raise InputError(sources.wrong("notify_from", "says whom mail comes from", _RIGHT["notify_from"]))
    secret = written.notify_webhook_secret
    return NotifySettings(
        smtp=smtp,
        sender=written.notify_from,
        webhook_secret=secret.get_secret_value() if secret is not None else None,
        private_hosts=frozenset(host.lower() for host in written.notify_private_hosts),
    )


def _broker(written: _Written, sources: _Sources) -> Broker | None:
    if written.mqtt is None:
        for name in ("mqtt_passwords", "mqtt_ca", "mqtt_cert", "mqtt_key"):
            if getattr(written, name) is not None:
                raise InputError(sources.wrong(name, "says how to reach a broker, but not which", "set mqtt too"))
        return None
    if written.broker is not None:
        why = "says which broker of our own to start, while setting mqtt names yours"
        raise InputError(sources.wrong("broker", why, "keep one of the two"))
    url = _url(written.mqtt.get_secret_value(), sources)
    user = unquote(url.username) if url.username else None
    password = unquote(url.password) if url.password else None
    access, telemetry = (user, password), (user, password)
    if written.mqtt_passwords is not None:
        if user is not None:
            why = "names a user, and so does the file of passwords"
            raise InputError(sources.wrong("mqtt", why, "keep one of the two: mqtt_passwords, or user:password@"))
        passwords = _passwords(written.mqtt_passwords, sources)
        access, telemetry = (ACCESS_USER, passwords[ACCESS_USER]), (TELEMETRY_USER, passwords[TELEMETRY_USER])
    return Broker(
        host=url.hostname or "",
        port=url.port or _PORTS[url.scheme],
        version=MQTT_5 if written.mqtt_version == "5" else MQTT_3_1_1,
        access_user=access[0],
        access_password=access[1],
        telemetry_user=telemetry[0],
        telemetry_password=telemetry[1],
        tls=_tls(written, url, sources),
    )


def _url(text: str, sources: _Sources) -> SplitResult:
    right = _RIGHT["mqtt"]
    try:
        url = urlsplit(text)
        port = url.port
    except ValueError:
        raise InputError(sources.wrong("mqtt", "is no address of a broker", right)) from None
    if url.scheme not in _PORTS:
        why = f"has scheme {url.scheme!r}" if "://" in text else "has no scheme"
        raise InputError(sources.wrong("mqtt", why, right))
    if not url.hostname or port == 0:
        raise InputError(sources.wrong("mqtt", "names no host" if not url.hostname else "has port 0", right))
    if url.path.strip("/") or url.query or url.fragment:
        why = "has more than host and port"
        raise InputError(sources.wrong("mqtt", why, f"{right}; topics begin with the root that the space file states"))
    if url.password and not url.username:
        raise InputError(sources.wrong("mqtt", "has a password without a user", right))
    return url


def _tls(written: _Written, url: SplitResult, sources: _Sources) -> TlsSettings | None:
    files = {"mqtt_ca": written.mqtt_ca, "mqtt_cert": written.mqtt_cert, "mqtt_key": written.mqtt_key}
    for name, path in files.items():
        if path is not None and url.scheme != "mqtts":
            raise InputError(sources.wrong(name, "is for TLS only", "write mqtts:// in setting mqtt, or leave it out"))
        if path is not None and not path.is_file():
            raise InputError(sources.wrong(name, "is no file", "name a PEM file that this user may read"))
    if written.mqtt_key is not None and written.mqtt_cert is None:
        raise InputError(sources.wrong("mqtt_key", "is a key without its certificate", "set mqtt_cert too"))
    if url.scheme != "mqtts":
        return None
    return TlsSettings(ca_file=written.mqtt_ca, cert_file=written.mqtt_cert, key_file=written.mqtt_key)


def _passwords(path: Path, sources: _Sources) -> Mapping[str, str]:
    right = f'name a JSON file {{"{ACCESS_USER}": "...", "{TELEMETRY_USER}": "..."}}'
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except OSError as exc:
        raise InputError(sources.wrong("mqtt_passwords", f"cannot be read ({exc.strerror})", right)) from exc
    except ValueError:
        raise InputError(sources.wrong("mqtt_passwords", "is not JSON", right)) from None
    if not isinstance(found, dict):
        raise InputError(sources.wrong("mqtt_passwords", "is not a JSON object", right))
    for user in (ACCESS_USER, TELEMETRY_USER):
        if not isinstance(found.get(user), str):
            raise InputError(sources.wrong("mqtt_passwords", f"has no password for {user}", right))
    return found
