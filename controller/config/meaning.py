"""What the settings mean together: a broker of ours or of yours, a database, a mail server."""

import json
from collections.abc import Mapping
from dataclasses import fields
from pathlib import Path
from urllib.parse import SplitResult, unquote, urlsplit

from pydantic import SecretStr

from controller.adapters.influx import InfluxSettings
from controller.adapters.mqtt import Broker
from controller.adapters.notify import MAIL_SCHEMES, NotifySettings
from controller.config.sources import Sources
from controller.config.values import Settings, Web
from controller.config.written import RIGHT, Written
from controller.domain.keeping import Keeping, wrong_in
from controller.errors import InputError
from devices.link import MQTT_3_1_1, MQTT_5, TlsSettings

ACCESS_USER = "server-access"
TELEMETRY_USER = "server-telemetry"
_PORTS = {"mqtt": 1883, "mqtts": 8883}
_DATABASES = ("postgresql", "postgres")


def settled(written: Written, sources: Sources) -> Settings:
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
        keep=_keep(written, sources),
        telemetry_cap_mb=written.telemetry_cap_mb,
        influx=_influx(written, sources),
        log_level=written.log_level,
    )


def _keep(written: Written, sources: Sources) -> Keeping:
    keeping = Keeping(**{one.name: getattr(written, f"keep_{one.name}") for one in fields(Keeping)})
    if (wrong := wrong_in(keeping)) is not None:
        raise InputError(sources.wrong(f"keep_{wrong.name}", wrong.why, wrong.right))
    return keeping


def _database(written: Written, sources: Sources) -> SecretStr | None:
    if written.database is None:
        return None
    text, right = written.database.get_secret_value(), RIGHT["database"]
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


def _notify(written: Written, sources: Sources) -> NotifySettings:
    smtp = written.notify_smtp.get_secret_value() if written.notify_smtp is not None else None
    if smtp is not None:
        try:
            url = urlsplit(smtp)
            is_server = url.scheme in MAIL_SCHEMES and bool(url.hostname) and url.port != 0
        except ValueError:
            is_server = False
        if not is_server:
            raise InputError(sources.wrong("notify_smtp", "is no address of a mail server", RIGHT["notify_smtp"]))
        if written.notify_from is None:
            raise InputError(sources.wrong("notify_from", "says whom mail comes from", RIGHT["notify_from"]))
    secret = written.notify_webhook_secret
    return NotifySettings(
        smtp=smtp,
        sender=written.notify_from,
        webhook_secret=secret.get_secret_value() if secret is not None else None,
        private_hosts=frozenset(host.lower() for host in written.notify_private_hosts),
    )


def _influx(written: Written, sources: Sources) -> InfluxSettings | None:
    if written.influx_url is None:
        for name in ("influx_org", "influx_bucket", "influx_token", "influx_gzip", "influx_lines", "influx_read_url"):
            if name in sources.values:
                why = "says how readings are sent on to a database, but not to which"
                raise InputError(sources.wrong(name, why, "set influx_url too"))
        return None
    url = _influx_address("influx_url", written.influx_url, sources)
    if url.endswith(("/api/v2", "/api/v2/write", "/write")):
        right = f"{RIGHT['influx_url']}; /api/v2/write is put behind it"
        raise InputError(sources.wrong("influx_url", "names the address of one request", right))
    read_url = ""
    if written.influx_read_url is not None:
        read_url = _influx_address("influx_read_url", written.influx_read_url, sources)
    token = written.influx_token.get_secret_value() if written.influx_token is not None else ""
    if not token.isprintable() or not token.isascii():
        raise InputError(sources.wrong("influx_token", "has characters that no token has", RIGHT["influx_token"]))
    return InfluxSettings(
        url=url,
        org=written.influx_org,
        bucket=written.influx_bucket,
        token=token,
        gzip=written.influx_gzip,
        lines=written.influx_lines,
        read_url=read_url,
    )


def _influx_address(name: str, text: str, sources: Sources) -> str:
    right = RIGHT[name]
    try:
        url = urlsplit(text)
        is_address = url.scheme in ("http", "https") and bool(url.hostname) and url.port != 0
    except ValueError:
        is_address = False
    if not is_address:
        raise InputError(sources.wrong(name, "is no address of a database", right))
    if url.username is not None or url.query or url.fragment:
        right = f"{right}; a token has a setting of its own, influx_token"
        raise InputError(sources.wrong(name, "has more than host, port and path", right))
    return f"{url.scheme}://{url.netloc}{url.path.rstrip('/')}"


def _broker(written: Written, sources: Sources) -> Broker | None:
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


def _url(text: str, sources: Sources) -> SplitResult:
    right = RIGHT["mqtt"]
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


def _tls(written: Written, url: SplitResult, sources: Sources) -> TlsSettings | None:
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


def _passwords(path: Path, sources: Sources) -> Mapping[str, str]:
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
